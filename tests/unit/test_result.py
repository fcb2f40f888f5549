"""A result as text, as a dictionary, as a frame and as HTML."""

import json
from datetime import timedelta

import pytest

from funnelkit.model import EventSelector, Funnel, Step
from funnelkit.result import EventsRead, FunnelResult, Series, StepResult

FUNNEL = Funnel(
    steps=(Step((EventSelector("View"),)), Step((EventSelector("<b>Buy</b>"),))),
    window=timedelta(days=7),
)


def series(name, viewed, bought, **more):
    rate = bought / viewed if viewed else None
    steps = (
        StepResult(
            step=1, event="View", count=viewed, drop_off=0,
            conversion_from_start=1.0 if viewed else None,
            conversion_from_previous=1.0 if viewed else None,
            average_seconds=None, median_seconds=None,
        ),
        StepResult(
            step=2, event="<b>Buy</b>", count=bought, drop_off=viewed - bought,
            conversion_from_start=rate, conversion_from_previous=rate,
            average_seconds=90.5 if bought else None, median_seconds=60.0 if bought else None,
        ),
    )  # fmt: skip
    time = {"average_seconds": 90.5, "median_seconds": 60.0} if bought else {}
    times = {"average_seconds": None, "median_seconds": None} | time
    return Series(name=name, steps=steps, conversion=rate, **times, **more)


def result(*segments, **more):
    events = EventsRead(
        source="a.parquet", events=9, user_column="user_id", step_one_events=4,
        step_one_without_user_id=1,
    )  # fmt: skip
    return FunnelResult(funnel=FUNNEL, segments=segments, events=events, **more)


GROUPED = result(
    series("all users", 3, 1, groups=(series("x", 2, 1), series("<y>", 1, 0)), groups_left_out=7),
    series("new", 0, 0),
    warnings=("careful",),
    notes=("read so",),
)


def test_the_counts_and_conversion_are_those_of_the_first_segment():
    assert GROUPED.counts == (3, 1)
    assert GROUPED.conversion == 1 / 3
    assert GROUPED.segments[1].counts == (0, 0)


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (
            result(series("all", 3, 1)),
            "FunnelResult(View 3 > <b>Buy</b> 1, conversion 33.3%)",
        ),
        (
            result(series("all", 0, 0)),
            "FunnelResult(View 0 > <b>Buy</b> 0, conversion –)",
        ),
        (GROUPED, "FunnelResult(View 3 > <b>Buy</b> 1, conversion 33.3%, 2 segments)"),
    ],
    ids=["one", "nobody", "two segments"],
)
def test_a_result_is_one_line_in_a_shell(found, text):
    assert repr(found) == text


def test_series_come_each_followed_by_its_groups():
    assert [(segment, group) for segment, group, _ in GROUPED.series()] == [
        ("all users", None),
        ("all users", "x"),
        ("all users", "<y>"),
        ("new", None),
    ]


def test_the_dictionary_is_plain_json_with_counts_where_they_are_promised():
    found = GROUPED.to_dict()
    assert json.loads(json.dumps(found)) == found
    assert found["schema"] == "funnelkit.report/1"
    assert found["segments"][0]["steps"][1] == {
        "step": 2,
        "event": "<b>Buy</b>",
        "count": 1,
        "conversion_from_start": 1 / 3,
        "conversion_from_previous": 1 / 3,
        "drop_off": 2,
        "average_seconds": 90.5,
        "median_seconds": 60.0,
    }
    assert [group["name"] for group in found["segments"][0]["groups"]] == ["x", "<y>"]
    assert found["segments"][0]["groups_left_out"] == 7
    assert found["segments"][1]["conversion"] is None
    assert "groups" not in found["segments"][1]
    assert found["events"]["share_without_user_id"] == 0.25
    assert (found["warnings"], found["notes"]) == (["careful"], ["read so"])


def test_the_frame_has_a_row_per_series_and_step():
    frame = GROUPED.to_polars()
    assert frame.select("segment", "group", "step", "count").rows() == [
        ("all users", None, 1, 3),
        ("all users", None, 2, 1),
        ("all users", "x", 1, 2),
        ("all users", "x", 2, 1),
        ("all users", "<y>", 1, 1),
        ("all users", "<y>", 2, 0),
        ("new", None, 1, 0),
        ("new", None, 2, 0),
    ]
    assert frame["average_seconds"].to_list() == [None, 90.5, None, 90.5] + [None] * 4


def test_html_shows_names_to_the_letter():
    html = GROUPED._repr_html_()
    assert html.count("<table>") == 4
    assert "<caption>all users: &lt;y&gt;</caption>" in html
    assert "<td>&lt;b&gt;Buy&lt;/b&gt;</td><td>1</td><td>33.3%</td><td>33.3%</td>" in html
    assert "<td>0</td><td>–</td>" in html
    assert "<b>" not in html


def test_without_step_1_events_no_share_lacks_a_user_id():
    nothing = EventsRead(
        source="", events=0, user_column="user_id", step_one_events=0, step_one_without_user_id=0
    )
    assert nothing.share_without_user_id == 0.0
