"""One spelling of all definitions that say the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from funnelkit.errors import DefinitionError
from funnelkit.specs.text import format_events, format_filter, format_property
from funnelkit.verification.definition import definition_of, funnel_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from funnelkit.model import EventSelector, Filter, Funnel, Segment, Step

T = TypeVar("T")
FIRST: Final = datetime(1990, 1, 1, tzinfo=UTC)
LAST: Final = datetime(2038, 1, 1, tzinfo=UTC)
"""Events happen between; from here on the rules of a zone repeat themselves."""

HALF_A_DAY: Final = timedelta(hours=12)
QUARTER: Final = timedelta(minutes=15)


def canonical(funnel: Funnel) -> Funnel:
    """Return the funnel with everything in order, and once, whose order changes no number.

    These are filters that all have to hold, the values of a filter, events of which any one will
    do, excluded events, held properties and inactive events. The order of steps, of compared events
    and of the properties of a group is kept: numbers and their names go by it.
    """
    return replace(
        funnel,
        steps=tuple(map(_step, funnel.steps)),
        segments=tuple(map(_segment, funnel.segments)),
        event_filters=_filters(funnel.event_filters),
        hold=_ordered(funnel.hold, format_property),
        exclusions=_ordered(
            (replace(one, events=_events(one.events)) for one in funnel.exclusions), repr
        ),
        compared_events=tuple(
            replace(one, event=_step(one.event)) for one in funnel.compared_events
        ),
        custom_events=_ordered(
            (replace(one, events=_events(one.events)) for one in funnel.custom_events), repr
        ),
        inactive_events=_ordered(funnel.inactive_events, str),
        period=replace(
            funnel.period, without_weekdays=_ordered(funnel.period.without_weekdays, str)
        ),
    )


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """Yield the keys of two definitions (`definition_of`) under which they say something else."""
    one, other = _spelt(before), _spelt(now)
    for key in dict.fromkeys([*before, *now]):
        if one.get(key) == other.get(key):
            continue
        zones = (str(values.get(key, "UTC")) for values in (one, other))
        if key != "timezone" or not same_zone(*zones):
            yield key


def same_zone(one: str, other: str) -> bool:
    """Whether the clocks of two time zones agreed at every moment since 1990.

    `Etc/UTC` is `UTC`, and `US/Pacific` is `America/Los_Angeles`.
    """
    from zoneinfo import ZoneInfo

    if one == other:
        return True
    left, right = ZoneInfo(one), ZoneInfo(other)

    def offsets(moment: datetime) -> tuple[timedelta | None, timedelta | None]:
        local = (moment.astimezone(zone).utcoffset() for zone in (left, right))
        return (next(local), next(local))

    moment, before = FIRST, offsets(FIRST)
    while before[0] == before[1]:
        if moment >= LAST:
            return True
        after = offsets(moment + HALF_A_DAY)
        if after != before:  # when exactly?
            steps = range(1, HALF_A_DAY // QUARTER)
            between = (offsets(moment + number * QUARTER) for number in steps)
            if any(first != second for first, second in between):
                return False
        moment, before = moment + HALF_A_DAY, after
    return False


def _spelt(definition: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        funnel = funnel_of(definition, folder=Path(), source="the definition")
    except DefinitionError:  # of another version, or edited: whoever reads it says so
        return definition
    return definition_of(canonical(funnel))


def _step(step: Step) -> Step:
    return replace(step, events=_events(step.events))


def _segment(segment: Segment) -> Segment:
    performed = (replace(one, events=_events(one.events)) for one in segment.performed)
    return replace(
        segment,
        filters=_filters(segment.filters),
        performed=_ordered(performed, repr),
        cohorts=_ordered(segment.cohorts, repr),
    )


def _events(events: Iterable[EventSelector]) -> tuple[EventSelector, ...]:
    found = (replace(event, filters=_filters(event.filters)) for event in events)
    return _ordered(found, lambda event: format_events([event]))


def _filters(filters: Iterable[Filter]) -> tuple[Filter, ...]:
    found = (replace(one, values=_ordered(one.values, str)) for one in filters)
    return _ordered(found, format_filter)


def _ordered(several: Iterable[T], key: Callable[[T], str]) -> tuple[T, ...]:
    return tuple(sorted(dict.fromkeys(several), key=key))
