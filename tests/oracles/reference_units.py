"""What the reference looks at: the events of each unit of counting, and what each may do.

Users, filters, dates, segments: everything that is known of an event before one looks for a way
through the funnel (specification A0.1 to A0.5).
"""

from __future__ import annotations

import operator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise, product
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from reference_filters import NONE, items, passes, property_of, text

from funnelkit.model import (
    ACTIVE_EVENT,
    ANY_EVENT,
    IDENTIFY_CALLS,
    NEW_USER_EVENT,
    SESSION_ID,
    Property,
)
from funnelkit.model.period import WEEKDAYS

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence

    from funnelkit.model import (
        EventSelector,
        Filter,
        Funnel,
        HistoricalCount,
        Performed,
        Segment,
    )

SECOND = 1_000_000
SESSION_GAP = 30 * 60 * SECOND
LOOK_BACK = timedelta(days=365)
OPERATORS: dict[str, Callable[[int, int], bool]] = {
    "is": operator.eq, "is not": operator.ne, "=": operator.eq, "!=": operator.ne,
    "less": operator.lt, "less or equal": operator.le, "<": operator.lt, "<=": operator.le,
    "greater": operator.gt, "greater or equal": operator.ge, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Event:
    """One event; two events with the same content are still two. `time` is in microseconds."""

    user: Hashable
    time: int
    event_type: str
    event_properties: Mapping[str, Any] = field(default_factory=dict)
    user_properties: Mapping[str, Any] = field(default_factory=dict)
    session_id: int | None = None
    event_id: int | None = None
    uuid: str | None = None
    groups: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """An event with everything the search asks of it; `tick` is its time in whole seconds.

    It may fill `steps`, may fill step 1 if it is an `entry`, and must not lie between the steps m
    and m + 1 for each m of `excluded`, nor in exact order between any, if it `interrupts`.
    """

    event: Event
    tick: int
    steps: frozenset[int]
    entry: bool
    excluded: frozenset[int] = frozenset()
    interrupts: bool = True


def rounded(events: Sequence[Event], funnel: Funnel) -> Sequence[Event]:
    """Identify calls are no events (A0.1); rounded times are cut half a tick later (G1)."""
    events = [event for event in events if event.event_type not in IDENTIFY_CALLS]
    if funnel.settings.seconds == "floor":
        return events
    half = SECOND // ticks_per_second(funnel) // 2
    return [replace(event, time=event.time + half) for event in events]


def units(
    events: Sequence[Event], funnel: Funnel, segment: Segment, entered: Callable[[Event], bool]
) -> dict[Hashable, list[Candidate]]:
    """Return the candidates of each unit of counting (specification A0.3 to A0.5)."""
    by_user: dict[Hashable, list[Event]] = {}
    for event in events:
        by_user.setdefault(event.user, []).append(event)
    has_sessions = any(map(in_session, events))
    found: dict[Hashable, list[Candidate]] = {}
    for everything in by_user.values():
        everything.sort(key=chronologically)
        first_ever = everything[0]
        mine = [
            event
            for event in everything
            if all(holds(event, each, funnel) for each in funnel.event_filters)
        ]
        steps = satisfied_steps(mine, first_ever, funnel)
        for event in mine:
            candidate = Candidate(
                event,
                tick(event, funnel),
                frozenset(steps[event]),
                entry=1 in steps[event]
                and entered(event)
                and is_entry(event, mine, first_ever, funnel, segment),
                excluded=excluded_pairs(event, first_ever, funnel),
                interrupts=funnel.settings.exact_order_interrupted_by == "every event"
                or event.event_type not in funnel.inactive_events,
            )
            for unit in units_of(event, everything, funnel, has_sessions=has_sessions):
                found.setdefault(unit, []).append(candidate)
    for candidates in found.values():
        candidates.sort(key=lambda each: chronologically(each.event))
    return found


def units_of(
    event: Event, mine: Sequence[Event], funnel: Funnel, *, has_sessions: bool
) -> list[Hashable]:
    """Return what the event counts for: its user, session or value, with each held value."""
    who: list[Hashable] = [event.user]
    if isinstance(funnel.unit, Property):
        who = list(held_values(event, funnel.unit))
    elif funnel.unit == "session" and has_sessions:
        who = [(event.user, event.session_id)] if in_session(event) else []
    elif funnel.unit == "session":
        until_now = mine[: mine.index(event) + 1]
        gaps = sum(later.time - one.time > SESSION_GAP for one, later in pairwise(until_now))
        who = [(event.user, "session", gaps)]
    if not funnel.hold:
        return who
    missing = [NONE] if funnel.settings.hold_missing == "a value" else []
    return list(product(who, *(held_values(event, prop) or missing for prop in funnel.hold)))


def held_values(event: Event, prop: Property) -> list[str]:
    """Return the texts of a property's values, those of an array one by one (specification A5)."""
    values = items(value_of(event, prop))
    return list(dict.fromkeys(text(value) for value in values if value is not None))


def value_of(event: Event, prop: Property) -> Any:
    if prop == SESSION_ID:
        return event.session_id if in_session(event) else None
    return property_of(prop, event.event_properties, not_of_event(event, prop))


def is_missing(value: Any) -> bool:
    """Say whether there is no value; an array without one is none (specification A7)."""
    return all(item is None for item in items(value))


def not_of_event(event: Event, prop: Property) -> Mapping[str, Any]:
    return event.groups if prop.scope == "group" else event.user_properties


def holds(event: Event, condition: Filter, funnel: Funnel) -> bool:
    """Say whether an event passes a filter (specification A7)."""
    if (
        funnel.settings.is_not_on_missing == "fails"
        and "not" in condition.op.split()
        and is_missing(value_of(event, condition.property))
    ):
        return False
    others = not_of_event(event, condition.property)
    return passes(condition, event.event_properties, others)


def in_session(event: Event) -> bool:
    return event.session_id is not None and event.session_id != -1


def chronologically(event: Event) -> tuple[Any, ...]:
    """Ties at one microsecond break by event_id, uuid, event type, property text."""
    properties = text(dict(sorted(event.event_properties.items())))
    return (event.time, event.event_id or 0, event.uuid or "", event.event_type, properties)


def tick(event: Event, funnel: Funnel) -> int:
    """Return the time in whole seconds, or milliseconds; times are floored (A10, G1)."""
    return event.time // (SECOND // ticks_per_second(funnel))


def ticks_per_second(funnel: Funnel) -> int:
    return 1 if funnel.resolution == "second" else 1000


def is_selected(
    event: Event, events: tuple[EventSelector, ...], first_ever: Event, funnel: Funnel
) -> bool:
    """Say whether an event is one of those that a step or an exclusion names (A8)."""
    return any(
        is_of_type(event, member.event_type, first_ever, funnel)
        and all(holds(event, each, funnel) for each in member.filters)
        for member in funnel.members(events)
    )


def is_of_type(event: Event, event_type: str, first_ever: Event, funnel: Funnel) -> bool:
    match event_type:
        case _ if event_type == ANY_EVENT:
            return True
        case _ if event_type == ACTIVE_EVENT:
            return event.event_type not in funnel.inactive_events
        case _ if event_type == NEW_USER_EVENT:
            return day(event, funnel) == day(first_ever, funnel)
    return event.event_type == event_type


def excluded_pairs(event: Event, first_ever: Event, funnel: Funnel) -> frozenset[int]:
    """Return each m such that the event must not happen between steps m and m + 1 (A6)."""
    last = len(funnel.steps)
    return frozenset(
        pair
        for exclusion in funnel.exclusions
        if is_selected(event, exclusion.events, first_ever, funnel)
        for pair in range(*(exclusion.between or (1, last)))
    )


def satisfied_steps(
    mine: Sequence[Event], first_ever: Event, funnel: Funnel
) -> dict[Event, set[int]]:
    """Return the steps (1-based) whose conditions each of a user's events satisfies."""
    found: dict[Event, set[int]] = {event: set() for event in mine}
    start, _end = funnel.period.bounds(funnel.timezone)
    early = funnel.order == "any" and funnel.settings.any_order_before_range == "left out"
    for number, step in enumerate(funnel.steps, start=1):
        matching = [event for event in mine if is_selected(event, step.events, first_ever, funnel)]
        if step.historical_count is not None:
            matching = nth_times(matching, funnel, step.historical_count)
        for event in matching:
            if not (early and start is not None and event.time < start):
                found[event].add(number)
    return found


def nth_times(matching: Sequence[Event], funnel: Funnel, asked: HistoricalCount) -> list[Event]:
    """Return the n-th instances inside the range (specification A11h)."""
    start, _end = funnel.period.bounds(funnel.timezone)
    earliest = None if start is None else start - LOOK_BACK // timedelta(microseconds=1)
    counted = [event for event in matching if earliest is None or event.time >= earliest]
    return [
        event
        for number, event in enumerate(counted, start=1)
        if OPERATORS[asked.op](number, asked.count) and in_range(event, funnel)
    ]


def in_range(event: Event, funnel: Funnel) -> bool:
    start, end = funnel.period.bounds(funnel.timezone)
    return (start is None or start <= event.time) and (end is None or event.time < end)


def is_entry(
    event: Event, mine: Sequence[Event], first_ever: Event, funnel: Funnel, segment: Segment
) -> bool:
    """Say whether an event that satisfies step 1 opens the funnel (specification A0.5)."""
    if not in_range(event, funnel) or not at_an_open_time(event, funnel):
        return False
    if funnel.users != "active" and not in_range(first_ever, funnel):
        return False
    if funnel.users == "new on first day" and day(event, funnel) != day(first_ever, funnel):
        return False
    return (
        all(holds(event, each, funnel) for each in segment.filters)
        and all(has_performed(event, mine, first_ever, funnel, each) for each in segment.performed)
        and all(
            (str(event.user) in Path(cohort.path).read_text(encoding="utf-8").split("\n"))
            == cohort.inside
            for cohort in segment.cohorts
        )
    )


def has_performed(
    entry: Event, mine: Sequence[Event], first_ever: Event, funnel: Funnel, asked: Performed
) -> bool:
    """Say whether the user did the events as often as the segment asks (specification A9)."""

    def counts(event: Event) -> bool:
        if asked.ever:
            return event.time <= entry.time
        if asked.within is None:
            return in_range(event, funnel)
        return 0 <= entry.time - event.time <= asked.within // timedelta(microseconds=1)

    times = sum(
        counts(event) and is_selected(event, asked.events, first_ever, funnel) for event in mine
    )
    return OPERATORS[asked.op](times, asked.count)


def at_an_open_time(event: Event, funnel: Funnel) -> bool:
    """Say whether days of the week and times of day let the event enter (specification A4)."""
    period, moment = funnel.period, local(event, funnel)
    if WEEKDAYS[moment.weekday()] in period.without_weekdays:
        return False
    after = period.from_time is None or period.from_time <= moment.time()
    before = period.to_time is None or moment.time() < period.to_time
    across_midnight = (
        period.from_time is not None
        and period.to_time is not None
        and period.from_time > period.to_time
    )
    return (after or before) if across_midnight else (after and before)


def local(event: Event, funnel: Funnel) -> datetime:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=event.time)
    return moment.astimezone(ZoneInfo(funnel.timezone))


def day(event: Event, funnel: Funnel) -> date:
    return local(event, funnel).date()
