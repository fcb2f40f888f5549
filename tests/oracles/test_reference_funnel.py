"""The reference itself, against every worked case that it can express."""

from __future__ import annotations

from datetime import timedelta

import pytest
from case_events import plain_events
from reference_funnel import Event, reference, reference_over_time
from run import differences
from worked_case import read_cases

from funnelkit.model import EventSelector, Funnel, GroupBy, Property, Step

CASES = [case for case in read_cases() if not case.features & {"identity", "insert_id"}]
SECOND = 1_000_000


def steps(*event_types):
    return tuple(Step((EventSelector(event_type),)) for event_type in event_types)


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
