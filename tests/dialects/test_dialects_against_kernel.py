"""Each dialect's statement gives the kernel's numbers, run by the database that speaks it."""

from __future__ import annotations

import os
from dataclasses import replace
from itertools import groupby

import pytest
from hypothesis import HealthCheck, given, settings
from random_funnels import PACES, all_funnels, plainer

import funnelkit as fk
from funnelkit import api
from funnelkit.errors import UnsupportedError
from funnelkit.model import EventSelector, Filter, Funnel, Property, Step
from funnelkit.specs.define import define

FEW = int(os.environ.get("FUNNELKIT_FUZZ", "24"))
EXAMPLES = {"duckdb": FEW, "postgres": FEW, "clickhouse": FEW, "spark": FEW // 8}

WORKED = {
    "words": {"steps": "A[p is x] > B[p not in (x, (none))] > C"},
    "numbers and dates": {"steps": "A[p in (3, 36, 3.5)] > _all[d < 2024-01-10]"},
    "booleans and numbers": {"steps": "A[p is TRUE] > _all[n > 9.5]"},
    "texts in lists": {"steps": "A[a contains X] > B[user.a contains y]"},
    "sets": {"steps": "A[a set is (x, y)] > B[a set does not contain (3, x)]"},
    "a built-in property": {"steps": "A > B[user.city is Zürich]", "group_by": "user.city"},
    "big letters and groups": {"steps": "A[user.city contains Ü] > B[group.company is Initech]"},
    "a name with signs": {"steps": "A['$~/ü.[0]' is x] > B", "group_by": "'$~/ü.[0]'"},
    "milliseconds of a day": {
        "steps": "A > A > B",
        "resolution": "millisecond",
        "from_": "2024-01-02",
        "to": "2024-01-02",
        "timezone": "Asia/Kolkata",
    },
    "sessions and segments": {
        "steps": "A > B",
        "unit": "session",
        "segment": ["it's: p is x", "all: p is not nobody", "none: p is nobody"],
    },
}

IN_QUOTES = Funnel(
    steps=(
        Step((EventSelector("A", (Filter(Property('it\'s "so"'), "is", ("it's",)),)),)),
        Step((EventSelector("B"),)),
    )
)


def of_kernel(events, funnel):
    found = {}
    for series in fk.report(str(events), funnel=funnel).segments:
        name = (series.name,) if funnel.segments else ()
        if funnel.group_by is None:
            found[name] = list(series.counts)
        for group in series.groups:
            found[*name, *group.values] = list(group.counts)
    return found


def of_rows(rows):
    return {
        labels: [count for *_labels, count in steps]
        for labels, steps in groupby(rows, key=lambda row: tuple(row[:-3]))
    }


def without_globs(funnel):
    """Globs are refused by all but DuckDB."""

    def kept(filters):
        return tuple(each for each in filters if not each.op.startswith("glob"))

    def selected(events):
        return tuple(replace(each, filters=kept(each.filters)) for each in events)

    return replace(
        funnel,
        steps=tuple(replace(step, events=selected(step.events)) for step in funnel.steps),
        segments=tuple(replace(each, filters=kept(each.filters)) for each in funnel.segments),
        event_filters=kept(funnel.event_filters),
        custom_events=tuple(
            replace(each, events=selected(each.events)) for each in funnel.custom_events
        ),
    )


def check(database, dialect, exported, funnel):
    statement = api.sql(funnel=funnel, dialect=dialect, table="events")
    assert of_rows(database.rows(statement)) == of_kernel(exported, funnel), statement


@pytest.mark.slow
@pytest.mark.parametrize("dialect", EXAMPLES)
def test_the_statement_gives_the_kernels_numbers(request, exported, subtests, dialect):
    """One test per database, so that each is started once."""
    database = request.getfixturevalue(f"{dialect}_database")

    for name, definition in WORKED.items():
        with subtests.test(name):
            check(database, dialect, exported, define(**definition))

    with subtests.test("a name in quotes"):
        if dialect == "spark":
            with pytest.raises(UnsupportedError, match="a path knows no quotes"):
                api.sql(funnel=IN_QUOTES, dialect=dialect, table="events")
        else:
            check(database, dialect, exported, IN_QUOTES)

    @settings(max_examples=EXAMPLES[dialect], suppress_health_check=list(HealthCheck))
    @given(drawn=all_funnels(PACES[0]))
    def check_any(drawn):
        funnel = plainer(drawn, sessions=True)
        check(
            database,
            dialect,
            exported,
            funnel if dialect == "duckdb" else without_globs(funnel),
        )

    with subtests.test("random definitions"):
        check_any()
