"""Who starts which session when, and how far it gets: numbers only, one array a column."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import numpy as np

from funnelkit.events.simulation.draws import threshold

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from funnelkit.events.simulation.draws import Draws, Integers
    from funnelkit.events.simulation.scenario import PeriodPlan, Scenario

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
HOUR: Final = timedelta(hours=1)
PLACES: Final = 64
"""Addresses per session: event k of session s draws at s * 64 + k."""


@dataclass(frozen=True, slots=True)
class Sessions:
    """The sessions of one period, in the order of production.

    `first` is the number of the first one; sessions, events and templates are numbered through all
    periods, and `first_event` and `first_template` say where this one begins. `start` is in
    microseconds since 1970 UTC, `user` counts users by their first session, `template` is a
    position in the period's templates, `variant` is 0 or 1, `reach` the number of events.
    """

    period: PeriodPlan
    first: int
    first_event: int
    first_template: int
    start: Integers
    user: Integers
    template: Integers
    variant: Integers
    reach: Integers

    @property
    def users(self) -> int:
        """How many different users have a session."""
        return int(np.count_nonzero(np.bincount(self.user)))

    @property
    def events(self) -> int:
        """How many events there are."""
        return int(self.reach.sum())


@dataclass(frozen=True, slots=True)
class Timeline:
    """The events of one period in the order of time, as (session, place in it, time).

    Events of the same microsecond stand in the order of production. `session` is a position in
    the period's `Sessions`.
    """

    session: NDArray[np.int32]
    place: NDArray[np.int8]
    time: Integers


def starts(scenario: Scenario, start: datetime, end: datetime) -> Integers:
    """Return the start of each session in [start, end), without jitter.

    Every hour from `start` on is a slot; it gets the whole part of its share of a day's sessions.
    """
    zone = ZoneInfo(scenario.timezone)
    slots, counts = [], []
    slot = start
    while slot < end:
        slots.append((slot - EPOCH) // MICROSECOND)
        counts.append(scenario.sessions_of_hour(slot.astimezone(zone).hour))
        slot += HOUR
    return np.repeat(np.array(slots, dtype=np.int64), counts)


def simulate_sessions(scenario: Scenario, draws: Draws) -> list[Sessions]:
    """Return the sessions of each period; all periods share one pool of users."""
    found: list[Sessions] = []
    first = first_event = first_template = active = 0
    for period, start, end in scenario.spans():
        start_of = starts(scenario, start, end)
        number = np.arange(first, first + len(start_of), dtype=np.int64)
        if scenario.jitter_seconds:
            span = scenario.jitter_seconds * 1000 + 1
            start_of = start_of + draws.stream("jitter").below(number, span) * 1000
        user, active = _users(scenario, draws, number, active)
        variant = _variants(scenario, draws, user)
        template = draws.stream("template").choice(number, period.weights)
        reach = _reach(scenario, period, draws, (number, template, variant))
        begin = (first, first_event, first_template)
        found.append(Sessions(period, *begin, start_of, user, template, variant, reach))
        first += len(number)
        first_event += found[-1].events
        first_template += len(period.templates)
    return found


def _users(scenario: Scenario, draws: Draws, number: Integers, active: int) -> tuple[Integers, int]:
    """Return each session's user, and how many users have been active by the end.

    A coin says whether a session wants a user who was there before. The coins alone fix who is
    new, so the number of users so far is a running sum, and a returning session draws from it.
    """
    new = ~draws.stream("returns").happens(number, threshold(scenario.returning))
    if not active and len(new):
        new[0] = True
    before = active + np.cumsum(new) - new
    returning = draws.stream("who returns").below(number, before)
    return np.where(new, before, returning), active + int(new.sum())


def _variants(scenario: Scenario, draws: Draws, user: Integers) -> Integers:
    if scenario.experiment is None:
        return np.zeros(len(user), dtype=np.int64)
    share = threshold(scenario.experiment.share)
    return draws.stream("variant").happens(user, share).astype(np.int64)


def _reach(
    scenario: Scenario,
    period: PeriodPlan,
    draws: Draws,
    sessions: tuple[Integers, Integers, Integers],
) -> Integers:
    """Return the number of events of each session: one draw before each event but the first."""
    number, template, variant = sessions
    longest = max(len(template.events) for template in period.templates)
    limits = np.zeros((len(period.templates), 2, longest), dtype=np.int64)
    for row, events in enumerate(period.templates):
        for column in (0, 1):
            chances = scenario.chances(period, events, column)
            limits[row, column, : len(chances)] = [threshold(chance) for chance in chances]
    stream = draws.stream("goes on")
    reach = np.ones(len(number), dtype=np.int64)
    going = np.arange(len(number))
    for place in range(1, longest):
        limit = limits[template[going], variant[going], place - 1]
        going = going[stream.happens(number[going] * PLACES + place, limit)]
        reach[going] += 1
    return reach


def lay_out(sessions: Sessions, scenario: Scenario, draws: Draws) -> Timeline:
    """Return the period's events in the order of time."""
    reach = sessions.reach
    session = np.repeat(np.arange(len(reach), dtype=np.int32), reach)
    opening = np.cumsum(reach) - reach
    place = (np.arange(len(session), dtype=np.int64) - opening[session]).astype(np.int8)
    shortest, longest = scenario.gap_seconds
    address = (sessions.first + session.astype(np.int64)) * PLACES + place
    gap = draws.stream("gap").below(address, longest - shortest + 1) + shortest
    gap[place == 0] = 0
    elapsed = np.cumsum(gap)
    elapsed -= elapsed[opening[session]]
    time = sessions.start[session] + elapsed * 1_000_000
    order = np.argsort(time, kind="stable")
    return Timeline(session[order], place[order], time[order])
