"""The reference itself, against every worked case that it can express."""

from __future__ import annotations

from datetime import timedelta

import pytest
from case_events import plain_events
from reference_funnel import Event, reference, reference_over_time
from run import differences
from worked_case import read_cases

from funnelkit.model import EventSelector, Exclusion, Funnel, GroupBy, Property, Settings, Step

CASES = [case for case in read_cases() if not case.features & {"identity", "insert_id"}]
SECOND = 1_000_000


def steps(*event_types):
    return tuple(Step((EventSelector(event_type),)) for event_type in event_types)


def letters(text):
    """One event a second; a blank is a second without one."""
    return [Event("u", at * SECOND, kind) for at, kind in enumerate(text) if kind != " "]


NO_X = (Exclusion((EventSelector("X"),)),)


def milliseconds(seconds):
    return -1 if seconds is None else int(seconds * 1000)


def reference_numbers(case):
    """The reference's answer in the form of a case's `expected`."""
    events, funnel = plain_events(case), case.funnel()
    (answer,) = reference(events, funnel)
    found = {
        "step_counts": list(answer.counts),
        "groups": {label: list(group.counts) for label, group in answer.groups.items()},
        "avg_trans_times_ms": list(
            map(milliseconds, [answer.whole_average, *answer.average_seconds[1:]])
        ),
        "median_trans_times_ms": list(
            map(milliseconds, [answer.whole_median, *answer.median_seconds[1:]])
        ),
        "prev_step_count_distribution": [
            {str(times): units for times, units in pair.items()} for pair in answer.frequency
        ],
    }
    if funnel.measures.interval is not None:
        series = reference_over_time(events, funnel, interval=funnel.measures.interval)
        found["interval_series"] = {start: list(counts) for start, counts in series.items()}
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_reference_gives_the_worked_numbers(case):
    assert differences(case.expected, reference_numbers(case)) == {}


def test_nearly_all_worked_cases_are_within_the_reference():
    assert len(CASES) >= 80


def test_an_event_that_matches_two_steps_is_used_once():
    (answer,) = reference([Event("u", 0, "A")], Funnel(steps=steps("A", "_all")))
    assert answer.counts == (1, 0)


def test_the_chosen_sequence_is_the_longest_then_the_first():
    events = [Event("u", at * SECOND, kind) for at, kind in enumerate("AABAB")]
    (answer,) = reference(events, Funnel(steps=steps("A", "B"), window=timedelta(seconds=9)))
    assert answer.chosen == {"u": (0, 2 * SECOND)}


def test_the_group_comes_from_the_entry_that_the_chosen_sequence_can_use():
    """The first A of the second also satisfies step 2, so it cannot enter beside the B."""
    events = [
        Event("u", 100, "A", {"page": "x", "both": True}),
        Event("u", 200, "A", {"page": "y"}),
        Event("u", 300, "B", {"both": True}),
    ]
    from funnelkit.model import Filter

    both = Filter(Property("both"), "is", ("true",))
    second = Step((EventSelector("_all", (both,)),))
    funnel = Funnel(steps=(*steps("A"), second), group_by=GroupBy((Property("page"),)))
    (answer,) = reference(events, funnel)
    assert list(answer.groups) == ["y"]
    assert answer.counts == (1, 1)


def test_sessions_without_an_id_end_after_thirty_quiet_minutes():
    minute = 60 * SECOND
    events = [Event("u", at * minute, kind) for at, kind in [(0, "A"), (29, "B"), (70, "A")]]
    (answer,) = reference(events, Funnel(steps=steps("A", "B"), unit="session"))
    assert answer.counts == (2, 1)


def test_totals_pair_first_in_first_out():
    events = [Event("u", at * SECOND, kind) for at, kind in enumerate("ABABA")]
    (answer,) = reference(events, Funnel(steps=steps("A", "B"), count_by="totals"))
    assert answer.counts == (3, 2)


def test_a_later_step_may_fill_the_second_that_disturbs_the_first_ones():
    events = [*letters("BXA"), Event("u", SECOND, "C")]
    (answer,) = reference(events, Funnel(steps=steps("A", "B", "C"), order="any", exclusions=NO_X))
    assert answer.counts == (1, 1, 1)
    (answer,) = reference(events, Funnel(steps=steps("A", "B"), order="any", exclusions=NO_X))
    assert answer.counts == (1, 0)


def test_in_any_order_times_are_between_events_in_the_order_of_time():
    (answer,) = reference(letters("C A  B"), Funnel(steps=steps("A", "B", "C"), order="any"))
    assert answer.average_seconds == (None, 2, 3)
    assert answer.whole_average == 5


def test_events_merged_in_one_second_enter_if_any_of_them_may():
    from funnelkit.model import Filter, Segment

    events = [Event("u", at, "A", {"p": value}) for at, value in [(0, "no"), (100, "yes")]]
    segment = Segment("yes", (Filter(Property("p"), "is", ("yes",)),))
    (answer,) = reference(events, Funnel(steps=steps("A"), segments=(segment,), count_by="totals"))
    assert answer.counts == (1,)


def test_in_totals_an_excluded_event_ends_the_paths_that_wait():
    (answer,) = reference(
        letters("AXAB"), Funnel(steps=steps("A", "B"), count_by="totals", exclusions=NO_X)
    )
    assert answer.chosen == {("u", 0): (0,), ("u", 1): (2 * SECOND, 3 * SECOND)}


def test_rounded_times_may_enter_or_leave_the_range_of_dates():
    from datetime import UTC, datetime

    from funnelkit.model import Period

    late = Event("u", -SECOND // 2, "A")
    period = Period(datetime(1970, 1, 1, tzinfo=UTC))
    asked = Funnel(steps=steps("A"), period=period)
    assert reference([late], asked)[0].counts == (0,)
    rounded = Funnel(steps=steps("A"), period=period, settings=Settings(seconds="round"))
    assert reference([late], rounded)[0].counts == (1,)


def test_a_drop_is_excluded_if_the_exclusion_covers_it_and_more_steps_were_done():
    excluded = (Exclusion((EventSelector("X"),), (1, 2)),)
    asked = Funnel(steps=steps("A", "B", "C"), exclusions=excluded)
    assert reference(letters("AXB"), asked)[0].excluded_drop_off == (0, 1, 0)
    assert reference(letters("AX"), asked)[0].excluded_drop_off == (0, 0, 0)
    # The second A leads to B without X; C is lost at a pair that nothing covers.
    events = [*letters("AXB C"), *letters("      AB")]
    near = {"steps": asked.steps, "exclusions": excluded, "window": timedelta(seconds=4)}
    assert reference(events, Funnel(**near))[0].excluded_drop_off == (0, 0, 0)
    anywhere = Funnel(**near, settings=Settings(excluded_drop_off="any pair"))
    assert reference(events, anywhere)[0].excluded_drop_off == (0, 0, 1)


def test_frequency_counts_the_seconds_in_which_a_step_was_done_before_the_next():
    events = [*letters("AA AB"), Event("u", SECOND + 1, "A"), Event("u", 9 * SECOND, "A")]
    (answer,) = reference(events, Funnel(steps=steps("A", "B")))
    assert answer.frequency == ({3: 1},)
