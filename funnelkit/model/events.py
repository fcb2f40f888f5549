"""What can be a step: events, chosen by type and filters (specification A8)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal, get_args

from funnelkit.errors import DefinitionError
from funnelkit.model.choices import check_choice

if TYPE_CHECKING:
    from funnelkit.model.filters import Filter

ANY_EVENT: Final = "_all"
"""The event type that stands for [Amplitude] Any Event."""

ACTIVE_EVENT: Final = "_active"
"""The event type that stands for [Amplitude] Any Active Event: all but the inactive types."""

NEW_USER_EVENT: Final = "_new"
"""The event type that stands for New User: any event on the day of the user's first event."""

PSEUDO_EVENTS: Final = frozenset({ANY_EVENT, ACTIVE_EVENT, NEW_USER_EVENT})
"""What stands for events of several types."""

IDENTIFY_CALLS: Final = ("$identify", "$groupidentify")
"""What stands among events but is none: calls that set properties (specification A0, D3)."""

CUSTOM: Final = "ce:"
"""What the name of a custom event begins with where an event type is expected."""

CountOperator = Literal["is", "is not", "less", "less or equal", "greater", "greater or equal"]


@dataclass(frozen=True, slots=True)
class EventSelector:
    """Events of one type that pass every filter.

    `_all` is any event, `_active` any event of a type that is not inactive, `_new` any event on the
    day on which the user was new, and `ce:Name` a custom event of the funnel.
    """

    event_type: str
    filters: tuple[Filter, ...] = ()

    def __post_init__(self) -> None:
        if not self.event_type:
            raise DefinitionError("an event type is empty")

    @property
    def label(self) -> str:
        """The event type; `[Custom] Name` of a custom event, as Amplitude's answers call it."""
        if self.event_type.startswith(CUSTOM):
            return f"[Custom] {self.event_type.removeprefix(CUSTOM)}"
        return self.event_type


@dataclass(frozen=True, slots=True)
class HistoricalCount:
    """The n-th time that a user does what a step asks, counted after all its filters (A11h)."""

    op: CountOperator
    count: int

    def __post_init__(self) -> None:
        check_choice("the operator of a historical count", self.op, get_args(CountOperator))
        if self.count < 1:
            raise DefinitionError(f"a historical count is at least 1; got {self.count}")


@dataclass(frozen=True, slots=True)
class Step:
    """One step: an event, or several of which any one will do (Amplitude's inline OR)."""

    events: tuple[EventSelector, ...]
    historical_count: HistoricalCount | None = None

    def __post_init__(self) -> None:
        if not self.events:
            raise DefinitionError("a step has no event")

    @property
    def label(self) -> str:
        """The event types, joined by ` | `, without their filters."""
        return " | ".join(selector.label for selector in self.events)

    def where(self, *filters: Filter) -> Step:
        """Return this step with further filters on each of its events."""
        added = (replace(event, filters=event.filters + filters) for event in self.events)
        return replace(self, events=tuple(added))


@dataclass(frozen=True, slots=True)
class CustomEvent:
    """An event that a project defines as one of several others; steps call it `ce:Name`."""

    name: str
    events: tuple[EventSelector, ...]

    def __post_init__(self) -> None:
        if not self.name or not self.events:
            raise DefinitionError("a custom event has a name and at least one event")
        for selector in self.events:
            if selector.event_type.startswith(CUSTOM):
                raise DefinitionError(
                    f"the custom event {self.name!r} contains the custom event "
                    f"{selector.event_type!r}: they cannot be nested"
                )
