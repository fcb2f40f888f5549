"""Properties that a question names and events lack, with what is near."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any, get_args

from funnelkit.engine.sqlfiles import read_sql
from funnelkit.errors import fold, nearest
from funnelkit.events.connection import connect, data_errors
from funnelkit.events.properties import PropertyType, expression, known_properties
from funnelkit.events.sql import Parameters, quote_identifier
from funnelkit.model import NONE, PSEUDO_EVENTS, Property
from funnelkit.model.filters import Scope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from funnelkit.events.table import EventTable
    from funnelkit.model import EventSelector, Filter, Funnel

MOST_HINTS = 3


def unknown_properties(funnel: Funnel, table: EventTable) -> Iterator[str]:
    """Yield a sentence for each property that no event has, with the nearest names in the data."""
    for prop in dict.fromkeys(funnel.properties()):
        if not _anybody_has(prop, table):
            hint = _near(prop, table)
            yield f"no event has the {prop.scope} property {prop.name!r}; it is (none).{hint}"


def held_in_vain(selector: EventSelector, funnel: Funnel, table: EventTable) -> Property | None:
    """Return a property without which events of a type take no part, and which none of them has.

    That is one that is held, or whose values are counted (specification A5, A13).
    """
    needed = [funnel.unit] if isinstance(funnel.unit, Property) else []
    if funnel.settings.hold_missing != "a value":
        needed += funnel.hold
    return _lacking(needed, selector, table)


def asked_in_vain(selector: EventSelector, table: EventTable) -> Property | None:
    """Return a property for a value of which a selector asks, and which no event of it has."""
    return _lacking([f.property for f in selector.filters if _asks_for_a_value(f)], selector, table)


def ask(sql: str, bind: Parameters) -> list[tuple[Any, ...]]:
    """Return the rows that the events give to a small question."""
    with closing(connect()) as connection, data_errors("cannot read the events"):
        connection.execute(read_sql("properties")).fetchall()
        return connection.execute(sql, bind.used_in(sql)).fetchall()


def of_type(selector: EventSelector, table: EventTable, bind: Parameters) -> str:
    """Return the condition that an event is of the selector's type, its filters aside."""
    if selector.event_type in PSEUDO_EVENTS:
        return "true"
    return f"{quote_identifier(table.event_type)} = {bind.bind(selector.event_type)}"


def _asks_for_a_value(filter_: Filter) -> bool:
    return "not" not in filter_.op.split() and NONE not in filter_.values


def _lacking(props: list[Property], selector: EventSelector, table: EventTable) -> Property | None:
    for prop in dict.fromkeys(props):
        bind = Parameters()
        value = expression(table, prop, bind).sql
        known = of_type(selector, table, bind)
        relation = table.relation(bind)
        if not ask(
            f"SELECT 1 FROM {relation} WHERE {known} AND ({value}) IS NOT NULL LIMIT 1", bind
        ):
            return prop
    return None


def _anybody_has(prop: Property, table: EventTable) -> bool:
    """Tell whether a property exists: by the schema, or by the first event that has it."""
    bind = Parameters()
    value = expression(table, prop, bind)
    if value.type is not PropertyType.JSON:
        return value.type is not PropertyType.MISSING
    return bool(
        ask(f"SELECT 1 FROM {table.relation(bind)} WHERE {value.sql} IS NOT NULL LIMIT 1", bind)
    )


def _near(prop: Property, table: EventTable) -> str:
    """Return ` Did you mean 'plan' or user.plan?`: names of the scope, and those of others.

    A name of another scope that is the same but for its spelling comes first. What was meant as
    one of another scope may also have been written as such: `usr.plan`.
    """
    own = nearest(prop.name, known_properties(table, prop.scope))
    hints = {repr(name): fold(name) == fold(prop.name) for name in own}
    for scope in get_args(Scope):
        if scope == prop.scope:
            continue
        names = known_properties(table, scope)
        found = dict.fromkeys(nearest(prop.name, names))
        if prop.scope == "event":
            said = {f"{scope}.{name}": name for name in names}
            found |= {said[each]: None for each in nearest(prop.name, said) if "." in prop.name}
        for name in found:
            shown = f"the event property {name!r}" if scope == "event" else f"{scope}.{name}"
            hints[shown] = fold(name) == fold(prop.name)
    best = sorted(hints, key=lambda hint: not hints[hint])[:MOST_HINTS]
    return f" Did you mean {' or '.join(best)}?" if best else ""
