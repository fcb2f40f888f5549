"""Amplitude's funnel, slow and obvious: look at every sequence, then choose (specification A0).

The one aim is to be easy to compare with the specification, sentence by sentence. Every sequence
of events that is a way through the funnel is written out and the best one is picked, so this is
for small inputs only: the number of sequences grows with the power of the steps.

Nothing here is shared with the engine but the definition of a funnel (`funnelkit.model`). It is
given a plain one: optional steps and compared events are several funnels (`Funnel.variants`).
"""

from __future__ import annotations

import statistics
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from reference_filters import NONE, text
from reference_units import (
    SECOND,
    Candidate,
    Event,
    is_missing,
    local,
    rounded,
    ticks_per_second,
    units,
    value_of,
)

from funnelkit.model import Segment

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence

    from funnelkit.model import Funnel
    from funnelkit.model.measures import Interval

__all__ = [
    "Answer",
    "Candidate",
    "Event",
    "choose",
    "pair_paths",
    "reference",
    "reference_over_time",
]

NOT_REACHED = "Did not reach step"
NEVER = float("inf")


@dataclass(frozen=True, slots=True)
class Answer:
    """One series. Times are exact seconds; index 0 of the lists stands for step 1 and is None.

    `chosen` is the sequence of each unit, or path, as the times of its events. `excluded_drop_off`
    are the units lost before each step because of excluded events. `frequency` says for each pair
    of steps how often the first was done before the second, as {times: units}; in any order it is
    empty.
    """

    name: str
    counts: tuple[int, ...]
    average_seconds: tuple[Fraction | None, ...]
    median_seconds: tuple[Fraction | None, ...]
    whole_average: Fraction | None
    whole_median: Fraction | None
    chosen: Mapping[Hashable, tuple[int, ...]]
    excluded_drop_off: tuple[int, ...]
    frequency: tuple[Mapping[int, int], ...]
    groups: Mapping[str, Answer] = field(default_factory=dict)


class Filled(NamedTuple):
    """A step (1-based) and the event that fills it."""

    step: int
    by: Candidate


Way = tuple[Filled, ...]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The way that counts for a unit; `free` is how many steps it gets if nothing is excluded."""

    unit: Hashable
    way: Way
    candidates: Sequence[Candidate]
    free: int

    def __len__(self) -> int:
        return len(self.way)

    @property
    def ticks(self) -> list[int]:
        """The ticks of the steps, in the order of time."""
        return sorted(filled.by.tick for filled in self.way)


def reference(
    events: Sequence[Event],
    funnel: Funnel,
    *,
    entered: Callable[[Event], bool] = lambda _event: True,
) -> tuple[Answer, ...]:
    """Return the answer of each segment; `entered` restricts the entries."""
    events = rounded(events, funnel)
    answers = []
    for segment in funnel.segments or (Segment("All users"),):
        found = units(events, funnel, segment, entered)
        chosen = [
            each
            for unit, candidates in found.items()
            for each in chosen_ways(unit, candidates, funnel)
            if len(each) >= least_steps(funnel)
        ]
        answers.append(answer(segment.name, chosen, funnel))
    return tuple(answers)


def least_steps(funnel: Funnel) -> int:
    """With a historical count, those who do not get there may be left out (specification G14)."""
    if funnel.settings.historical_count_step_one == "counts":
        return 1
    counted = [number for number, step in enumerate(funnel.steps, 1) if step.historical_count]
    return max(counted, default=1)


def chosen_ways(
    unit: Hashable, candidates: Sequence[Candidate], funnel: Funnel
) -> Iterator[Chosen]:
    """Yield the best way of the unit, or for totals all its paths (specification A2)."""
    if funnel.count_by == "totals":
        for number, path in enumerate(pair_paths(candidates, funnel)):
            yield Chosen((unit, number), path, candidates, len(path))
        return
    best = choose(candidates, funnel)
    if best is not None:
        free = choose([replace(each, excluded=frozenset()) for each in candidates], funnel)
        yield Chosen(unit, best, candidates, len(free or best))


# ------------------------------------------------------------------------- every way through


def choose(candidates: Sequence[Candidate], funnel: Funnel) -> Way | None:
    """Return the longest sequence, and of several the chronologically first (A2).

    That is the one with the first ticks; then that which does the first listed steps first.
    """
    steps = range(1, len(funnel.steps) + 1)

    def preference(sequence: Way) -> tuple[Any, ...]:
        ticks = {filled.step: filled.by.tick for filled in sequence}
        return (
            -len(sequence),
            sorted(ticks.values()),
            [ticks.get(step, NEVER) for step in steps],
            [candidates.index(filled.by) for filled in sequence],
        )

    return min(ways(candidates, funnel), key=preference, default=None)


def ways(candidates: Sequence[Candidate], funnel: Funnel) -> Iterator[Way]:
    """Yield every sequence that fills steps 1 to k, for every k."""
    for entry in candidates:
        if entry.entry:
            begun = (Filled(1, entry),)
            if funnel.order == "any":
                yield from any_order(begun, 2, candidates, funnel)
            else:
                yield from in_order(begun, candidates, funnel)


def in_order(sequence: Way, candidates: Sequence[Candidate], funnel: Funnel) -> Iterator[Way]:
    """Yield the sequence and every longer one that begins with it."""
    yield sequence
    number = len(sequence) + 1
    last = sequence[-1].by
    for candidate in candidates:
        if (
            number in candidate.steps
            and last.tick <= candidate.tick
            and within_window(sequence, candidate, funnel)
            and may_share_a_second(sequence, candidate, number)
            and not any(
                bars(other, number - 1, funnel)
                for other in candidates
                if last.tick < other.tick < candidate.tick
            )
        ):
            yield from in_order((*sequence, Filled(number, candidate)), candidates, funnel)


def any_order(
    sequence: Way, number: int, candidates: Sequence[Candidate], funnel: Funnel
) -> Iterator[Way]:
    """Like `in_order`, but a step may come before the steps listed ahead of it (A1)."""
    if undisturbed(sequence, candidates):  # a later step may fill the tick that disturbs
        yield sequence
    if number > len(funnel.steps):
        return
    if funnel.settings.any_order_steps == "any":
        yield from any_order(sequence, number + 1, candidates, funnel)
    for candidate in candidates:
        if (
            number in candidate.steps
            and within_window(sequence, candidate, funnel)
            and may_share_a_second(sequence, candidate, number)
        ):
            longer = (*sequence, Filled(number, candidate))
            yield from any_order(longer, number + 1, candidates, funnel)


def within_window(sequence: Way, candidate: Candidate, funnel: Funnel) -> bool:
    """Latest minus earliest time is at most the window (specification A3)."""
    ticks = [filled.by.tick for filled in sequence]
    if funnel.order == "any" and funnel.settings.any_order_window == "around step 1":
        ticks = ticks[:1]
    ticks.append(candidate.tick)
    window = Fraction(funnel.conversion_window // timedelta(microseconds=1), SECOND)
    return Fraction(max(ticks) - min(ticks), ticks_per_second(funnel)) <= window


def may_share_a_second(sequence: Way, candidate: Candidate, number: int) -> bool:
    """Each event is used once; in one second no event may satisfy the other's step (A10)."""
    return all(
        filled.by is not candidate
        and (
            filled.by.tick != candidate.tick
            or (number not in filled.by.steps and filled.step not in candidate.steps)
        )
        for filled in sequence
    )


def bars(other: Candidate, pair: int, funnel: Funnel) -> bool:
    """Say whether an event must not lie between the seconds of two steps (A1, A6)."""
    return pair in other.excluded or (funnel.order == "exact" and other.interrupts)


def undisturbed(sequence: Way, candidates: Sequence[Candidate]) -> bool:
    """In any order an excluded event between any of the steps excludes (specification A1)."""
    ticks = {filled.by.tick for filled in sequence}
    return not any(
        other.excluded and min(ticks) < other.tick < max(ticks) and other.tick not in ticks
        for other in candidates
    )


def pair_paths(candidates: Sequence[Candidate], funnel: Funnel) -> list[Way]:
    """Each event advances the most advanced, then oldest open path, or opens one (A2)."""
    paths: list[Way] = []
    dead: set[int] = set()
    for now in sorted({candidate.tick for candidate in candidates}):
        present = [candidate for candidate in candidates if candidate.tick == now]
        for candidate in distinct(present):
            open_paths = [
                number
                for number, path in enumerate(paths)
                if number not in dead
                and len(path) + 1 in candidate.steps
                and within_window(path[:1], candidate, funnel)
            ]
            if funnel.settings.totals_pairing == "most advanced":
                open_paths.sort(key=lambda number: -len(paths[number]))  # ties stay: oldest first
            if open_paths:
                number = open_paths[0]
                paths[number] = (*paths[number], Filled(len(paths[number]) + 1, candidate))
            elif candidate.entry:
                paths.append((Filled(1, candidate),))
        for number, path in enumerate(paths):
            if path[-1].by.tick < now and any(bars(each, len(path), funnel) for each in present):
                dead.add(number)
    return paths


def distinct(present: Sequence[Candidate]) -> list[Candidate]:
    """Return the events of one second in their order; those of one kind are one event (A2)."""
    kinds: dict[Hashable, list[Candidate]] = {}
    for candidate in present:
        if candidate.steps:
            kind = (candidate.event.event_type, candidate.steps)
            kinds.setdefault(kind, []).append(candidate)
    found = [next((each for each in same if each.entry), same[0]) for same in kinds.values()]
    return sorted(found, key=lambda each: (min(each.steps), present.index(each)))


# ----------------------------------------------------------------------------------- numbers


def answer(name: str, chosen: Sequence[Chosen], funnel: Funnel) -> Answer:
    """Return the numbers of the chosen sequences, and of each group of them."""
    groups: dict[str, list[Chosen]] = {}
    if funnel.group_by is not None:
        for each in chosen:
            groups.setdefault(group_label(each, funnel), []).append(each)
    steps = range(1, len(funnel.steps) + 1)
    times = [seconds_between(chosen, funnel, step - 1, step) for step in steps]
    whole = seconds_between(chosen, funnel, 1, len(funnel.steps))
    return Answer(
        name=name,
        counts=tuple(sum(len(each) >= step for each in chosen) for step in steps),
        average_seconds=tuple(map(average, times)),
        median_seconds=tuple(map(median, times)),
        whole_average=average(whole),
        whole_median=median(whole),
        chosen={each.unit: tuple(filled.by.event.time for filled in each.way) for each in chosen},
        excluded_drop_off=tuple(
            sum(len(each) == step - 1 and was_excluded(each, funnel) for each in chosen)
            for step in steps
        ),
        frequency=()
        if funnel.order == "any"
        else tuple(
            Counter(times_done(each, step) for each in chosen if len(each) > step)
            for step in steps[:-1]
        ),
        groups={
            label: answer(label, members, replace(funnel, group_by=None))
            for label, members in groups.items()
        },
    )


def was_excluded(each: Chosen, funnel: Funnel) -> bool:
    """Say whether the unit would have gone on but for an exclusion of this pair of steps (A6)."""
    covered = [
        exclusion.between is None
        or funnel.order == "any"
        or funnel.settings.excluded_drop_off == "any pair"
        or exclusion.between[0] <= len(each) < exclusion.between[1]
        for exclusion in funnel.exclusions
    ]
    return any(covered) and each.free > len(each)


def times_done(each: Chosen, step: int) -> int:
    """Return how often the step was done before the next one: in how many ticks (A11e)."""
    since, until = each.ticks[step - 1], each.ticks[step]
    ticks = {other.tick for other in each.candidates if step in other.steps}
    return max(1, sum(since <= tick < until for tick in ticks))


def group_label(each: Chosen, funnel: Funnel) -> str:
    """Return the value at the event that filled the step (specification A9)."""
    by = funnel.group_by
    assert by is not None
    for filled in each.way:
        if filled.step == by.step:
            values = [value_of(filled.by.event, prop) for prop in by.properties]
            return "; ".join(NONE if is_missing(value) else text(value) for value in values)
    return NOT_REACHED


def seconds_between(
    chosen: Sequence[Chosen], funnel: Funnel, first: int, last: int
) -> list[Fraction]:
    """Return the times from one step to another of the sequences that have both (A11b)."""
    if first < 1:
        return []
    return [
        Fraction(each.ticks[last - 1] - each.ticks[first - 1], ticks_per_second(funnel))
        for each in chosen
        if len(each) >= last
    ]


def average(times: Sequence[Fraction]) -> Fraction | None:
    return sum(times, Fraction(0)) / len(times) if times else None


def median(times: Sequence[Fraction]) -> Fraction | None:
    return Fraction(statistics.median(times)) if times else None


def reference_over_time(
    events: Sequence[Event], funnel: Funnel, *, interval: Interval = "day"
) -> dict[str, tuple[int, ...]]:
    """Return the counts of the first segment per interval of entry (specification A11c).

    Intervals without an entry are left out. An interval is named by the day on which it begins, a
    shorter one by the local time with its offset from UTC, which tells apart the two hours between
    01:00 and 02:00 of the day on which clocks go back.
    """

    def bucket(event: Event) -> str:
        moment = local(event, funnel)
        if interval in ("5min", "hour"):
            minute = moment.minute // 5 * 5 if interval == "5min" else 0
            return moment.replace(minute=minute, second=0, microsecond=0).isoformat()
        entered = moment.date()
        if interval == "week":
            return (entered - timedelta(days=entered.weekday())).isoformat()
        return (entered.replace(day=1) if interval == "month" else entered).isoformat()

    found = {}
    for start in sorted({bucket(event) for event in rounded(events, funnel)}):
        first, *_others = reference(
            events, funnel, entered=lambda event, start=start: bucket(event) == start
        )
        if first.counts[0]:
            found[start] = first.counts
    return found
