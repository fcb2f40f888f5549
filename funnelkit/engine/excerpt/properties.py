"""Which properties of which events an excerpt keeps, and what of their values.

Values that are shown or added up stay, and so do those into whose text or size a filter looks.
Where a filter only asks whether a value is one of some, all others are alike; where a value is
held, only equal ones must stay equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from funnelkit.engine.filters import wanted_arguments
from funnelkit.events.properties import PropertyType, expression
from funnelkit.events.sql import quote_identifier
from funnelkit.model import PSEUDO_EVENTS, SESSION_ID, Property

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from funnelkit.events.sql import Parameters
    from funnelkit.events.table import EventTable
    from funnelkit.model import EventSelector, Filter, Funnel, Scope

EQUALITY = {"is", "is not", "set is", "set is not", "set contains", "set does not contain"}
"""Operators that only ask which of the wanted values there are."""

OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptProperty:
    """A property that an excerpt keeps on events of some types (None: of all).

    `as_it_is`: every value is shown, added up or looked into. Else the `wanted` values stay, and
    all others are one; or with `held` each value becomes a hash of its own. A property that is both
    held and filtered stays as it is: what a filter takes for equal may have different texts.
    """

    property: Property
    types: frozenset[str] | None
    as_it_is: bool = False
    held: bool = False
    wanted: tuple[str, ...] = ()

    def __or__(self, other: KeptProperty) -> KeptProperty:
        types = None
        if self.types is not None and other.types is not None:
            types = self.types | other.types
        return KeptProperty(
            property=self.property,
            types=types,
            as_it_is=self.as_it_is or other.as_it_is,
            held=self.held or other.held,
            wanted=tuple(dict.fromkeys((*self.wanted, *other.wanted))),
        )

    def stays(self) -> bool:
        """Whether every value stays as it is."""
        return self.as_it_is or (self.held and bool(self.wanted))

    def json(self, table: EventTable, bind: Parameters, key: str) -> str:
        """Return the SQL of what stays of the value as JSON text; NULL where nothing does."""
        value = expression(table, self.property, bind)
        if value.type is PropertyType.MISSING:
            return "NULL"
        sql = value.sql if value.type is PropertyType.JSON else f"to_json({value.sql})"
        if not self.stays() and (self.held or value.type is not PropertyType.BOOLEAN):
            sql = self._without_others(sql, bind, key)
        if self.types is not None:
            column = f"CAST({quote_identifier(table.event_type)} AS VARCHAR)"
            names = ", ".join(map(bind.bind, sorted(self.types)))
            sql = f"CASE WHEN {column} IN ({names}) THEN {sql} END"
        return f"CAST({sql} AS VARCHAR)"

    def _without_others(self, sql: str, bind: Parameters, key: str) -> str:
        if self.held:
            item = f"to_json(CAST(fk_keyed({key}, fk_item_text(item)) AS VARCHAR))"
        else:
            other = OTHER
            while other in self.wanted:
                other += " value"
            known = f"fk_item_is(item, {wanted_arguments(self.wanted, bind)})"
            stays = f"json_type(item) = 'BOOLEAN' OR {known}"
            other = f"to_json(CAST({bind.bind(other)} AS VARCHAR))"
            item = f"CASE WHEN {stays} THEN item ELSE {other} END"
        items = f"list_transform(fk_items({sql}), lambda item: {item})"
        # A list stays a list; anything else is its only item.
        is_list = f"json_type(CAST({sql} AS JSON)) = 'ARRAY'"
        return f"CASE WHEN {is_list} THEN to_json({items}) ELSE ({items})[1] END"


def kept_properties(funnels: Iterable[Funnel]) -> tuple[KeptProperty, ...]:
    """Return every property of which the funnels' numbers depend, each once."""
    found: dict[Property, KeptProperty] = {}
    for funnel in funnels:
        for kept in _asked(funnel):
            known = found.get(kept.property)
            found[kept.property] = kept if known is None else known | kept
    return tuple(found.values())


def object_json(
    kept: Sequence[KeptProperty], scope: Scope, table: EventTable, bind: Parameters, key: str
) -> str | None:
    """Return the SQL of a JSON object of the properties of a scope; None where there is none.

    `key` is the placeholder of the key of hashes. What an event lacks is left out; an event that
    lacks all has NULL.
    """
    terms = []
    for one in kept:
        prop = one.property
        if prop.scope == scope and prop != SESSION_ID:
            name = f"CAST(to_json(CAST({bind.bind(prop.name)} AS VARCHAR)) AS VARCHAR)"
            terms.append(f"{name} || ':' || {one.json(table, bind, key)}")
    if not terms:
        return None
    body = f"concat_ws(',', {', '.join(terms)})"
    return f"CASE WHEN {body} <> '' THEN '{{' || {body} || '}}' END"


def _asked(funnel: Funnel) -> Iterator[KeptProperty]:
    first = funnel.steps[0].events
    for selector in selected(funnel):
        yield from _filtered(selector.filters, _types(funnel, [selector]))
    firsts = [*first, *(e for c in funnel.compared_events if c.step == 1 for e in c.event.events)]
    for segment in funnel.segments:
        yield from _filtered(segment.filters, _types(funnel, firsts))
    yield from _filtered(funnel.event_filters, None)
    if funnel.group_by is not None:
        for prop in funnel.group_by.properties:
            yield KeptProperty(property=prop, types=_at_step(funnel), as_it_is=True)
    if funnel.measures.sum_of is not None:
        types = _at_step(funnel)
        yield KeptProperty(property=funnel.measures.sum_of, types=types, as_it_is=True)
    held = [funnel.unit] if isinstance(funnel.unit, Property) else []
    for prop in (*held, *funnel.hold):
        yield KeptProperty(property=prop, types=None, held=True)


def selected(funnel: Funnel) -> Iterator[EventSelector]:
    """Yield every selector that plays a part, custom events replaced by what they stand for."""
    several = [step.events for step in funnel.steps]
    several += [compared.event.events for compared in funnel.compared_events]
    several += [exclusion.events for exclusion in funnel.exclusions]
    several += [each.events for segment in funnel.segments for each in segment.performed]
    for events in several:
        yield from funnel.members(events)


def _at_step(funnel: Funnel) -> frozenset[str] | None:
    """Return the types of the events of all steps: a variant may number them otherwise."""
    steps = [*funnel.steps, *(compared.event for compared in funnel.compared_events)]
    return _types(funnel, [event for step in steps for event in step.events])


def _types(funnel: Funnel, selectors: Iterable[EventSelector]) -> frozenset[str] | None:
    names = frozenset(one.event_type for one in funnel.members(tuple(selectors)))
    return None if names & PSEUDO_EVENTS else names


def _filtered(filters: Iterable[Filter], types: frozenset[str] | None) -> Iterator[KeptProperty]:
    for one in filters:
        if one.op in EQUALITY:
            yield KeptProperty(property=one.property, types=types, wanted=one.values)
        else:
            yield KeptProperty(property=one.property, types=types, as_it_is=True)
