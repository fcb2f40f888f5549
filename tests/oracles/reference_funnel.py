"""Amplitude's funnel, slow and obvious: look at every sequence, then choose (specification A0).

The one aim is to be easy to compare with the specification, sentence by sentence. Every sequence
of events that is a way through the funnel is written out and the best one is picked, so this is
for small inputs only: the number of sequences grows with the power of the steps.

Nothing here is shared with the engine but the definition of a funnel (`funnelkit.model`). What
that definition cannot say yet (other orders, totals, exclusions …) comes as keyword arguments.
"""

from __future__ import annotations

import operator
import statistics
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

from reference_filters import items, passes, property_of, text

from funnelkit.model import Property, Segment

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence

    from funnelkit.model import EventSelector, Funnel

SECOND = 1_000_000
SESSION_GAP = 30 * 60 * SECOND
LOOK_BACK = timedelta(days=365)
SESSION_ID = "[Amplitude] Session ID"
NOT_REACHED = "Did Not Reach Step"

Order = Literal["this", "exact", "any"]


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


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Events that must not happen between the steps `first` and `last` (1-based)."""

    selector: EventSelector
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Answer:
    """One series. Times are exact seconds; index 0 of the lists stands for step 1 and is None.

    `chosen` is the sequence of each unit, as the times of its events.
    """

    name: str
    counts: tuple[int, ...]
    average_seconds: tuple[Fraction | None, ...]
    median_seconds: tuple[Fraction | None, ...]
    whole_average: Fraction | None
    whole_median: Fraction | None
    chosen: Mapping[Hashable, tuple[int, ...]]
    groups: Mapping[str, Answer] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """An event with everything the search asks of it; `tick` is its time in whole seconds."""

    event: Event
    tick: int
    steps: frozenset[int]
    entry: bool


Way = tuple[Candidate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What `reference` was asked, beside the events and the funnel."""

    order: Order = "this"
    exclusions: Sequence[Exclusion] = ()
    hold: Property | None = None
    group_step: int = 1
    inactive: Collection[str] = ()
    historical: Mapping[int, tuple[str, int]] = field(default_factory=dict)
    new_users: Literal["any_day", "first_day"] | None = None
    entered: Callable[[Event], bool] = lambda _event: True


def reference(events: Sequence[Event], funnel: Funnel, **rules: Any) -> tuple[Answer, ...]:
    """Return the answer of each segment, counted by uniques; `rules` are the fields of `Rules`."""
    asked = Rules(**rules)
    answers = []
    for segment in funnel.segments or (Segment("All users"),):
        chosen: dict[Hashable, Way] = {}
        for unit, candidates in units(events, funnel, segment, asked).items():
            best = choose(ways(candidates, funnel, asked))
            if best:
                chosen[unit] = best
        answers.append(answer(segment.name, chosen, funnel, asked.group_step))
    return tuple(answers)


# ------------------------------------------------------------------ which events, for which unit


def units(
    events: Sequence[Event], funnel: Funnel, segment: Segment, rules: Rules
) -> dict[Hashable, list[Candidate]]:
    """Return the candidates of each unit of counting (specification A0.3 to A0.5)."""
    by_user: dict[Hashable, list[Event]] = {}
    for event in events:
        by_user.setdefault(event.user, []).append(event)
    found: dict[Hashable, list[Candidate]] = {}
    for mine in by_user.values():
        mine.sort(key=chronologically)
        steps = satisfied_steps(mine, funnel, rules)
        for event in mine:
            candidate = Candidate(
                event,
                tick(event, funnel),
                frozenset(steps[event]),
                1 in steps[event] and is_entry(event, mine[0], funnel, segment, rules),
            )
            for unit in units_of(event, mine, funnel, rules):
                found.setdefault(unit, []).append(candidate)
    return found


def units_of(
    event: Event, mine: Sequence[Event], funnel: Funnel, rules: Rules
) -> Sequence[Hashable]:
    """Return what the event counts for: its user, session, or each (user, held value) pair."""
    hold = rules.hold
    if hold is not None:
        if hold.name == SESSION_ID:
            return [(event.user, event.session_id)] if in_session(event) else []
        value = property_of(hold, event.event_properties, event.user_properties)
        return [(event.user, held) for held in dict.fromkeys(map(text, items(value)))]
    if funnel.unit == "user":
        return [event.user]
    if event.session_id is not None:
        return [(event.user, event.session_id)] if in_session(event) else []
    anonymous = [other for other in mine if other.session_id is None]
    place = anonymous.index(event)
    gaps = sum(
        later.time - earlier.time > SESSION_GAP
        for earlier, later in pairwise(anonymous[: place + 1])
    )
    return [(event.user, "session", gaps)]


def in_session(event: Event) -> bool:
    return event.session_id is not None and event.session_id != -1


def chronologically(event: Event) -> tuple[Any, ...]:
    """Ties at one microsecond break by event_id, uuid, event type, property text."""
    properties = text(dict(sorted(event.event_properties.items())))
    return (event.time, event.event_id or 0, event.uuid or "", event.event_type, properties)


def tick(event: Event, funnel: Funnel) -> int:
    """Return the time in whole seconds, or milliseconds; times are floored (A10, G1)."""
    return event.time // (SECOND if funnel.resolution == "second" else SECOND // 1000)


def ticks_per_second(funnel: Funnel) -> int:
    return 1 if funnel.resolution == "second" else 1000


def is_selected(event: Event, selector: EventSelector, inactive: Collection[str]) -> bool:
    if selector.event_type == "_active":
        right_type = event.event_type not in inactive
    else:
        right_type = selector.event_type in ("_all", event.event_type)
    return right_type and all(
        passes(each, event.event_properties, event.user_properties) for each in selector.filters
    )


def satisfied_steps(mine: Sequence[Event], funnel: Funnel, rules: Rules) -> dict[Event, set[int]]:
    """Return the steps (1-based) whose conditions each of a user's events satisfies."""
    found: dict[Event, set[int]] = {event: set() for event in mine}
    for number, step in enumerate(funnel.steps, start=1):
        matching = [
            event
            for event in mine
            if any(is_selected(event, selector, rules.inactive) for selector in step.events)
        ]
        if number in rules.historical:
            matching = nth_times(matching, funnel, *rules.historical[number])
        for event in matching:
            found[event].add(number)
    return found


def nth_times(matching: Sequence[Event], funnel: Funnel, op: str, wanted: int) -> list[Event]:
    """Return the n-th instances inside the range (specification A11h)."""
    start, _end = funnel.period.bounds(funnel.timezone)
    earliest = None if start is None else start - LOOK_BACK // timedelta(microseconds=1)
    counted = [event for event in matching if earliest is None or event.time >= earliest]
    holds = {
        "is": operator.eq, "is not": operator.ne,
        "less": operator.lt, "less or equal": operator.le,
        "greater": operator.gt, "greater or equal": operator.ge,
    }[op]  # fmt: skip
    return [
        event
        for count, event in enumerate(counted, start=1)
        if holds(count, wanted) and in_range(event, funnel)
    ]


def in_range(event: Event, funnel: Funnel) -> bool:
    start, end = funnel.period.bounds(funnel.timezone)
    return (start is None or start <= event.time) and (end is None or event.time < end)


def is_entry(
    event: Event, first_ever: Event, funnel: Funnel, segment: Segment, rules: Rules
) -> bool:
    """Say whether an event that satisfies step 1 opens the funnel (specification A0.5)."""
    if not in_range(event, funnel) or not rules.entered(event):
        return False
    if rules.new_users is not None and not in_range(first_ever, funnel):
        return False
    if rules.new_users == "first_day" and day(event, funnel) != day(first_ever, funnel):
        return False
    return all(
        passes(each, event.event_properties, event.user_properties) for each in segment.filters
    )


def day(event: Event, funnel: Funnel) -> date:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=event.time)
    return moment.astimezone(ZoneInfo(funnel.timezone)).date()


# ------------------------------------------------------------------------- every way through


def ways(candidates: Sequence[Candidate], funnel: Funnel, rules: Rules) -> Iterator[Way]:
    """Yield every sequence that fills steps 1 to k, for every k."""
    search = any_order if rules.order == "any" else in_order
    for entry in candidates:
        if entry.entry:
            yield from search((entry,), candidates, funnel, rules)


def in_order(
    sequence: Way, candidates: Sequence[Candidate], funnel: Funnel, rules: Rules
) -> Iterator[Way]:
    """Yield the sequence and every longer one that begins with it."""
    yield sequence
    number = len(sequence) + 1
    for candidate in candidates:
        if (
            number in candidate.steps
            and sequence[-1].tick <= candidate.tick
            and within_window(sequence, candidate, funnel)
            and may_share_a_second(sequence, candidate, number)
            and nothing_between(sequence[-1], candidate, number - 1, candidates, rules)
        ):
            yield from in_order((*sequence, candidate), candidates, funnel, rules)


def any_order(
    sequence: Way, candidates: Sequence[Candidate], funnel: Funnel, rules: Rules
) -> Iterator[Way]:
    """Like `in_order`, but a step may come before the steps listed ahead of it (A1)."""
    if not undisturbed(sequence, candidates, rules):
        return
    yield sequence
    number = len(sequence) + 1
    for candidate in candidates:
        if (
            number in candidate.steps
            and within_window(sequence, candidate, funnel)
            and may_share_a_second(sequence, candidate, number)
        ):
            yield from any_order((*sequence, candidate), candidates, funnel, rules)


def within_window(sequence: Way, candidate: Candidate, funnel: Funnel) -> bool:
    """Latest minus earliest time is at most the window (specification A3)."""
    ticks = [filled.tick for filled in (*sequence, candidate)]
    window = Fraction(funnel.conversion_window // timedelta(microseconds=1), SECOND)
    return Fraction(max(ticks) - min(ticks), ticks_per_second(funnel)) <= window


def may_share_a_second(sequence: Way, candidate: Candidate, number: int) -> bool:
    """Each event is used once; in one second no event may satisfy the other's step (A10)."""
    return all(
        filled is not candidate
        and (
            filled.tick != candidate.tick
            or (number not in filled.steps and filled_number not in candidate.steps)
        )
        for filled_number, filled in enumerate(sequence, start=1)
    )


def nothing_between(
    left: Candidate, right: Candidate, pair: int, candidates: Sequence[Candidate], rules: Rules
) -> bool:
    """Exact order and exclusions look strictly between the seconds of two steps (A1, A6)."""
    between = [other for other in candidates if left.tick < other.tick < right.tick]
    if rules.order == "exact" and between:
        return False
    return not any(
        is_selected(other.event, exclusion.selector, rules.inactive)
        for exclusion in rules.exclusions
        if exclusion.first <= pair < exclusion.last
        for other in between
    )


def undisturbed(sequence: Way, candidates: Sequence[Candidate], rules: Rules) -> bool:
    """In any order an excluded event between any of the steps excludes (specification A1)."""
    ticks = {filled.tick for filled in sequence}
    return not any(
        is_selected(other.event, exclusion.selector, rules.inactive)
        for exclusion in rules.exclusions
        for other in candidates
        if min(ticks) < other.tick < max(ticks) and other.tick not in ticks
    )


def choose(sequences: Iterator[Way]) -> Way | None:
    """Return the longest sequence, and of several the chronologically first (A2)."""

    def preference(sequence: Way) -> tuple[Any, ...]:
        return (
            -len(sequence),
            sorted(filled.tick for filled in sequence),
            [chronologically(filled.event) for filled in sequence],
        )

    return min(sequences, key=preference, default=None)


# ----------------------------------------------------------------------------------- numbers


def answer(name: str, chosen: Mapping[Hashable, Way], funnel: Funnel, group_step: int) -> Answer:
    """Return the numbers of the chosen sequences, and of each group of them."""
    groups: dict[str, dict[Hashable, Way]] = {}
    if funnel.group_by is not None:
        for unit, sequence in chosen.items():
            label = group_label(sequence, funnel.group_by.properties[0], group_step)
            groups.setdefault(label, {})[unit] = sequence
    steps = range(1, len(funnel.steps) + 1)
    times = [seconds_between(chosen, funnel, step - 1, step) for step in steps]
    whole = seconds_between(chosen, funnel, 1, len(funnel.steps))
    return Answer(
        name=name,
        counts=tuple(sum(len(each) >= step for each in chosen.values()) for step in steps),
        average_seconds=tuple(map(average, times)),
        median_seconds=tuple(map(median, times)),
        whole_average=average(whole),
        whole_median=median(whole),
        chosen={
            unit: tuple(filled.event.time for filled in sequence)
            for unit, sequence in chosen.items()
        },
        groups={
            label: answer(label, members, without_groups(funnel), group_step)
            for label, members in groups.items()
        },
    )


def without_groups(funnel: Funnel) -> Funnel:
    return replace(funnel, group_by=None)


def group_label(sequence: Way, prop: Property, step: int) -> str:
    """Return the value at the event that filled the step (specification A9)."""
    if len(sequence) < step:
        return NOT_REACHED
    event = sequence[step - 1].event
    return text(property_of(prop, event.event_properties, event.user_properties))


def seconds_between(
    chosen: Mapping[Hashable, Way], funnel: Funnel, first: int, last: int
) -> list[Fraction]:
    """Return the times from one step to another of the sequences that have both (A11b)."""
    if first < 1:
        return []
    return [
        Fraction(sequence[last - 1].tick - sequence[first - 1].tick, ticks_per_second(funnel))
        for sequence in chosen.values()
        if len(sequence) >= last
    ]


def average(times: Sequence[Fraction]) -> Fraction | None:
    return sum(times, Fraction(0)) / len(times) if times else None


def median(times: Sequence[Fraction]) -> Fraction | None:
    return Fraction(statistics.median(times)) if times else None


# ------------------------------------------------------------------- totals and intervals


def reference_totals(
    events: Sequence[Event], funnel: Funnel, **rules: Any
) -> tuple[tuple[int, ...], ...]:
    """Return the paths per step of each segment: first in, first out (specification A2)."""
    asked = Rules(**rules)
    answers = []
    for segment in funnel.segments or (Segment("All users"),):
        counts = [0] * len(funnel.steps)
        for candidates in units(events, funnel, segment, asked).values():
            for path in pair_paths(candidates, funnel):
                for step in range(len(path)):
                    counts[step] += 1
        answers.append(tuple(counts))
    return tuple(answers)


def pair_paths(candidates: Sequence[Candidate], funnel: Funnel) -> list[list[Candidate]]:
    """Each event advances the most advanced, then oldest open path, or opens one (A2)."""
    distinct = {
        (each.tick, each.event.event_type, each.steps): each
        for each in reversed(candidates)
        if each.steps
    }
    paths: list[list[Candidate]] = []
    for candidate in sorted(
        distinct.values(), key=lambda each: (each.tick, min(each.steps), candidates.index(each))
    ):
        open_paths = [
            path
            for path in paths
            if len(path) + 1 in candidate.steps
            and within_window(tuple(path[:1]), candidate, funnel)
        ]
        if open_paths:
            max(open_paths, key=len).append(candidate)  # max() returns the first, hence oldest
        elif candidate.entry:
            paths.append([candidate])
    return paths


def reference_over_time(
    events: Sequence[Event],
    funnel: Funnel,
    *,
    interval: Literal["day", "week", "month"] = "day",
    **rules: Any,
) -> dict[str, tuple[int, ...]]:
    """Return the counts of the first segment per interval of entry (specification A11c)."""

    def bucket(event: Event) -> date:
        entered = day(event, funnel)
        if interval == "week":
            return entered - timedelta(days=entered.weekday())
        return entered.replace(day=1) if interval == "month" else entered

    found = {}
    for start in sorted({bucket(event) for event in events}):
        first, *_others = reference(
            events, funnel, entered=lambda event, start=start: bucket(event) == start, **rules
        )
        if first.counts[0]:
            found[start.isoformat()] = first.counts
    return found
