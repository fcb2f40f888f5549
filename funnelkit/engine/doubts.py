"""What may be wrong with a question: names that the data do not know."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from funnelkit.errors import did_you_mean
from funnelkit.events.connection import connect, data_errors
from funnelkit.events.properties import PropertyType, expression, known_properties
from funnelkit.events.sql import Parameters, quote_identifier
from funnelkit.model import ACTIVE_EVENT, ANY_EVENT, NEW_USER_EVENT, Property

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from funnelkit.events.table import EventTable
    from funnelkit.model import Funnel

PSEUDO = {ANY_EVENT, ACTIVE_EVENT, NEW_USER_EVENT}


def undone_steps(funnel: Funnel, table: EventTable, seen: Sequence[bool]) -> Iterator[str]:
    """Yield a sentence for each step that no event fits, with the nearest names in the data."""
    if all(seen):
        return
    known = event_types(table)
    for number, (step, done) in enumerate(zip(funnel.steps, seen, strict=True), 1):
        if done:
            continue
        for selector in funnel.members(step.events):
            name = selector.event_type
            if name not in PSEUDO and name not in known:
                hint = did_you_mean(name, known)
                yield f"step {number}: no event of the type {name!r} was read.{hint}"
            else:
                yield f"step {number}: nobody did {name!r} as the step asks"


def unknown_events(funnel: Funnel, table: EventTable) -> Iterator[str]:
    """Yield a sentence for each event that is no step, is asked for, and never happened."""
    asked = [
        *(("excluded", exclusion.events) for exclusion in funnel.exclusions),
        *(
            (f"asked for by the segment {segment.name!r}", performed.events)
            for segment in funnel.segments
            for performed in segment.performed
        ),
    ]
    inactive = dict.fromkeys(funnel.inactive_events)
    if not asked and not inactive:
        return
    known = event_types(table)
    names = [
        (what, selector.event_type)
        for what, events in asked
        for selector in funnel.members(events)
        if selector.event_type not in PSEUDO
    ]
    names += [("called inactive", name) for name in inactive]
    for what, name in names:
        if name not in known:
            hint = did_you_mean(name, known)
            yield f"no event of the type {name!r}, which is {what}, was read.{hint}"


def unknown_properties(funnel: Funnel, table: EventTable) -> Iterator[str]:
    """Yield a sentence for each property that no event has, with the nearest names in the data."""
    filters = [f for selector in funnel.selectors() for f in selector.filters]
    filters += [f for segment in funnel.segments for f in segment.filters]
    filters += funnel.event_filters
    used = [filter_.property for filter_ in filters]
    used += funnel.group_by.properties if funnel.group_by else ()
    used += funnel.hold
    used += [funnel.unit] if isinstance(funnel.unit, Property) else []
    used += [funnel.measures.sum_of] if funnel.measures.sum_of else []
    for prop in dict.fromkeys(used):
        if not _anybody_has(prop, table):
            hint = did_you_mean(prop.name, known_properties(table, prop.scope))
            yield f"no event has the {prop.scope} property {prop.name!r}; it is (none).{hint}"


def _anybody_has(prop: Property, table: EventTable) -> bool:
    """Tell whether a property exists: by the schema, or by the first event that has it."""
    bind = Parameters()
    value = expression(table, prop, bind)
    if value.type is not PropertyType.JSON:
        return value.type is not PropertyType.MISSING
    found = _rows(
        f"SELECT 1 FROM {table.relation(bind)} WHERE {value.sql} IS NOT NULL LIMIT 1", bind
    )
    return bool(found)


def event_types(table: EventTable) -> list[str]:
    """Return every event type in the data."""
    bind = Parameters()
    column = quote_identifier(table.event_type)
    found = _rows(
        f"SELECT DISTINCT {column} FROM {table.relation(bind)} WHERE {column} IS NOT NULL",
        bind,
    )
    return sorted(str(name) for (name,) in found)


def _rows(sql: str, bind: Parameters) -> list[tuple[Any, ...]]:
    with closing(connect()) as connection, data_errors("cannot read the events"):
        return connection.execute(sql, bind.used_in(sql)).fetchall()
