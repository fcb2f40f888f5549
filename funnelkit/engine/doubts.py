"""What may be wrong with a question: names that the data do not know."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from funnelkit.errors import did_you_mean
from funnelkit.events.connection import connect, data_errors
from funnelkit.events.properties import PropertyType, expression, known_properties
from funnelkit.events.sql import Parameters, quote_identifier
from funnelkit.model import ANY_EVENT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from funnelkit.events.table import EventTable
    from funnelkit.model import Funnel, Property


def undone_steps(funnel: Funnel, table: EventTable, seen: Sequence[bool]) -> Iterator[str]:
    """Yield a sentence for each step that no event fits, with the nearest names in the data."""
    if all(seen):
        return
    known = event_types(table)
    for number, (step, done) in enumerate(zip(funnel.steps, seen, strict=True), 1):
        if done:
            continue
        for selector in step.events:
            name = selector.event_type
            if name != ANY_EVENT and name not in known:
                hint = did_you_mean(name, known)
                yield f"step {number}: no event of the type {name!r} was read.{hint}"
            else:
                yield f"step {number}: nobody did {name!r} as the step asks"


def unknown_properties(funnel: Funnel, table: EventTable) -> Iterator[str]:
    """Yield a sentence for each property that no event has, with the nearest names in the data."""
    filters = [
        *(f for step in funnel.steps for selector in step.events for f in selector.filters),
        *(f for segment in funnel.segments for f in segment.filters),
    ]
    used = [filter_.property for filter_ in filters]
    used += funnel.group_by.properties if funnel.group_by else ()
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
