"""Small tables of events, written in sight: `user day[+hours] EVENT` a line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

import funnelkit as fk

START = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday


def read_table(text):
    """Return the events of lines such as `anna 3.5 A feature=x`; times are days from START."""
    rows = []
    for line in text.strip().splitlines():
        user, day, event, *properties = line.split()
        rows.append(
            {
                "user_id": user,
                "event_type": event,
                "event_time": (START + timedelta(days=float(day))).replace(tzinfo=None),
                **dict.fromkeys(("feature", "variant")),
                **dict(pair.split("=") for pair in properties),
            }
        )
    return rows


def frame(rows):
    import polars as pl

    return pl.DataFrame(rows, infer_schema_length=None)


@pytest.fixture
def compare():
    """Compare two spans of days, given as `first..last` counted from START."""

    def run(events, baseline=None, against=None, *, steps="A > B", **options):
        if isinstance(events, str):
            events = read_table(events)
        spans = {
            name: fk_period(span)
            for name, span in (("baseline", baseline), ("against", against))
            if span is not None
        }
        return fk.compare(frame(events), steps=steps, **spans, **options)

    return run


def fk_period(span):
    from funnelkit.model import Period

    first, last = (float(day) for day in span.split(".."))
    return Period(START + timedelta(days=first), START + timedelta(days=last))
