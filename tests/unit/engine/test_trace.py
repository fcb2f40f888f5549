"""A trace shows what the kernel decided, and says why."""

from __future__ import annotations

import json
import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_funnels import PACES, all_funnels, random_log, write_log

import funnelkit as fk
from funnelkit.api.dates import dated, extent_of
from funnelkit.engine.bars import choose_bar, choose_question
from funnelkit.engine.people import people
from funnelkit.engine.trace import trace
from funnelkit.events.sources import open_events

EXAMPLES = max(8, int(os.environ.get("FUNNELKIT_FUZZ", "0")))


@pytest.fixture
def traced(tmp_path):
    """Trace the user u, whose events are (seconds, event type[, properties])."""

    def traced(*events, steps="A > B > C", **definition):
        path = tmp_path / "events.jsonl"
        lines = [
            {
                "user_id": "u",
                "time": int(seconds * 1000),
                "event_type": event_type,
                "event_id": number,
                "event_properties": properties[0] if properties else {},
            }
            for number, (seconds, event_type, *properties) in enumerate(events)
        ]
        path.write_text("\n".join(map(json.dumps, lines)), "utf-8")
        return fk.trace(path, user="u", steps=steps, **definition)

    return traced


def only(found):
    (unit,) = found.units
    return unit


def test_the_events_stand_in_order_with_the_steps_that_they_fit_and_fill(traced):
    unit = only(traced((9, "B"), (0, "A"), (5, "X"), (4, "A"), (9, "C", {"p": 1})))
    assert [event.event_type for event in unit.events] == ["A", "A", "X", "B", "C"]
    assert [event.fits for event in unit.events] == [(1,), (1,), (), (2,), (3,)]
    assert [event.fills for event in unit.events] == [(1,), (), (), (2,), (3,)]
    assert unit.events[2].time == datetime(1970, 1, 1, 0, 0, 5, tzinfo=UTC)
    assert unit.verdict == "counts as a user in steps 1 to 3: converted"


def test_every_entry_is_an_attempt_and_the_first_longest_counts(traced):
    unit = only(traced((0, "A"), (10, "A"), (11, "B"), (20, "A"), (21, "B"), window="5s"))
    assert [attempt.steps for attempt in unit.attempts] == [1, 2, 2]
    assert [attempt.counts for attempt in unit.attempts] == [False, True, False]
    assert [attempt.events for attempt in unit.attempts] == [(1,), (2, 3), (4, 5)]
    assert unit.attempts[0].stopped == (
        "step 2, B came 6s after the window, at 1970-01-01 00:00:11 UTC"
    )


def test_entries_of_one_second_are_one_attempt(traced):
    unit = only(traced((0.1, "A"), (0.9, "A"), (1, "B")))
    assert [attempt.events for attempt in unit.attempts] == [(1, 3)]


@pytest.mark.parametrize(
    ("events", "definition", "reason"),
    [
        ([(0, "A"), (5, "B")], {}, "step 3, C never came"),
        (
            [(0, "A"), (5, "B", {"p": 1})],
            {"steps": "A > B[p is 2]"},
            "step 2, B never came as the step asks",
        ),
        (
            [(0, "C"), (1, "A"), (5, "B")],
            {},
            "step 3, C came only before step 2, last at 1970-01-01 00:00:00 UTC",
        ),
        (
            [(0, "A"), (5, "B"), (3603, "C")],
            {"window": "1h"},
            "step 3, C came 3s after the window, at 1970-01-01 01:00:03 UTC",
        ),
        (
            [(0, "A"), (5, "B"), (3603, "C")],
            {"window": "1h", "timezone": "Asia/Tokyo"},
            "step 3, C came 3s after the window, at 1970-01-01 10:00:03 JST",
        ),
        (
            [(0, "A"), (5, "B"), (7.25, "X"), (9, "C")],
            {"exclude": "X between 2 and 3"},
            (
                "excluded by X at 1970-01-01 00:00:07.25 UTC, before step 3, C at "
                "1970-01-01 00:00:09 UTC"
            ),
        ),
        (
            [(0, "A"), (5, "B"), (7, "X"), (9, "C")],
            {"order": "exact"},
            (
                "interrupted by X at 1970-01-01 00:00:07 UTC, before step 3, C at "
                "1970-01-01 00:00:09 UTC"
            ),
        ),
        (
            [(0.1, "A"), (0.2, "A")],
            {"steps": "A > A"},
            (
                "step 2, A: the event at 1970-01-01 00:00:00.2 UTC and another of its second count "
                "as one"
            ),
        ),
        (
            [(0, "A")],
            {"steps": "A > A"},
            "step 2, A: the event that fits it, at 1970-01-01 00:00:00 UTC, fills step 1",
        ),
        (
            [(3, "B"), (9, "A")],
            {"order": "any", "window": "5s"},
            (
                "step 2, B at 1970-01-01 00:00:03 UTC is too far from the other steps: 6s are "
                "not in the window"
            ),
        ),
        (
            [(0, "A"), (1, "X"), (2, "B")],
            {"order": "any", "exclude": "X"},
            "step 2, B at 1970-01-01 00:00:02 UTC: excluded by X at 1970-01-01 00:00:01 UTC",
        ),
        ([(0, "B"), (2, "A")], {"order": "any"}, "step 3, C never came"),
    ],
)
def test_what_stood_in_the_way_is_said(traced, events, definition, reason):
    (attempt,) = only(traced(*events, **definition)).attempts
    assert attempt.stopped == reason


@pytest.mark.parametrize(
    ("definition", "note"),
    [
        ({"from_": "1970-01-02"}, "before the dates"),
        ({"to": "1969-12-31"}, "after the dates"),
        ({"segment": "paying: p is 2"}, "not in the segment paying"),
        ({"exclude_weekday": "thursday"}, "on a day or at a time that is left out"),
        ({"time_of_day": "09:00..17:00"}, "on a day or at a time that is left out"),
        ({"time_of_day": "17:00..09:00", "segment": "s: p is 2"}, "not in the segment s"),
    ],
)
def test_a_first_step_that_is_no_entry_says_why(traced, definition, note):
    unit = only(traced((60, "A", {"p": 1}), (90_000, "B"), **definition))
    assert [event.note for event in unit.events] == [note, None]
    assert unit.attempts == ()
    assert unit.verdict == f"is not counted: no event of step 1, A, is an entry: {note}"


def test_a_user_who_is_not_new_says_so(traced):
    unit = only(traced((0, "X"), (90_000, "A"), users="new", from_="1970-01-02"))
    assert unit.events[1].note == "the user is not new"


def test_a_user_without_step_1_is_not_counted(traced):
    assert only(traced((0, "B"))).verdict == "is not counted: step 1, A never came"


def test_totals_show_every_path_and_which_took_the_event(traced):
    unit = only(traced((0, "A"), (3, "B"), (4, "A"), (5, "B"), (6, "C"), count_by="totals"))
    assert [event.path for event in unit.events] == [1, 1, 2, 2, 1]
    assert [attempt.events for attempt in unit.attempts] == [(1, 2, 5), (3, 4)]
    assert unit.attempts[1].stopped == (
        "step 3, C: the event at 1970-01-01 00:00:06 UTC is in path 1"
    )
    assert unit.verdict == "2 paths, 1 of them converted"


def test_each_held_value_is_a_trace_of_its_own_or_the_one_that_is_asked_for(traced):
    events = [(0, "A", {"p": [1, 2]}), (1, "B", {"p": 2}), (2, "B")]
    found = traced(*events, hold="p")
    assert [dict(unit.names) for unit in found.units] == [
        {"user_id": "u", "p": "1"},
        {"user_id": "u", "p": "2"},
    ]
    assert [len(unit.events) for unit in found.units] == [1, 2]
    assert found.events == 3
    assert len(traced(*events, hold="p", held="2").units) == 1
    with pytest.raises(fk.DataError, match="no event with the held value '3'"):
        traced(*events, hold="p", held="3")


def test_an_excluded_event_says_which_pairs_it_bars(traced):
    unit = only(traced((0, "A"), (1, "X"), exclude="X between 1 and 3"))
    assert unit.events[1].bars == ((1, 2), (2, 3))


def test_the_properties_that_the_definition_mentions_are_shown(traced):
    unit = only(traced((0, "A", {"p": 1, "q": 2, "r": 3}), steps="A[p is 1]", group_by="r"))
    assert unit.events[0].properties == (("p", "1"), ("r", "3"))


@pytest.fixture
def several(tmp_path):
    path = tmp_path / "several.jsonl"
    lines = [
        {"user_id": "anna", "device_id": "d1", "time": 0, "event_type": "A"},
        {"user_id": "anne", "device_id": "d1", "time": 0, "event_type": "A"},
        {"user_id": "anne", "device_id": "d2", "time": 1000, "event_type": "B"},
        {"device_id": "d3", "time": 0, "event_type": "A"},
    ]
    path.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    return path


def test_a_user_is_found_by_any_id_that_is_his_alone(several):
    assert fk.trace(several, user="d2", steps="A > B").units[0].names == (("user_id", "anne"),)
    assert fk.trace(several, user="d3", steps="A > B").units[0].names == (("device_id", "d3"),)


def test_an_id_of_two_users_is_refused(several):
    with pytest.raises(fk.DataError, match="2 users have the id 'd1': ask for one of them"):
        fk.trace(several, user="d1", steps="A")


def test_an_unknown_user_is_refused_with_the_nearest(several):
    with pytest.raises(fk.DataError, match=r"no event has the user 'ann'\. Did you mean 'anna' or"):
        fk.trace(several, user="ann", steps="A")


def test_the_value_of_a_property_is_traced_over_all_users(tmp_path):
    path = tmp_path / "teams.jsonl"
    lines = [
        {"user_id": "u", "time": 0, "event_type": "A", "event_properties": {"team": "red"}},
        {"user_id": "v", "time": 1000, "event_type": "B", "event_properties": {"team": "red"}},
        {"device_id": "d", "time": 2000, "event_type": "C", "event_properties": {"team": "red"}},
        {"user_id": "v", "time": 1000, "event_type": "B", "event_properties": {"team": "blue"}},
    ]
    path.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    found = fk.trace(path, user="red", unit="team", steps="A > B > C")
    assert only(found).verdict == "counts as a value in steps 1 to 3: converted"
    with pytest.raises(fk.DataError, match="no event has the value 'green' of 'team'"):
        fk.trace(path, user="green", unit="team", steps="A > B > C")


@pytest.mark.parametrize("pace", PACES, ids=["seconds", "hours"])
@settings(
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data(), seed=st.integers(0, 2**32))
def test_a_trace_agrees_with_the_list_of_all_users(pace, data, seed):
    funnel = data.draw(all_funnels(pace))
    log = random_log(seed, 12, pace, funnel.timezone)
    with tempfile.TemporaryDirectory() as folder:
        path = write_log(log, Path(folder) / "log.jsonl")
        with open_events(path) as table:
            extent = extent_of(funnel, table, None)
            segment = funnel.segments[-1].name if funnel.segments else None
            bar = choose_bar(
                dated(funnel, extent), extent, reached=1, lost_before=None, segment=segment
            )
            listed = people(bar, table)
            question = choose_question(bar.chart, segment)
            who = sorted({str(line[0]) for line in listed.rows()})
            for user in who[:3]:
                found = trace(bar.chart, question, table, who=user)
                lines = [line for line in listed.rows() if str(line[0]) == user]
                assert_same(found, lines, listed, funnel)


def assert_same(found, lines, listed, funnel):
    """The attempts that count are the lines of the list, event by event."""
    names = [column.name for column in listed.columns]
    first = names.index("step_1")
    last = first + len(funnel.steps)
    wanted = sorted([time for time in line[first:last] if time is not None] for line in lines)
    came = sorted(
        [unit.events[number - 1].time for number in attempt.events]
        for unit in found.units
        for attempt in unit.attempts
        if attempt.counts and not unit.verdict.startswith("is not counted")
    )
    assert came == wanted
    for unit in found.units:
        for attempt in unit.attempts:
            assert (attempt.stopped is None) == (attempt.steps == len(funnel.steps))
        if funnel.count_by == "uniques" and unit.attempts:
            assert sum(attempt.counts for attempt in unit.attempts) == 1
