"""The definition of a funnel: frozen records, in Amplitude's words.

A record checks itself when it is made and raises `DefinitionError`. It knows nothing of text,
files or engines: `specs` writes and reads these records, `engine` computes them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final, Literal, get_args
from zoneinfo import ZoneInfo

from funnelkit.errors import DefinitionError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

NONE: Final = "(none)"
"""The value that stands for "no value" (specification A7)."""

ANY_EVENT: Final = "_all"
"""The event type that stands for [Amplitude] Any Event (specification A8)."""

DEFAULT_WINDOW: Final = timedelta(days=30)
"""The conversion window of Amplitude's API; its chart starts with one day (specification A3)."""

LONGEST_WINDOW: Final = timedelta(days=366)
MOST_STEPS: Final = 62  # one bit each in a signed 64-bit mask, and a bit to spare
MOST_SEGMENTS: Final = 61  # a bit more is for "no user_id"

Operator = Literal[
    "is", "is not", "contains", "does not contain", "has prefix", "does not have prefix",
    "less", "less or equal", "greater", "greater or equal",
    "set is", "set is not", "set contains", "set does not contain",
    "glob match", "glob does not match",
]  # fmt: skip
"""Amplitude's operators, spelt as its API spells them (specification A7)."""

Scope = Literal["event", "user"]
Unit = Literal["user", "session"]
Resolution = Literal["second", "millisecond"]


def _check_choice(what: str, value: object, choices: Sequence[str]) -> None:
    if value not in choices:
        hint = did_you_mean(str(value), choices)
        raise DefinitionError(f"{what} is one of {', '.join(choices)}; got {value!r}.{hint}")


@dataclass(frozen=True, slots=True)
class Property:
    """A property of the event (`feature`) or of the user (`user.plan`)."""

    name: str
    scope: Scope = "event"

    def __post_init__(self) -> None:
        _check_choice("the scope of a property", self.scope, get_args(Scope))
        if not self.name:
            raise DefinitionError("a property needs a name")


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition on a property; several values mean OR (specification A7).

    Values are text, as in Amplitude's API: `36` matches the number 36 and the text "36",
    `true` the boolean, and `(none)` a missing value.
    """

    property: Property
    op: Operator
    values: tuple[str, ...]

    def __post_init__(self) -> None:
        _check_choice("an operator", self.op, get_args(Operator))
        if not self.values:
            raise DefinitionError(f"the filter on {self.property.name!r} has no value")


@dataclass(frozen=True, slots=True)
class EventSelector:
    """Events of one type that pass every filter; `_all` is any event."""

    event_type: str
    filters: tuple[Filter, ...] = ()

    def __post_init__(self) -> None:
        if not self.event_type:
            raise DefinitionError("an event type is empty")


@dataclass(frozen=True, slots=True)
class Step:
    """One step: an event, or several of which any one will do (Amplitude's inline OR)."""

    events: tuple[EventSelector, ...]

    def __post_init__(self) -> None:
        if not self.events:
            raise DefinitionError("a step has no event")

    @property
    def label(self) -> str:
        """The event types, joined by ` | `, without their filters."""
        return " | ".join(selector.event_type for selector in self.events)

    def where(self, *filters: Filter) -> Step:
        """Return this step with further filters on each of its events."""
        added = (replace(event, filters=event.filters + filters) for event in self.events)
        return Step(tuple(added))


@dataclass(frozen=True, slots=True)
class Segment:
    """A named series: users whose step-1 event passes every filter (specification A7, A9)."""

    name: str
    filters: tuple[Filter, ...] = ()


@dataclass(frozen=True, slots=True)
class Period:
    """The dates in which step 1 must happen (specification A4).

    A `date` is a whole day in the project's time zone, at either end. A `datetime` is an instant;
    as an end it is exclusive. A `datetime` without an offset is local to the project's time zone.
    """

    start: date | datetime | None = None
    end: date | datetime | None = None

    def bounds(self, timezone: str) -> tuple[int | None, int | None]:
        """Return the half-open range [start, end) in microseconds since 1970 UTC; None is open."""
        zone = ZoneInfo(timezone)
        first = None if self.start is None else _instant(self.start, zone)
        last = self.end
        if last is not None and not isinstance(last, datetime):
            if last == date.max:
                return first, None
            last += timedelta(days=1)
        return first, None if last is None else _instant(last, zone)


def _instant(moment: date | datetime, zone: ZoneInfo) -> int:
    """Return microseconds since 1970 UTC; a day begins at its first existing instant."""
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel:
    """A funnel as Amplitude's Funnel Analysis defines it: this order, counted by uniques.

    `window` is the time from step 1 to the last step, inclusive; None stands for the default of
    30 days (specification A3). `unit` is what is counted. `group_by` takes its value from the
    step-1 event of the chosen conversion (A9). `resolution` says how fine times are compared (A10).
    """

    steps: tuple[Step, ...]
    name: str | None = None
    segments: tuple[Segment, ...] = ()
    period: Period = Period()
    timezone: str = "UTC"
    window: timedelta | None = None
    unit: Unit = "user"
    group_by: Property | None = None
    resolution: Resolution = "second"

    def __post_init__(self) -> None:
        if not 1 <= len(self.steps) <= MOST_STEPS:
            raise DefinitionError(f"a funnel has 1 to {MOST_STEPS} steps; got {len(self.steps)}")
        _check_choice("unit", self.unit, get_args(Unit))
        _check_choice("resolution", self.resolution, get_args(Resolution))
        if self.window is not None and not timedelta(seconds=1) <= self.window <= LONGEST_WINDOW:
            raise DefinitionError(
                "the conversion window lies between 1 second and 366 days; got "
                f"{self.window.days} days and {self.window.seconds} seconds"
            )
        if len(self.segments) > MOST_SEGMENTS:
            raise DefinitionError(f"a funnel has at most {MOST_SEGMENTS} segments")
        names = [segment.name for segment in self.segments]
        if len(set(names)) < len(names):
            raise DefinitionError(f"two segments have the same name: {', '.join(names)}")
        _check_timezone(self.timezone)
        start, end = self.period.bounds(self.timezone)
        if start is not None and end is not None and start >= end:
            raise DefinitionError(
                f"the period ends before it starts: {self.period.start} to {self.period.end}"
            )

    @property
    def conversion_window(self) -> timedelta:
        """The window in force."""
        return DEFAULT_WINDOW if self.window is None else self.window

    @property
    def window_microseconds(self) -> int:
        """The window in force, as the engine counts time."""
        return self.conversion_window // timedelta(microseconds=1)


def _check_timezone(name: str) -> None:
    from zoneinfo import ZoneInfoNotFoundError, available_timezones  # slow to list

    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        hint = did_you_mean(name, available_timezones())
        raise DefinitionError(f"unknown time zone {name!r}.{hint}") from None
