"""What one user did, and why he counts as he does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from funnelkit.charts import Chart
    from funnelkit.model import Funnel

TRACE_SCHEMA = "funnelkit.trace/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedEvent:
    """One event of a unit.

    `properties` are those that the definition mentions, as (name, text); `fits` are the steps
    (1-based) that the event can fill, `fills` those that it fills in what counts, and `path` is the
    number of the path it is in where totals are counted. `bars` are the pairs of steps between
    which it must not happen. `note` says what keeps it from being an entry, or is None.
    """

    time: datetime
    event_type: str
    properties: tuple[tuple[str, str], ...] = ()
    fits: tuple[int, ...] = ()
    fills: tuple[int, ...] = ()
    path: int | None = None
    bars: tuple[tuple[int, int], ...] = ()
    note: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "time": self.time.isoformat(),
            "event_type": self.event_type,
            "properties": dict(self.properties),
            "fits": list(self.fits),
            "fills": list(self.fills),
            "path": self.path,
            "bars": [list(pair) for pair in self.bars],
            "note": self.note,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """The best that began with one entry; entries in the same second are one. Or: one path.

    `events[k]` is the number (1-based) of the event that filled step k + 1, in any order with the
    setting `any` the k-th in time. `counts` tells whether it is the one that counts; of paths all
    do. `stopped` says in words why it went no further; None where it converted.
    """

    entered: datetime
    window_over: datetime
    steps: int
    events: tuple[int, ...]
    counts: bool
    stopped: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "entered": self.entered.isoformat(),
            "window_over": self.window_over.isoformat(),
            "steps": self.steps,
            "events": list(self.events),
            "counts": self.counts,
            "stopped": self.stopped,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitTrace:
    """The events of a unit in the order of time, and its attempts in the order of entry.

    `names` are what sets the unit apart, as (name, text). `verdict` says in words how it counts.
    """

    names: tuple[tuple[str, str], ...]
    events: tuple[TracedEvent, ...]
    attempts: tuple[Attempt, ...]
    verdict: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "unit": dict(self.names),
            "events": [event.to_dict() for event in self.events],
            "attempts": [attempt.to_dict() for attempt in self.attempts],
            "verdict": self.verdict,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """All that a user did, unit by unit: one, or one for each held value or session.

    `segment` is the name of the series that was asked, `variant` the funnel if there are several.
    `events` is the number of all the user's events (where the values of a property are counted, of
    all users who had it): those that no unit has cannot take part, as they have no held value or
    fail the filter on every event.
    """

    funnel: Funnel
    user: str
    segment: str
    variant: str | None
    events: int
    units: tuple[UnitTrace, ...]
    notes: tuple[str, ...] = ()

    def chart(self) -> Chart:
        """Return the picture: the events from above, a column per step, and what filled it."""
        from funnelkit.charts.trace import trace_chart

        return trace_chart(self)

    def to_dict(self) -> dict[str, Any]:
        """Return the trace as plain JSON values; the schema is `funnelkit.trace/1`."""
        from funnelkit.specs.tables import funnel_to_dict

        return {
            "schema": TRACE_SCHEMA,
            "funnel": funnel_to_dict(self.funnel),
            "user": self.user,
            "segment": self.segment,
            "variant": self.variant,
            "events": self.events,
            "units": [unit.to_dict() for unit in self.units],
            "notes": list(self.notes),
        }
