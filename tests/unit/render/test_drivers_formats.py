"""Drivers as a table, as Markdown, as CSV and as JSON."""

from __future__ import annotations

import csv
import io
import json

import pytest

from funnelkit.model import Settings
from funnelkit.render.drivers import render_drivers
from funnelkit.render.words import width
from funnelkit.result import DriverRow, DriverSide, DriversResult, EventsRead
from funnelkit.specs.define import define

NASTY = "*[/b] | 漢字\n\x1b[31m"


def row(event, *, value=None, units=(40, 10), **estimate):
    sides = [
        DriverSide(units=one, events=2 * one, share=one / of, per_hour=2 * one / hours)
        for one, of, hours in zip(units, (50, 1_150), (2.5, 27_600.0), strict=True)
    ]
    blank = dict.fromkeys(("ratio", "low", "high", "p_value", "adjusted_p", "dispersion"))
    return DriverRow(
        event=event,
        value=value,
        converters=sides[0],
        drop_offs=sides[1],
        **{**blank, **estimate},
    )


def result(*rows, **changes):
    total = {"p_value": 0.0, "ratio": 4.2, "low": 3.9, "high": 4.5, "dispersion": 1.2}
    known = {
        "funnel": define(steps="View > Add > Buy"),
        "between": (1, 2),
        "by": None,
        "segment": "all users",
        "rows": rows,
        "any_event": row("any event", **total),
        "converters": 50,
        "drop_offs": 1_150,
        "drop_offs_cut": 12,
        "converter_hours": 2.5,
        "drop_off_hours": 27_600.0,
        "equal_times_seconds": 599.0,
        "candidates": 9,
        "compared": 3,
        "rows_left_out": 9 - len(rows),
        "step_events_left_out": 1,
        "events": EventsRead(
            source="events.parquet",
            events=12_345,
            user_column="user_id",
            step_one_events=1_300,
            step_one_without_user_id=0,
        ),
    }
    return DriversResult(**{**known, **changes})


ROWS = (
    row("Search", ratio=12.34, low=10.1, high=15.0, p_value=1e-9, adjusted_p=3e-9, dispersion=1.0),
    row("Open", ratio=None, low=2.5, p_value=0.01, adjusted_p=0.015, dispersion=1.0),
    row("Chat", ratio=0.0, low=0.0, high=0.5, p_value=0.02, adjusted_p=0.02, dispersion=3.1),
    row(NASTY, units=(1, 1), ratio=23.0),
)


TABLE = """\
                         converters       drop-offs                 95 %    adj.
   event              users  / hour  users   / hour  ratio      interval       p
   any event             40      32     10  0.00072   4.20  3.90 to 4.50
   Search                40      32     10  0.00072   12.3  10.1 to 15.0  <0.001
   Open                  40      32     10  0.00072      –     over 2.50   0.015
   Chat                  40      32     10  0.00072      0    0 to 0.500   0.020
   *[/b] | 漢字\\n\\x…      1    0.80      1  7.2e-05      –             –       –
   … and 5 more
"""


def test_the_table_shows_counts_rates_and_ratios():
    printed = render_drivers(result(*ROWS), format="table")
    table = printed[printed.index("\n\n") + 2 :]
    assert table.startswith(TABLE)


def test_no_line_is_wider_than_80_columns():
    long = row("A very long name of an event " * 3, value="x" * 99, units=(40, 1_000))
    printed = render_drivers(result(*ROWS, long), format="table")
    assert max(width(line) for line in printed.splitlines()) <= 80
    assert "\x1b" not in printed


def test_the_table_says_what_the_ratio_is_and_what_it_cannot_show():
    printed = " ".join(render_drivers(result(*ROWS), format="table").split())
    assert "both sides at equal times since step 1, up to 9m 59s after it" in printed
    assert "p adjusted for 3 comparisons (Benjamini and Hochberg)" in printed
    assert "An association, not a cause" in printed
    assert "(any event 4.20 times as often)" in printed
    assert "signific" not in printed
    assert "… and 5 more" in printed
    assert "of 12 of them the data ended first" in printed


def test_markdown_escapes_names_and_shows_shares():
    printed = render_drivers(result(*ROWS), format="markdown")
    search = next(line for line in printed.splitlines() if line.startswith("| Search |"))
    assert search == (
        "| Search |  | 40 | 80.0 % | 32.0 | 10 | 0.870 % | 0.000725 "
        "| 12.3 | 10.1 to 15.0 | \\<0.001 |"
    )
    assert "| \\*\\[/b\\] \\| 漢字\\\\n\\\\x1b\\[31m |" in printed
    one_decimal = define(steps="View > Add > Buy", setting="percentages=one decimal")
    assert one_decimal.settings == Settings(percentages="one decimal")
    assert "| 0.9 % |" in render_drivers(result(*ROWS, funnel=one_decimal), format="markdown")


def test_csv_has_a_line_per_row_with_full_precision():
    found = list(csv.DictReader(io.StringIO(render_drivers(result(*ROWS), format="csv"))))
    assert [line["event"] for line in found] == ["Search", "Open", "Chat", NASTY]
    assert found[0]["ratio"] == "12.34"
    assert found[0]["converters_units"] == "40"
    assert found[0]["drop_offs_per_hour"] == str(20 / 27_600)
    assert (found[1]["ratio"], found[1]["high"], found[1]["call"]) == ("", "", "more often")
    assert (found[3]["p_value"], found[3]["call"]) == ("", "too few")


def test_json_is_the_whole_result():
    content = json.loads(render_drivers(result(*ROWS), format="json"))
    assert content == json.loads(json.dumps(result(*ROWS).to_dict()))
    assert content["any_event"]["ratio"] == 4.2
    assert [line["call"] for line in content["rows"]] == [
        "more often",
        "more often",
        "less often",
        "too few",
    ]


@pytest.mark.parametrize("format_", ["table", "markdown"])
def test_nothing_compared_is_not_said_to_be_compared(format_):
    alone = result(compared=0, rows_left_out=0, any_event=row("any event", units=(0, 0)))
    printed = render_drivers(alone, format=format_)
    assert "Ratio:" not in printed
    assert "times as often)" not in " ".join(printed.split())
