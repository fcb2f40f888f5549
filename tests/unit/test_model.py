"""A definition checks itself when it is made."""

from dataclasses import FrozenInstanceError, replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from funnelkit.errors import DefinitionError
from funnelkit.model import (
    MOST_SEGMENTS,
    MOST_STEPS,
    EventSelector,
    Filter,
    Funnel,
    Period,
    Property,
    Segment,
    Step,
)

VIEW = Step((EventSelector("View"),))
BUY = Step((EventSelector("Buy"),))
IS_HOME = Filter(Property("feature"), "is", ("home",))


def noon(*day):
    return datetime(*day, 12)  # noqa: DTZ001 - times without an offset are what is meant


def instants(start, end, zone="UTC"):
    """Return the bounds of a period as text in UTC."""
    found = Period(start, end).bounds(zone)
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return tuple(
        None if us is None else (epoch + timedelta(microseconds=us)).isoformat() for us in found
    )


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Property(""), "a property needs a name"),
        (lambda: Property("x", "evnet"), "the scope of a property is one of event, user"),
        (lambda: Filter(Property("x"), "is", ()), "the filter on 'x' has no value"),
        (lambda: Filter(Property("x"), "contain", ("a",)), "Did you mean 'contains'"),
        (lambda: EventSelector(""), "an event type is empty"),
        (lambda: Step(()), "a step has no event"),
        (lambda: Funnel(steps=()), f"a funnel has 1 to {MOST_STEPS} steps; got 0"),
        (lambda: Funnel(steps=(VIEW,) * 63), f"a funnel has 1 to {MOST_STEPS} steps; got 63"),
        (lambda: Funnel(steps=(VIEW,), unit="users"), "Did you mean 'user'"),
        (lambda: Funnel(steps=(VIEW,), resolution="seconds"), "Did you mean 'second'"),
        (lambda: Funnel(steps=(VIEW,), window=timedelta(0)), "between 1 second and 366 days"),
        (
            lambda: Funnel(steps=(VIEW,), window=timedelta(days=366, seconds=1)),
            "between 1 second and 366 days",
        ),
        (lambda: Funnel(steps=(VIEW,), timezone="Europe/Berlni"), "Did you mean 'Europe/Berlin'"),
        (lambda: Funnel(steps=(VIEW,), timezone=""), "unknown time zone ''"),
        (lambda: Funnel(steps=(VIEW,), timezone="../UTC"), "unknown time zone '../UTC'"),
        (
            lambda: Funnel(steps=(VIEW,), segments=(Segment("a"), Segment("b"), Segment("a"))),
            "two segments have the same name: a, b, a",
        ),
        (
            lambda: Funnel(
                steps=(VIEW,),
                segments=tuple(Segment(str(number)) for number in range(MOST_SEGMENTS + 1)),
            ),
            f"at most {MOST_SEGMENTS} segments",
        ),
        (
            lambda: Funnel(steps=(VIEW,), period=Period(date(2020, 5, 2), date(2020, 5, 1))),
            "the period ends before it starts: 2020-05-02 to 2020-05-01",
        ),
        (
            lambda: Funnel(steps=(VIEW,), period=Period(noon(2020, 5, 2), noon(2020, 5, 2))),
            "the period ends before it starts",
        ),
    ],
)
def test_what_is_wrong_is_said_when_it_is_made(make, words):
    with pytest.raises(DefinitionError) as raised:
        make()
    assert words in str(raised.value)


def test_what_replace_makes_is_checked_too():
    funnel = Funnel(steps=(VIEW,))
    with pytest.raises(DefinitionError, match="unknown time zone"):
        replace(funnel, timezone="Mars")


@pytest.mark.parametrize("window", [timedelta(seconds=1), timedelta(days=366)])
def test_the_limits_of_the_window_are_allowed(window):
    assert Funnel(steps=(VIEW,), window=window).conversion_window == window


def test_the_window_is_30_days_where_none_is_given():
    funnel = Funnel(steps=(VIEW,))
    assert funnel.window is None
    assert funnel.conversion_window == timedelta(days=30)


def test_as_many_steps_and_segments_as_bits_are_allowed():
    segments = tuple(Segment(str(number)) for number in range(MOST_SEGMENTS))
    funnel = Funnel(steps=(VIEW,) * MOST_STEPS, segments=segments)
    assert (len(funnel.steps), len(funnel.segments)) == (62, 61)


def test_a_definition_cannot_change_and_equals_its_like():
    funnel = Funnel(steps=(VIEW, BUY))
    assert funnel == Funnel(steps=(VIEW, BUY))
    assert hash(funnel) == hash(Funnel(steps=(VIEW, BUY)))
    with pytest.raises(FrozenInstanceError):
        funnel.timezone = "Europe/Berlin"


def test_a_step_is_labelled_by_its_event_types_without_filters():
    step = Step((EventSelector("View", (IS_HOME,)), EventSelector("Open")))
    assert step.label == "View | Open"


def test_where_filters_every_event_of_a_step_and_leaves_the_step_as_it_was():
    other = Filter(Property("plan", "user"), "is not", ("free",))
    step = Step((EventSelector("View", (IS_HOME,)), EventSelector("Open")))
    assert step.where(other).events == (
        EventSelector("View", (IS_HOME, other)),
        EventSelector("Open", (other,)),
    )
    assert step.events[1].filters == ()


def test_days_are_whole_at_both_ends():
    assert instants(date(2020, 5, 1), date(2020, 5, 2)) == (
        "2020-05-01T00:00:00+00:00",
        "2020-05-03T00:00:00+00:00",
    )


def test_an_instant_at_the_end_is_exclusive():
    assert instants(noon(2020, 5, 1), noon(2020, 5, 2)) == (
        "2020-05-01T12:00:00+00:00",
        "2020-05-02T12:00:00+00:00",
    )


def test_an_open_side_stays_open():
    assert instants(None, None) == (None, None)
    assert instants(date(2020, 5, 1), None) == ("2020-05-01T00:00:00+00:00", None)
    assert instants(None, date(1969, 12, 30)) == (None, "1969-12-31T00:00:00+00:00")


def test_the_last_day_of_all_has_no_end():
    assert instants(None, date.max) == (None, None)
    assert instants(None, date(9999, 12, 30)) == (None, "9999-12-31T00:00:00+00:00")


def test_days_and_times_without_an_offset_are_local_to_the_zone():
    zone = "America/Los_Angeles"
    assert instants(date(2020, 1, 1), noon(2020, 1, 2), zone) == (
        "2020-01-01T08:00:00+00:00",
        "2020-01-02T20:00:00+00:00",
    )


def test_a_time_with_an_offset_is_that_instant_in_any_zone():
    moment = datetime(2020, 1, 1, 12, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    for zone in ("UTC", "America/Los_Angeles"):
        assert instants(moment, None, zone)[0] == "2020-01-01T06:30:00+00:00"


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2021, 3, 28), 23), (date(2021, 10, 31), 25), (date(2021, 5, 1), 24)]
)
def test_a_day_on_which_the_clock_changes_is_shorter_or_longer(day, hours):
    start, end = Period(day, day).bounds("Europe/Berlin")
    assert end - start == hours * 3_600_000_000


def test_a_day_whose_midnight_does_not_exist_begins_at_one():
    assert instants(date(2018, 11, 4), None, "America/Sao_Paulo")[0] == "2018-11-04T03:00:00+00:00"


def test_microseconds_are_kept():
    moment = datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    assert Period(moment, None).bounds("UTC") == (-1, None)


@pytest.mark.parametrize(
    ("period", "before"),
    [
        (Period(date(2024, 3, 1), date(2024, 3, 31)), Period(date(2024, 1, 30), date(2024, 2, 29))),
        (Period(date(2024, 3, 1), date(2024, 3, 1)), Period(date(2024, 2, 29), date(2024, 2, 29))),
        (
            Period(date(2024, 3, 8), date(2024, 3, 9), without_weekdays=("sunday",)),
            Period(date(2024, 3, 6), date(2024, 3, 7), without_weekdays=("sunday",)),
        ),
    ],
    ids=["a month", "a day", "what is left out stays out"],
)
def test_before_a_period_of_days_there_are_as_many_days(period, before):
    assert period.previous("America/New_York") == before


@pytest.mark.parametrize(
    ("start", "end", "before"),
    [
        # The clock went forward on 10 March 2024 at 02:00 local time, which is 07:00 UTC.
        ("2024-03-11T12:00", "2024-03-14T12:00", "2024-03-08T17:00"),
        ("2024-03-11T00:00", "2024-03-12T00:00", "2024-03-10T05:00"),
        ("2024-03-10T00:00", "2024-03-10T06:00", "2024-03-10T00:00"),
        ("2024-03-11T04:00Z", "2024-03-12T04:00Z", "2024-03-10T05:00"),
        # It goes back on 3 November 2024: from 01:30 to 01:30 an hour later.
        ("2024-11-03T05:30Z", "2024-11-03T06:30Z", "2024-11-03T04:30"),
    ],
    ids=[
        "whole days",
        "a day of 24 hours after one of 23",
        "five hours",
        "in UTC",
        "an hour twice",
    ],
)
def test_the_period_before_ends_where_this_one_starts(start, end, before):
    zone = "America/New_York"
    period = Period(datetime.fromisoformat(start), datetime.fromisoformat(end))
    found = period.previous(zone).bounds(zone)
    assert found[1] == period.bounds(zone)[0]
    since_1970 = datetime.fromisoformat(f"{before}Z") - datetime(1970, 1, 1, tzinfo=UTC)
    assert found[0] == since_1970 // timedelta(microseconds=1)


@pytest.mark.parametrize(
    "period",
    [
        Period(date(2024, 3, 1)),
        Period(None, date(2024, 3, 1)),
        Period(last=7),
        Period(date(1, 1, 2), date(2024, 3, 1)),
    ],
    ids=["no end", "no start", "depends on today", "before the calendar"],
)
def test_not_every_period_has_one_before(period):
    with pytest.raises(DefinitionError, match="before"):
        period.previous("UTC")
