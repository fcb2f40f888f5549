"""What the statement reads of each event: who, when, which steps it fits, and what it says."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from funnelkit.engine.plain.conditions import Value, condition, label
from funnelkit.engine.rules import TICKS
from funnelkit.events.properties import PropertyType
from funnelkit.model import ACTIVE_EVENT, ANY_EVENT, IDENTIFY_CALLS, SESSION_ID

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from funnelkit.engine.plain.dialects.dialect import Dialect
    from funnelkit.engine.plain.sources import Source
    from funnelkit.model import EventSelector, Filter, Funnel, Property

_WIDE: Final = frozenset({ANY_EVENT, ACTIVE_EVENT})
_SLACK: Final = timedelta(days=1)  # more than any zone that a time without one may be in


class Reading:
    """The expressions of the first two CTEs: of the columns read, and of what follows from them.

    Each property that a condition asks for becomes a column `p1`, `p2` … of `funnel_events`, so
    that conditions are short and JSON is reached into once.
    """

    def __init__(self, funnel: Funnel, source: Source, dialect: Dialect) -> None:
        self.funnel = funnel
        self.source = source
        self.dialect = dialect
        self.steps = tuple(funnel.members(step.events) for step in funnel.steps)
        self.by = funnel.group_by.properties if funnel.group_by else ()
        self.of_sessions = funnel.unit == "session" or SESSION_ID in funnel.hold
        self._values: dict[Property, Value] = {}
        self._columns: list[str] = []
        self._named: list[str] = []

    def labels(self) -> Iterator[str]:
        """Yield the columns of `labelled`: steps that fit, segments that it passes, groups."""
        for number, events in enumerate(self.steps, start=1):
            fits = " OR ".join(self._selected(events))
            yield f"{fits if fits == 'true' else f'coalesce({fits}, false)'} AS fits_{number}"
        for number, segment in enumerate(self.funnel.segments, start=1):
            yield f"{self._all(segment.filters)} AS passes_{number}"
        for number, prop in enumerate(self.by, start=1):
            yield f"{label(self._value(prop), self.dialect)} AS group_{number}"
        yield from self.ties()

    def present(self) -> str:
        """Return the condition of the events that take part at all."""
        conditions = ["unit IS NOT NULL"]
        if self.of_sessions:
            conditions.append("session IS NOT NULL")
        if self.funnel.minds_every_event:
            calls = ", ".join(map(self.dialect.literal, IDENTIFY_CALLS))
            conditions.append(f"type NOT IN ({calls})")
        conditions += [self._condition(filter_) for filter_ in self.funnel.event_filters]
        return " AND ".join(conditions)

    def columns(self) -> Iterator[str]:
        """Yield the columns of `funnel_events`; last, since the others ask for properties."""
        yield f"{self.source.unit} AS unit"
        if self.of_sessions:
            yield f"{self.source.value(SESSION_ID).sql} AS session"
        yield f"{self.source.microseconds} AS us"
        yield f"{self.source.event_type} AS type"
        if self.by:
            yield from (
                f"{tie} AS {name}" for tie, name in zip(self.source.ties, self.ties(), strict=True)
            )
        yield from self._columns

    def ties(self) -> list[str]:
        """Return the columns that order events of one microsecond, which only groups need."""
        return [f"tie_{n}" for n in range(1, len(self.source.ties) + 1)] if self.by else []

    def properties(self) -> str:
        """Return a comment that says which column is which property."""
        return "".join(f"\n-- {line}" for line in self._named)

    def relevant(self) -> Iterator[str]:
        """Yield conditions that all events which matter meet, so that fewer are read."""
        types = dict.fromkeys(event.event_type for events in self.steps for event in events)
        if self.funnel.order != "exact" and _WIDE.isdisjoint(types):
            names = ", ".join(map(self.dialect.literal, types))
            yield f"{self.source.event_type} IN ({names})"
        if self.source.time is None:
            return
        start, end = self.funnel.period.bounds(self.funnel.timezone)
        last = TICKS[self.funnel.resolution] + self.funnel.window_microseconds
        for sign, moment in ((">=", _moment(start, -_SLACK)), ("<", _moment(end, _SLACK, last))):
            if moment:
                yield f"{self.source.time} {sign} '{moment}'"

    def _selected(self, events: Iterable[EventSelector]) -> Iterator[str]:
        for event in events:
            conditions = [self._condition(filter_) for filter_ in event.filters]
            if event.event_type == ACTIVE_EVENT:
                inactive = ", ".join(map(self.dialect.literal, self.funnel.inactive_events))
                conditions[:0] = [f"type NOT IN ({inactive})"] if inactive else []
            elif event.event_type != ANY_EVENT:
                conditions.insert(0, f"type = {self.dialect.literal(event.event_type)}")
            yield " AND ".join(conditions) or "true"

    def _all(self, filters: Iterable[Filter]) -> str:
        return " AND ".join(map(self._condition, filters)) or "true"

    def _condition(self, filter_: Filter) -> str:
        return condition(filter_, self._value(filter_.property), self.dialect)

    def _value(self, prop: Property) -> Value:
        """Return the column of a property, a new one if it is asked for the first time."""
        if prop not in self._values:
            found = self.source.value(prop)
            name = f"p{len(self._columns) + 1}"
            if found.type is not PropertyType.MISSING:
                self._columns.append(f"{found.sql} AS {name}")
                self._named.append(f"{name}: {prop.scope} property {json.dumps(prop.name)}")
                found = Value(name, found.type)
            self._values[prop] = found
        return self._values[prop]


def _moment(us: int | None, slack: timedelta, more: int = 0) -> str | None:
    """Return the time as text, with some slack; None where there is no such time."""
    if us is None:
        return None
    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us + more) + slack
    except OverflowError:
        return None
    return moment.strftime("%Y-%m-%d %H:%M:%S") if moment.year >= 1900 else None  # noqa: PLR2004
