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
    assert found["grouped"] == "by user.plan of the step-1 event, 100 groups at most"
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


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"order": "exact"}, "unique users, exact order"),
        ({"count_by": "totals"}, "paths (totals) of users, this order"),
        ({"hold": "item_id"}, "unique pairs of user and item_id, this order"),
        ({"hold": ["a", "user.b"]}, "unique pairs of user, a and user.b, this order"),
        ({"unit": "group.company"}, "unique values of group.company, this order"),
        (
            {"unit": "session", "hold": "a", "count_by": "totals"},
            "paths (totals) of pairs of session and a, this order",
        ),
    ],
)
def test_what_is_counted_is_said(options, words):
    assert said(**options)["counted"] == words


@pytest.mark.parametrize(
    ("options", "heading", "words"),
    [
        (
            {"hold": "item_id"},
            "held",
            "item_id: the same in all steps; events without a value take no part",
        ),
        (
            {"hold": "item_id", "setting": "hold_missing=a value"},
            "held",
            "item_id: the same in all steps; events without a value share (none)",
        ),
        ({"exclude": "R[x is 1] | S"}, "excluded", "R[x is 1] | S between all steps"),
        ({"exclude": "R between 1 and 2"}, "excluded", "R between steps 1 and 2"),
        (
            {"users": "new"},
            "users",
            "new users only: first event ever in the dates, step 1 on any day of the dates",
        ),
        (
            {"users": "new-on-first-day"},
            "users",
            "new users only: first event ever in the dates, step 1 on the day of that event",
        ),
        (
            {"group_by": ["2: a", "2: user.b"]},
            "grouped",
            "by a and user.b of the step-2 event, 500 groups at most",
        ),
        (
            {"group_by": "a", "group_limit": 7},
            "grouped",
            "by a of the step-1 event, 7 groups at most",
        ),
        (
            {"where_every_event": "platform is Web"},
            "events",
            "only where platform is Web: others do not exist",
        ),
        (
            {"steps": "A | B[historical count is 2] > C"},
            "history",
            (
                "step 1, A | B: its events together are counted after all filters, from 365 days "
                "before the dates"
            ),
        ),
        (
            {"steps": "ce:Big > B", "custom_event": "Big = C[price > 9] | D"},
            "custom",
            "Big = C[price > 9] | D",
        ),
        ({"steps": "_active > B", "inactive": ["P", "Q"]}, "inactive", "P, Q"),
        ({"steps": "_active > B"}, "inactive", "no event: all are active"),
        (
            {"steps": "A > B > C", "optional_step": 2},
            "optional",
            "step 2, B: one funnel with it, one without",
        ),
        ({"compare_event": "2: B2[x is 1]"}, "compared", "B2[x is 1] in the place of step 2, B"),
        (
            {"segment": "big: performed(C) >= 3 ever and not cohort(ids.txt)"},
            "segment",
            "big: performed(C) >= 3 ever and not cohort(ids.txt) (applies to step 1)",
        ),
        ({"order": "any"}, "window", "30d (default) from the earliest step to the latest"),
        (
            {"order": "any", "setting": "any_order_window=around-step-1"},
            "window",
            "30d (default) before or after step 1",
        ),
        ({"interval": "week"}, "interval", "week, by the step-1 event"),
        ({"bins": "0s..1h/10s"}, "bins", "0s..1h/10s"),
        ({"sum": "price"}, "sum", "price of the event that filled the last step"),
        (
            {"setting": ["seconds=round", "totals_pairing=oldest"]},
            "settings",
            "seconds = round; totals_pairing = oldest (other than the defaults)",
        ),
        (
            {"setting": "seconds=round"},
            "times",
            "nearest seconds; two steps in one second count in either order",
        ),
    ],
)
def test_what_plays_a_part_is_said(options, heading, words):
    assert said(**options)[heading] == words


def test_what_plays_no_part_is_not_said():
    assert "inactive" not in said(inactive="Ping")
    assert "events" not in said()


def test_each_exclusion_has_a_line():
    found = [*definition(define(steps="A > B", exclude=["C", "D"]))]
    assert [words for heading, words in found if heading == "excluded"] == [
        "C between all steps",
        "D between all steps",
    ]


def test_days_that_are_left_out_are_said():
    found = said(
        last="30d", offset="7d", exclude_incomplete=True, exclude_weekday="sat,sun",
        time_of_day="09:00..17:00",
    )["dates"]  # fmt: skip
    assert found == (
        "step 1 in the last 30 days and the day that is not over, 7 days back, without the day "
        "that is not over, not on saturdays or sundays, at 09:00..17:00, UTC; later steps may "
        "follow within the window"
    )
    assert said(exclude_weekday="monday")["dates"].startswith("step 1 not on mondays, UTC;")


def test_a_filter_of_a_historical_count_has_its_line():
    found = said(steps="A[x is 1 and historical count is 2] > B")
    assert found["steps"] == "A[historical count is 2] > B"
    assert found["where"] == "x is 1 (applies to step 1, A)"


def test_a_heading_fits_before_the_words():
    from funnelkit.render.words import INDENT

    everything = define(
        steps="A[historical count is 2] > _active > ce:C",
        custom_event="C = D", hold="h", exclude="E", group_by="g", users="new", last="3d",
        where_every_event="x is 1", optional_step=2, compare_event="1: B", interval="day",
        bins="0s..1h/1m", sum="s", setting="seconds=round", segment="S:",
    )  # fmt: skip
    assert max(len(heading) for heading, _ in definition(everything)) < INDENT


def test_what_was_read_says_which_id_is_the_user():
    read = EventsRead(
        source="a.parquet", events=12_345, user_column="user_id else device_id",
        step_one_events=8, step_one_without_user_id=1,
    )  # fmt: skip
    assert events_read(read) == (
        "a.parquet: 12,345 events, user = user_id else device_id"
        " (12.5 % of step-1 events lack a user_id)"
    )
