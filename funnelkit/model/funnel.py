"""The funnel itself."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal, get_args
from zoneinfo import ZoneInfo

from funnelkit.errors import DefinitionError, did_you_mean
from funnelkit.model.choices import check_choice
from funnelkit.model.events import CUSTOM, IDENTIFY_CALLS, PSEUDO_EVENTS, Step
from funnelkit.model.filters import Property
from funnelkit.model.measures import Measures
from funnelkit.model.period import Period
from funnelkit.model.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from funnelkit.model.events import CustomEvent, EventSelector
    from funnelkit.model.filters import Filter
    from funnelkit.model.segments import Segment

DEFAULT_WINDOW: Final = timedelta(days=30)
"""The conversion window of Amplitude's API; its chart starts with one day (specification A3)."""

LONGEST_WINDOW: Final = timedelta(days=366)
MOST_STEPS: Final = 62  # one bit each in a signed 64-bit mask, and a bit to spare
MOST_ANY_ORDER_STEPS: Final = 12
MOST_SEGMENTS: Final = 61  # a bit more is for "no user_id"
MOST_FLAGS: Final = 62
LEAST_KIND_BITS: Final = 16  # totals tell events of different types in one second apart
MOST_GROUP_PROPERTIES: Final = 2
MOST_GROUPS: Final = 1000
MOST_COMPARED: Final = 2

Order = Literal["this", "any", "exact"]
CountBy = Literal["uniques", "totals"]
Unit = Literal["user", "session"]
Users = Literal["active", "new", "new on first day"]
Resolution = Literal["second", "millisecond"]


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Events that must not happen between two steps (1-based); None: between all (A6)."""

    events: tuple[EventSelector, ...]
    between: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if not self.events:
            raise DefinitionError("an exclusion has no event")
        if self.between is not None and not 1 <= self.between[0] < self.between[1]:
            first, last = self.between
            raise DefinitionError(
                f"an event is excluded between a step and a later one; got {first} and {last}"
            )


@dataclass(frozen=True, slots=True)
class GroupBy:
    """Up to two properties of the event that filled a step of the chosen conversion (A9).

    At most `limit` groups are told apart: by default 100 of one property, 500 of two.
    """

    properties: tuple[Property, ...]
    step: int = 1
    limit: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= len(self.properties) <= MOST_GROUP_PROPERTIES:
            raise DefinitionError(
                f"a funnel is grouped by one or two properties; got {len(self.properties)}"
            )
        if self.limit is not None and not 1 <= self.limit <= MOST_GROUPS:
            raise DefinitionError(f"1 to {MOST_GROUPS:,} groups can be shown; got {self.limit}")

    @property
    def most(self) -> int:
        """The number of groups that are told apart."""
        return self.limit or (100 if len(self.properties) == 1 else 500)


@dataclass(frozen=True, slots=True)
class ComparedEvent:
    """Another event in the place of a step (1-based): a funnel of its own (A8)."""

    step: int
    event: Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel:
    """A funnel as Amplitude's Funnel Analysis defines it.

    `window` is the time from step 1 to the last step, inclusive; None stands for the default of
    30 days (A3). `unit` is what is counted: users, sessions, or the values of a property. With
    `hold` it is each value of the held properties, too (A5). `resolution` says how fine times are
    compared (A10). `event_filters` leave out every event that fails one. `custom_events` are what
    steps call `ce:Name`; `inactive_events` are the types that `_active` leaves out.
    """

    steps: tuple[Step, ...]
    name: str | None = None
    segments: tuple[Segment, ...] = ()
    period: Period = field(default_factory=Period)
    timezone: str = "UTC"
    window: timedelta | None = None
    order: Order = "this"
    count_by: CountBy = "uniques"
    unit: Unit | Property = "user"
    users: Users = "active"
    hold: tuple[Property, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    group_by: GroupBy | None = None
    resolution: Resolution = "second"
    optional_step: int | None = None
    compared_events: tuple[ComparedEvent, ...] = ()
    event_filters: tuple[Filter, ...] = ()
    custom_events: tuple[CustomEvent, ...] = ()
    inactive_events: tuple[str, ...] = ()
    measures: Measures = field(default_factory=Measures)
    settings: Settings = field(default_factory=Settings)

    def __post_init__(self) -> None:
        if not 1 <= len(self.steps) <= MOST_STEPS:
            raise DefinitionError(f"a funnel has 1 to {MOST_STEPS} steps; got {len(self.steps)}")
        if not isinstance(self.unit, Property):
            check_choice("unit", self.unit, get_args(Unit))
        for name, choices in _CHOICES.items():
            check_choice(name, getattr(self, name), choices)
        if self.window is not None and not timedelta(seconds=1) <= self.window <= LONGEST_WINDOW:
            raise DefinitionError(
                "the conversion window lies between 1 second and 366 days; got "
                f"{self.window.days} days and {self.window.seconds} seconds"
            )
        _check_timezone(self.timezone)
        _check_period(self.period, self.timezone)
        _check_order(self)
        _check_segments(self)
        _check_variants(self)
        _check_custom_events(self)
        last = len(self.steps)
        for exclusion in self.exclusions:
            if exclusion.between is not None and exclusion.between[1] > last:
                raise DefinitionError(
                    f"an event is excluded between steps {exclusion.between[0]} and "
                    f"{exclusion.between[1]}, but the funnel has {last} steps"
                )
        if self.group_by is not None and not 1 <= self.group_by.step <= last:
            raise DefinitionError(
                f"the funnel is grouped at step {self.group_by.step}, but it has {last} steps"
            )

    @property
    def conversion_window(self) -> timedelta:
        """The window in force."""
        return DEFAULT_WINDOW if self.window is None else self.window

    @property
    def window_microseconds(self) -> int:
        """The window in force, as the engine counts time."""
        return self.conversion_window // timedelta(microseconds=1)

    @property
    def noun(self) -> str:
        """One of what is counted: a user, session, value (of `unit`), pair (held), or path."""
        if self.count_by == "totals":
            return "path"
        if self.hold:
            return "pair"
        return "value" if isinstance(self.unit, Property) else self.unit

    @property
    def has_entry_conditions(self) -> bool:
        """Whether more than a date range and a segment decides who enters."""
        return self.users != "active" or self.period.is_broken

    @property
    def minds_every_event(self) -> bool:
        """Whether events matter that no step names, so that identify calls could pass for some."""
        names = {selector.event_type for selector in self.selectors()}
        return (
            self.order == "exact"
            or self.users != "active"
            or not names.isdisjoint({*PSEUDO_EVENTS, *IDENTIFY_CALLS})
        )

    def selectors(self) -> Iterator[EventSelector]:
        """Yield every event selector that the definition names, custom events' members too."""
        for step in (*self.steps, *(compared.event for compared in self.compared_events)):
            yield from step.events
        for exclusion in self.exclusions:
            yield from exclusion.events
        for segment in self.segments:
            for performed in segment.performed:
                yield from performed.events
        for custom in self.custom_events:
            yield from custom.events

    def properties(self) -> Iterator[Property]:
        """Yield every property that the definition names, some of them more than once."""
        for selector in self.selectors():
            yield from (each.property for each in selector.filters)
        for segment in self.segments:
            yield from (each.property for each in segment.filters)
        yield from (each.property for each in self.event_filters)
        if self.group_by is not None:
            yield from self.group_by.properties
        yield from self.hold
        if isinstance(self.unit, Property):
            yield self.unit
        if self.measures.sum_of is not None:
            yield self.measures.sum_of

    def members(self, events: tuple[EventSelector, ...]) -> tuple[EventSelector, ...]:
        """Return the selectors with custom events replaced by what they stand for."""
        by_name = {CUSTOM + custom.name: custom.events for custom in self.custom_events}
        found: list[EventSelector] = []
        for selector in events:
            for member in by_name.get(selector.event_type, (selector,)):
                extra = () if member is selector else selector.filters
                found.append(replace(member, filters=member.filters + extra))
        return tuple(found)

    def variants(self) -> tuple[tuple[str, Funnel], ...]:
        """Return the plain funnels of which the definition consists, each with what sets it apart.

        An optional step makes two, with and without it; each compared event makes one more
        (specification A8). A funnel without either is its own only variant, called "".
        """
        found = [("", replace(self, optional_step=None, compared_events=()))]
        for step in sorted({compared.step for compared in self.compared_events}):
            events = [self.steps[step - 1]]
            events += [each.event for each in self.compared_events if each.step == step]
            found = [
                (_joined(name, event.label), _with_step(funnel, step, event))
                for name, funnel in found
                for event in events
            ]
        if self.optional_step is not None:
            label = self.steps[self.optional_step - 1].label
            found = [
                pair
                for name, funnel in found
                for pair in (
                    (_joined(name, f"with {label}"), funnel),
                    (_joined(name, f"without {label}"), _without(funnel, self.optional_step)),
                )
            ]
        return tuple(found)


_CHOICES: Final = {
    "order": get_args(Order),
    "count_by": get_args(CountBy),
    "users": get_args(Users),
    "resolution": get_args(Resolution),
}


def _joined(name: str, more: str) -> str:
    return f"{name}, {more}" if name else more


def _with_step(funnel: Funnel, number: int, step: Step) -> Funnel:
    steps = (*funnel.steps[: number - 1], step, *funnel.steps[number:])
    return replace(funnel, steps=steps)


def _without(funnel: Funnel, number: int) -> Funnel:
    """Return the funnel without a step; what is numbered by steps moves up."""

    def moved(step: int) -> int:
        return step - (step > number)

    # An end of an exclusion at the step itself goes to the next one on its far side.
    exclusions = tuple(
        exclusion
        if exclusion.between is None
        else replace(
            exclusion,
            between=(
                moved(exclusion.between[0]) - (exclusion.between[0] == number),
                moved(exclusion.between[1]),
            ),
        )
        for exclusion in funnel.exclusions
    )
    by = funnel.group_by
    if by is not None:
        by = None if by.step == number else replace(by, step=moved(by.step))
    steps = (*funnel.steps[: number - 1], *funnel.steps[number:])
    return replace(funnel, steps=steps, exclusions=exclusions, group_by=by)


def _check_period(period: Period, timezone: str) -> None:
    if period.is_relative:
        return
    start, end = period.bounds(timezone)
    if start is not None and end is not None and start >= end:
        raise DefinitionError(f"the period ends before it starts: {period.start} to {period.end}")


def _check_order(funnel: Funnel) -> None:
    if funnel.order == "any":
        if len(funnel.steps) > MOST_ANY_ORDER_STEPS:
            raise DefinitionError(
                f"in any order a funnel has at most {MOST_ANY_ORDER_STEPS} steps; "
                f"got {len(funnel.steps)}"
            )
        if funnel.count_by == "totals":
            raise DefinitionError(
                "in any order only uniques can be counted: nothing says how Amplitude pairs events"
            )
        if funnel.measures.frequency:
            raise DefinitionError("in any order no step comes before another: no frequency")
        if funnel.settings.any_order_steps == "any" and (
            funnel.measures.sum_of or (funnel.group_by and funnel.group_by.step > 1)
        ):
            raise DefinitionError(
                "where any steps count in any order, the last one or a later one is no certain "
                "step: group by step 1, and sum nothing"
            )
    interrupted_by_every = funnel.settings.exact_order_interrupted_by == "every event"
    if funnel.order == "exact" and funnel.exclusions and not interrupted_by_every:
        raise DefinitionError(
            "in exact order with exclusions every event interrupts: the setting "
            "exact_order_interrupted_by cannot be changed there"
        )
    if funnel.order != "this" and any(step.historical_count for step in funnel.steps):
        raise DefinitionError("a historical count needs this order (specification A11h)")


def _check_segments(funnel: Funnel) -> None:
    flags = len(funnel.segments) + 1
    if funnel.order == "exact" or funnel.exclusions:
        flags += len(funnel.steps) - 1
    if funnel.count_by == "totals":
        flags += LEAST_KIND_BITS
    if len(funnel.segments) > MOST_SEGMENTS or flags > MOST_FLAGS:
        raise DefinitionError(
            f"a funnel has at most {MOST_SEGMENTS} segments, less its pairs of steps where events "
            "are excluded"
        )
    names = [segment.name for segment in funnel.segments]
    if len(set(names)) < len(names):
        raise DefinitionError(f"two segments have the same name: {', '.join(names)}")


def _check_variants(funnel: Funnel) -> None:
    last = len(funnel.steps)
    if funnel.optional_step is not None and not 1 < funnel.optional_step < last:
        raise DefinitionError(
            f"only a step in the middle is optional; got step {funnel.optional_step} of {last}"
        )
    places = [compared.step for compared in funnel.compared_events]
    for step in places:
        if not 1 <= step <= last:
            raise DefinitionError(
                f"an event is compared at step {step}, but the funnel has {last} steps"
            )
        if places.count(step) > MOST_COMPARED or len(set(places)) > MOST_COMPARED:
            raise DefinitionError(
                "up to three events can be compared in one step, in up to two steps "
                "(specification A8)"
            )
        if step == funnel.optional_step:
            raise DefinitionError(f"step {step} is optional, so no event is compared there")


def _check_custom_events(funnel: Funnel) -> None:
    names = [CUSTOM + custom.name for custom in funnel.custom_events]
    if len(set(names)) < len(names):
        raise DefinitionError(f"two custom events have the same name: {', '.join(names)}")
    for selector in funnel.selectors():
        if selector.event_type.startswith(CUSTOM) and selector.event_type not in names:
            hint = did_you_mean(selector.event_type, names)
            raise DefinitionError(f"the custom event {selector.event_type!r} is not defined.{hint}")


def _check_timezone(name: str) -> None:
    from zoneinfo import ZoneInfoNotFoundError, available_timezones  # slow to list

    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        hint = did_you_mean(name, available_timezones())
        raise DefinitionError(f"unknown time zone {name!r}.{hint}") from None
