"""Everything that decides the numbers is said, defaults included."""

from datetime import UTC, date, datetime, timedelta

import pytest

from funnelkit.render.definition import definition, events_read
from funnelkit.result import EventsRead
from funnelkit.specs.define import define


def said(**options):
    return dict(definition(define(**{"steps": "A > B", **options})))


def test_every_default_is_said():
    assert said() == {
        "steps": "A > B",
        "counted": "unique users, this order",
        "window": "30d (default) from step 1 to the last",
        "dates": "every date (time zone UTC)",
        "times": "whole seconds; two steps in one second count in either order",
    }


def test_a_window_that_was_asked_for_is_no_default():
    assert said(window="30d")["window"] == "30d from step 1 to the last"
    assert said(window=timedelta(minutes=90))["window"] == "1h30m from step 1 to the last"


def test_a_filter_names_the_step_that_it_applies_to():
    found = [*definition(define(steps="A > B[price > 20]", where="feature in (x, y)"))]
    assert found[0] == ("steps", "A > B")
    assert [words for heading, words in found if heading == "where"] == [
        "feature in (x, y) (applies to step 1, A)",
        "price > 20 (applies to step 2, B)",
    ]


def test_filters_of_alternatives_stay_with_their_event():
    found = said(steps="A[x is 1] | B > C")
    assert found["steps"] == "A[x is 1] | B > C"
    assert "where" not in found


def test_segments_groups_and_sessions_are_said():
    found = said(segment="New: user.plan is free", group_by="user.plan", unit="session")
    assert found["segment"] == "New: user.plan is free (applies to step 1)"
    assert found["grouped"] == "by user.plan of the step-1 event"
    assert found["counted"] == "unique sessions, this order"


@pytest.mark.parametrize(
    ("period", "words"),
    [
        (
            {"from_": date(2020, 4, 2), "to": date(2020, 5, 1)},
            "step 1 from 2020-04-02 to 2020-05-01, Europe/Berlin",
        ),
        ({"from_": "2020-04-02"}, "step 1 from 2020-04-02, Europe/Berlin"),
        (
            {"to": datetime(2020, 5, 2, 9, tzinfo=UTC)},
            "step 1 to 2020-05-02T09:00:00Z (exclusive), Europe/Berlin",
        ),
    ],
    ids=["days", "open end", "instant"],
)
def test_dates_say_what_they_bind_and_in_which_zone(period, words):
    found = said(**period, timezone="Europe/Berlin")["dates"]
    assert found == f"{words}; later steps may follow within the window"


def test_milliseconds_are_said():
    assert said(resolution="millisecond")["times"].startswith("milliseconds; ")


def test_what_was_read_says_which_id_is_the_user():
    read = EventsRead(
        source="a.parquet", events=12_345, user_column="user_id else device_id",
        step_one_events=8, step_one_without_user_id=1,
    )  # fmt: skip
    assert events_read(read) == (
        "a.parquet: 12,345 events, user = user_id else device_id"
        " (12.5 % of step-1 events lack a user_id)"
    )
