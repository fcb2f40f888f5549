"""The fewest events on which two readings of a funnel differ, and what each says of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from funnelkit.model import Funnel
    from funnelkit.result.trace import Trace

SHRINK_SCHEMA: Final = "funnelkit.shrink/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShrunkEvent:
    """One event that makes a difference, with the properties that do.

    `columns` are further columns of the events at which the readings look.
    """

    user: str
    time: datetime
    event_type: str
    event_properties: Mapping[str, Any]
    user_properties: Mapping[str, Any]
    groups: Mapping[str, Any]
    columns: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Return the event as a line that funnelkit reads again."""
        found: dict[str, Any] = dict(self.columns)
        found |= {"event_type": self.event_type, "event_time": f"{self.time:%Y-%m-%d %H:%M:%S.%f}"}
        for name in ("event_properties", "user_properties", "groups"):
            if values := getattr(self, name):
                found[name] = dict(values)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one reading says of the events: `counts` of each place, and the trace of each user."""

    reading: str
    funnel: Funnel
    counts: Mapping[str, tuple[int, ...]]
    traces: tuple[Trace, ...]

    def why(self) -> tuple[str, ...]:
        """Return in words how each user counts, and what stopped the best of his attempts."""
        found = []
        for trace in self.traces:
            for unit in trace.units:
                best = max(unit.attempts, key=lambda one: (one.counts, one.steps), default=None)
                stopped = best.stopped if best is not None else None
                because = f" ({stopped})" if stopped else ""
                found.append(f"{trace.user} {unit.verdict}{because}")
        return tuple(found)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "reading": self.reading,
            "counts": {place: list(counts) for place, counts in self.counts.items()},
            "why": list(self.why()),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Shrunk:
    """The fewest events: without any one of them, or of their properties, both readings agree.

    `of_events` is how many there were, `tried` how often both readings were asked.
    """

    a: Said
    b: Said
    events: tuple[ShrunkEvent, ...]
    of_events: int
    tried: int

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values; the schema is `funnelkit.shrink/1`."""
        return {
            "schema": SHRINK_SCHEMA,
            "a": self.a.to_dict(),
            "b": self.b.to_dict(),
            "events": [event.to_dict() for event in self.events],
            "of_events": self.of_events,
        }
