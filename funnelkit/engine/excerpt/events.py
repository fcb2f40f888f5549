"""Which events decide the numbers of some funnels, as SQL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from funnelkit.engine.events_sql import EventConditions
from funnelkit.engine.excerpt.properties import selected
from funnelkit.engine.history import LOOK_BACK
from funnelkit.engine.query import no_identify_call, ties
from funnelkit.engine.rules import rules_of
from funnelkit.engine.sqlfiles import read_sql
from funnelkit.engine.units import has_sessions, user_key, with_sessions
from funnelkit.model import NEW_USER_EVENT, Property

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from duckdb import DuckDBPyConnection

    from funnelkit.events.sql import Parameters
    from funnelkit.events.table import EventTable
    from funnelkit.model import Funnel

MICROSECOND = timedelta(microseconds=1)
MARGIN = 2_000_000
"""Microseconds beyond each end of the dates, since times may be rounded."""


@dataclass(frozen=True, slots=True)
class ExcerptEvents:
    """The events that decide the numbers of `funnels`, none of which has a relative period.

    `asks_for_ends`: the first and the last event of all stay, since intervals and ages go by them.
    """

    funnels: Sequence[Funnel]
    table: EventTable
    bind: Parameters
    asks_for_ends: bool

    def numbers_sessions(self, connection: DuckDBPyConnection) -> bool:
        """Tell whether sessions are counted that the events do not name."""
        by_session = any(funnel.unit == "session" for funnel in self.funnels)
        return by_session and not has_sessions(self.table, connection)

    def create(self, connection: DuckDBPyConnection) -> None:
        """Create the temporary table `fk_excerpt` of the events."""
        table, bind = self.table, self.bind
        user = user_key(table, connection, exact=True)
        relation = table.relation(bind)
        if self.numbers_sessions(connection):
            relation = f"(SELECT * FROM {relation} WHERE {no_identify_call(table)})"
            relation = with_sessions(relation, table, user=user)
        named, other = [], []
        for funnel in self.funnels:
            conditions = EventConditions(funnel, table, bind, when_new="true")
            takes_part = " AND ".join(self._takes_part(funnel, conditions, user, relation))
            fits = conditions.fits(tuple(selected(funnel)))
            named.append(f"({takes_part} AND {fits})")
            if funnel.order == "exact":
                other.append(f"({takes_part})")
        order = ties(table, *self.funnels)
        also = ""
        first = edge = "false"
        if any(_asks_who_is_new(funnel) for funnel in self.funnels):
            is_event = no_identify_call(table)
            nth = f"row_number() OVER (PARTITION BY fk_who, {is_event} ORDER BY fk_when, {order})"
            first = f"({is_event} AND {nth} = 1)"
            also += " OR fk_who IN (SELECT fk_who FROM marked WHERE fk_named OR fk_other)"
        if self.asks_for_ends:
            ends = (
                f"row_number() OVER (ORDER BY fk_when{way}, {order}) = 1" for way in ("", " DESC")
            )
            edge = f"({' OR '.join(ends)})"
            also += " OR fk_when IN (SELECT unnest([min(fk_when), max(fk_when)]) FROM marked)"
        sql = read_sql("excerpt").format(
            user=user,
            us=table.microseconds(),
            named=f"coalesce({' OR '.join(named)}, false)",
            other=f"coalesce({' OR '.join(other) or 'false'}, false)",
            events=relation,
            first=first,
            edge=edge,
            also=also,
            tick=rules_of(self.funnels[0]).tick,
            thin="true" if self._is_thin() else "false",
            ties=order,
        )
        connection.execute(sql, bind.used_in(sql)).fetchall()

    def _takes_part(
        self, funnel: Funnel, conditions: EventConditions, user: str, relation: str
    ) -> Iterator[str]:
        """Yield the conditions that an event can matter, whatever its type."""
        table, bind = self.table, self.bind
        us = table.microseconds()
        start, end = funnel.period.bounds(funnel.timezone)
        before = _look_back(funnel)
        if start is not None and before is not None:
            yield f"{us} >= {bind.bind(start - before - MARGIN)}"
        if end is not None:
            yield f"{us} <= {bind.bind(end + funnel.window_microseconds + MARGIN)}"
        if funnel.event_filters:
            yield conditions.passes(funnel.event_filters)
        if funnel.minds_every_event:
            yield no_identify_call(table)
        if not isinstance(funnel.unit, Property):
            firsts = [*funnel.steps[0].events]
            firsts += [e for c in funnel.compared_events if c.step == 1 for e in c.event.events]
            enters = [conditions.fits(funnel.members(tuple(firsts)))]
            enters += [] if start is None else [f"{us} >= {bind.bind(start - MARGIN)}"]
            enters += [] if end is None else [f"{us} <= {bind.bind(end + MARGIN)}"]
            yield f"{user} IN (SELECT {user} FROM {relation} WHERE {' AND '.join(enters)})"
        yield "true"

    def _is_thin(self) -> bool:
        """Whether of events that only lie between others one in a gap says as much as all."""
        exact = [funnel for funnel in self.funnels if funnel.order == "exact"]
        ticks = {(rules_of(one).tick, rules_of(one).added) for one in self.funnels}
        return ticks in ({(1_000_000, 0)}, {(1_000, 0)}) and all(
            one.unit == "user"
            and not one.hold
            and one.count_by == "uniques"
            and one.settings.exact_order_interrupted_by == "every event"
            for one in exact
        )


def _asks_who_is_new(funnel: Funnel) -> bool:
    named = any(selector.event_type == NEW_USER_EVENT for selector in funnel.selectors())
    return named or funnel.users != "active"


def _look_back(funnel: Funnel) -> int | None:
    """Return how long before the dates events matter, in microseconds; None: always."""
    found = funnel.window_microseconds if funnel.order == "any" else 0
    steps = [*funnel.steps, *(compared.event for compared in funnel.compared_events)]
    if any(step.historical_count is not None for step in steps):
        found = max(found, LOOK_BACK)
    for segment in funnel.segments:
        for performed in segment.performed:
            if performed.ever:
                return None
            found = max(found, (performed.within or timedelta()) // MICROSECOND)
    return found
