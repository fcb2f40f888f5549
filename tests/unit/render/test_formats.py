"""A report and a verification in every format, against files that hold what they look like."""

import csv
import io
import json
from datetime import date, timedelta

import pytest
from syrupy.extensions.single_file import SingleFileSnapshotExtension

from funnelkit.engine.summarise import fraction
from funnelkit.model import (
    EventSelector,
    Filter,
    Funnel,
    GroupBy,
    Period,
    Property,
    Segment,
    Settings,
    Step,
)
from funnelkit.render.report import render_report
from funnelkit.render.verification import render_verification
from funnelkit.result import EventsRead, FunnelResult, Series, StepResult
from funnelkit.verification.expectation import Verification

NASTY = "[/x] *b* <i> | A\n`q` 漢字\x1b[31m $1 \\"
EVENTS = ("ProductViewed", NASTY, "OrderCompleted")


class Golden(SingleFileSnapshotExtension):
    """A file of bytes per test, with the ending of its format."""


ENDINGS = {"table": "txt", "json": "json", "csv": "csv", "markdown": "md"}


@pytest.fixture
def golden(snapshot):
    """Compare with the file of this test, byte by byte, whatever the system's line ends."""

    def holds(text, format_):
        extension = type("Of", (Golden,), {"file_extension": ENDINGS[format_]})
        return text.encode() == snapshot(extension_class=extension)

    return holds


def series(name, counts, times, **more):
    steps = tuple(
        StepResult(
            step=k + 1,
            event=EVENTS[k],
            count=count,
            conversion_from_start=fraction(count, counts[0]),
            conversion_from_previous=fraction(count, counts[max(k - 1, 0)]),
            drop_off=counts[max(k - 1, 0)] - count,
            average_seconds=times[k],
            median_seconds=times[k] and times[k] / 2,
        )
        for k, count in enumerate(counts)
    )
    return Series(
        name=name,
        steps=steps,
        conversion=fraction(counts[-1], counts[0]),
        average_seconds=sum(times[1:]) if counts[-1] else None,
        median_seconds=93_784.5 if counts[-1] else None,
        **more,
    )


def report(*segments, **funnel):
    definition = {
        "steps": (
            Step((EventSelector(EVENTS[0], (Filter(Property("feature"), "is", ("a", "b")),)),)),
            *(Step((EventSelector(name),)) for name in EVENTS[1:]),
        ),
        **funnel,
    }
    read = EventsRead(
        source="events.parquet",
        events=20_000_000,
        user_column="amplitude_id",
        step_one_events=1_000,
        step_one_without_user_id=1,
    )
    return FunnelResult(
        funnel=Funnel(**definition),
        segments=segments,
        events=read,
        warnings=("step 2: a warning",),
        notes=("a note",),
    )


PLAIN = report(series("all users", (1_234_567, 1_234, 0), (None, 0.25, None)))
RICH = report(
    series(
        NASTY,
        (3, 2, 1),
        (None, 90.0, 187_200.0),
        groups=(
            series("(none)", (2, 2, 1), (None, 90.0, 187_200.0)),
            series("a very long value that no column of eighty can hold", (1, 0, 0), (None,) * 3),
        ),
        groups_left_out=7,
    ),
    series("nobody", (0, 0, 0), (None,) * 3),
    name="Purchase",
    segments=(Segment(NASTY, (Filter(Property("plan", "user"), "is", ("pro",)),)), Segment("no")),
    period=Period(date(2020, 4, 2), date(2020, 5, 1)),
    timezone="America/Los_Angeles",
    window=timedelta(days=7),
    unit="session",
    group_by=GroupBy((Property("feature"),)),
    resolution="millisecond",
)


@pytest.mark.parametrize("form", sorted(ENDINGS))
@pytest.mark.parametrize("result", [PLAIN, RICH], ids=["plain", "rich"])
def test_a_report_looks_like_its_file(golden, result, form):
    assert golden(render_report(result, format=form), form)


@pytest.mark.parametrize("form", ["table", "markdown"])
def test_percentages_follow_the_setting_of_the_funnel(form):
    few = series("all users", (100_000_000, 1, 0), (None, 0.25, None))
    assert " 0.00000100 % " in render_report(report(few), format=form)
    found = report(few, settings=Settings(percentages="one decimal"))
    text = render_report(found, format=form)
    assert " 100.0 %" in text
    assert " 0.0 % " in text
    assert "0.00" not in text
    assert all(len(line) <= 80 for line in text.splitlines()) or form == "markdown"


VERIFIED = {"ok": (1_234_567, 1_234, 0), "differs": (1_234_567, 1_235, 0)}


@pytest.mark.parametrize("form", ["table", "json"])
@pytest.mark.parametrize("verdict", sorted(VERIFIED))
def test_a_verification_looks_like_its_file(golden, verdict, form):
    found = Verification(PLAIN, VERIFIED[verdict])
    assert golden(render_verification(found, format=form), form)


def test_a_table_fits_into_80_columns_and_commands_no_terminal():
    from funnelkit.render.words import width

    for result in (PLAIN, RICH):
        lines = render_report(result, format="table").splitlines()
        assert max(map(width, lines)) <= 80
        assert all(line.isprintable() for line in lines)


def test_json_and_csv_carry_names_and_fractions_in_full():
    content = json.loads(render_report(RICH, format="json"))
    assert content["segments"][0]["name"] == NASTY
    assert content["segments"][0]["steps"][1]["conversion_from_start"] == 2 / 3
    rows = [*csv.DictReader(io.StringIO(render_report(RICH, format="csv"), newline=""))]
    assert len(rows) == 4 * 3
    assert rows[1]["event"] == NASTY
    assert float(rows[1]["conversion_from_start"]) == 2 / 3
    assert rows[0]["average_seconds"] == ""


def test_every_row_of_a_markdown_table_has_the_cells_of_its_head():
    import re

    lines = render_report(RICH, format="markdown").splitlines()
    tables = [line for line in lines if line.startswith("|")]
    cells = [len(re.findall(r"(?<!\\)\|", line)) - 1 for line in tables]
    assert cells == [8] * 5 + [6] * 4 + [8] * 5
