"""A report beside an earlier period, or beside a group."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import funnelkit as fk

STEPS = "View > Add > Buy"
DAYS = """
    2024-03-01  10 5 2   web
    2024-03-02  10 1 1   app
    2024-03-03   8 4 4   web
    2024-03-04   4 4 1   web
    2024-03-05   0 0 0   web
    2024-03-06  16 8 4   app
"""
"""Day, users that view, add and buy on it, and their platform."""


def frame(text):
    rows = []
    for line in text.strip().splitlines():
        day, *counts, platform = line.split()
        start = datetime.fromisoformat(f"{day}T12:00:00")
        for k, (event, count) in enumerate(zip(("View", "Add", "Buy"), counts, strict=True)):
            rows += [
                (f"{day} {n}", event, start + timedelta(minutes=k), platform)
                for n in range(int(count))
            ]
    names = ("user_id", "event_type", "event_time", "platform")
    return pl.DataFrame(rows, schema=names, orient="row")


@pytest.fixture(scope="module")
def events():
    return frame(DAYS)


def compared(events, compare_to="previous", **definition):
    return fk.report(
        events, **{"steps": STEPS, "window": "1h", **definition}, compare_to=compare_to
    ).compared_to


def counts(steps):
    return [(step.count, step.compared_count) for step in steps]


def test_the_period_before_is_counted_step_by_step(events):
    (found,) = compared(events, from_="2024-03-03", to="2024-03-04")
    assert (found.name, found.segment, found.group) == ("[Previous] all users", "all users", None)
    assert (found.period.start, found.period.end) == (date(2024, 3, 1), date(2024, 3, 2))
    assert counts(found.steps) == [(12, 20), (8, 6), (5, 3)]


def test_differences_are_in_points_and_relative_to_what_was_before(events):
    (found,) = compared(events, from_="2024-03-03", to="2024-03-04")
    _, added, bought = found.steps
    assert added.difference == pytest.approx(8 / 12 - 6 / 20)
    assert bought.difference == pytest.approx(5 / 12 - 3 / 20)
    assert bought.relative_difference == pytest.approx((5 / 12 - 3 / 20) / (3 / 20))


def test_where_nobody_entered_or_converted_there_is_no_difference(events):
    (found,) = compared(events, from_="2024-03-06", to="2024-03-06")
    assert counts(found.steps) == [(16, 0), (8, 0), (4, 0)]
    assert [step.difference for step in found.steps] == [None] * 3
    (found,) = compared(
        events, steps="View > Buy[platform is tv]", from_="2024-03-02", to="2024-03-02"
    )
    assert [step.difference for step in found.steps] == [0, 0]
    assert [step.relative_difference for step in found.steps] == [0, None]


def test_several_periods_before_come_nearest_first(events):
    found = compared(events, "previous:2", from_="2024-03-04", to="2024-03-04")
    assert [(one.name, one.dates) for one in found] == [
        ("[Previous] all users", "2024-03-03..2024-03-03"),
        ("[Previous 2] all users", "2024-03-02..2024-03-02"),
    ]
    assert [counts(one.steps)[0] for one in found] == [(4, 8), (4, 10)]


def test_the_last_days_have_as_many_days_before_them(events):
    (found,) = compared(events, last="1d", exclude_incomplete=True)
    # The data end on the 6th: the last day and the open one, cut to the 5th.
    assert found.dates == "2024-03-04..2024-03-04"
    (found,) = compared(events, last="1d")
    assert found.dates == "2024-03-03..2024-03-04"
    assert counts(found.steps)[0] == (16, 12)


def test_intervals_are_set_side_by_side_by_their_position(events):
    (found,) = compared(events, from_="2024-03-03", to="2024-03-04", interval="day")
    assert [(one.name, counts(one.steps)[0]) for one in found.intervals] == [
        ("2024-03-03", (8, 10)),
        ("2024-03-04", (4, 10)),
    ]
    assert [one.compared_start.day for one in found.intervals] == [1, 2]
    assert all(one.complete for one in found.intervals)


def test_an_interval_is_incomplete_where_either_is(events):
    (found,) = compared(events, from_="2024-03-05", to="2024-03-06", interval="day", window="1d")
    assert [one.complete for one in found.intervals] == [False, False]
    assert found.intervals[0].steps[0].compared_conversion == 1


def test_days_of_23_hours_are_days_all_the_same():
    zone = "America/New_York"  # the clock went forward on 10 March 2024
    hours = [datetime(2024, 3, 9, 5, tzinfo=UTC) + timedelta(hours=n) for n in range(71)]
    events = pl.DataFrame(
        {
            "user_id": [f"u{n}" for n in range(71)],
            "event_type": ["View"] * 71,
            "event_time": [hour.replace(tzinfo=None) for hour in hours],
        }
    )
    (found,) = compared(events, steps="View", from_="2024-03-11", to="2024-03-11", timezone=zone)
    assert counts(found.steps) == [(24, 23)]
    (found,) = compared(events, steps="View", from_="2024-03-10", to="2024-03-10", timezone=zone)
    assert counts(found.steps) == [(23, 24)]


def test_every_segment_has_its_own_counterpart(events):
    found = compared(
        events,
        segment=["web: platform is web", "app: platform is app"],
        from_="2024-03-03",
        to="2024-03-04",
    )
    assert [(one.name, counts(one.steps)[0]) for one in found] == [
        ("[Previous] web", (12, 10)),
        ("[Previous] app", (0, 10)),
    ]


def test_a_group_is_compared_with_itself_though_it_was_small_or_absent_before(events):
    found = compared(
        events, group_by="platform", group_limit=1, from_="2024-03-02", to="2024-03-03"
    )
    # app had 10 users and web 8; before there was nobody, then web only.
    assert [(one.name, counts(one.steps)[0]) for one in found] == [
        ("[Previous] all users", (18, 10)),
        ("[Previous] app", (10, 0)),
    ]


def test_groups_are_compared_with_one_of_them(events):
    (app,) = compared(events, "group web", group_by="platform", interval="day")
    assert (app.name, app.group, app.values, app.period) == ("web", "app", ("app",), None)
    assert counts(app.steps) == [(26, 22), (9, 13), (5, 7)]
    assert len(app.intervals) == 6


def test_variants_with_other_numbers_of_steps_have_counterparts_like_themselves(events):
    found = compared(events, optional_step=2, from_="2024-03-03", to="2024-03-04")
    assert [len(one.steps) for one in found] == [3, 2]
    assert found[1].name == "[Previous] all users, without Add"


def test_events_that_begin_later_than_the_earlier_period_are_a_warning(events):
    result = fk.report(
        events, steps=STEPS, from_="2024-03-02", to="2024-03-04", compare_to="previous"
    )
    (warning,) = (text for text in result.warnings if "earlier period" in text)
    assert warning == (
        "the events begin at 2024-03-01T12:00:00Z: the earlier period 2024-02-28..2024-03-01 is "
        "not whole"
    )


@pytest.mark.parametrize(
    ("compare_to", "definition", "words"),
    [
        ("previous", {}, "--from and --to, or --last"),
        ("previous", {"from_": "2024-03-01"}, "--from and --to, or --last"),
        ("previous:0", {}, "1 to 12 previous periods"),
        ("Previous", {}, "Did you mean 'previous'?"),
        ("previous:x", {}, "previous, previous:2 or"),
        ("group web", {}, "not grouped"),
        ("group Web", {"group_by": "platform"}, "no group 'Web'. Did you mean 'web'?"),
        ("group", {"group_by": "platform"}, "'group VALUE'"),
    ],
)
def test_what_there_is_nothing_to_compare_with_is_refused(events, compare_to, definition, words):
    with pytest.raises(fk.DefinitionError, match=words):
        compared(events, compare_to, **definition)


@settings(max_examples=30)
@given(
    lines=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9)), min_size=6),
    days=st.integers(1, 3),
)
def test_what_stands_beside_is_the_report_of_the_earlier_dates(lines, days):
    first = date(2024, 1, 1)
    events = frame(
        "\n".join(f"{first + timedelta(days=k)} {a} {b} {c} x" for k, (a, b, c) in enumerate(lines))
        + "\n2023-12-31 1 1 1 x"
    )
    start = first + timedelta(days=days)
    asked = {"steps": STEPS, "window": "1h", "interval": "day"}
    (found,) = fk.report(
        events, **asked, from_=start, to=start + timedelta(days=days - 1), compare_to="previous"
    ).compared_to
    before = fk.report(events, **asked, from_=first, to=start - timedelta(days=1)).segments[0]
    assert [step.compared_count for step in found.steps] == list(before.counts)
    assert [one.steps[-1].compared_conversion for one in found.intervals] == [
        one.series.conversion for one in before.intervals
    ]
