"""Which events fit a selector or a step, as SQL conditions (specification A7, A8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from funnelkit.engine.filters import condition
from funnelkit.events.sql import Parameters, quote_identifier
from funnelkit.model import ACTIVE_EVENT, ANY_EVENT, NEW_USER_EVENT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from funnelkit.events.table import EventTable
    from funnelkit.model import EventSelector, Filter, Funnel


@dataclass(frozen=True, slots=True)
class EventConditions:
    """The conditions of a funnel's selectors on the events of a table.

    `when_new` is the SQL by which an event counts for `_new`: its user is new on that day.
    """

    funnel: Funnel
    table: EventTable
    bind: Parameters
    when_new: str = "false"

    def passes(self, filters: Iterable[Filter]) -> str:
        """Return the condition that an event passes every filter."""
        missing = self.funnel.settings.is_not_on_missing == "holds"
        tests = (condition(each, self.table, self.bind, missing=missing) for each in filters)
        return " AND ".join(tests) or "true"

    def fits(self, events: tuple[EventSelector, ...]) -> str:
        """Return the condition that an event fits any of the selectors."""
        found = (self._one(selector) for selector in self.funnel.members(events))
        return f"({' OR '.join(found)})"

    def bits(
        self,
        events: Sequence[tuple[tuple[EventSelector, ...], int]],
        *,
        wide: str,
        more: Sequence[tuple[str, int]] = (),
    ) -> str:
        """Return the SQL of the OR of the bits of all selectors that an event fits.

        `events` pairs selectors with their bits, `more` conditions in SQL with theirs; `wide` is
        the integer type of the sum.
        """
        named: dict[tuple[Filter, ...], dict[str, int]] = {}
        tests: list[tuple[str, int]] = [*more]
        for several, bits in events:
            for selector in self.funnel.members(several):
                kind = selector.event_type
                if kind in {ACTIVE_EVENT, NEW_USER_EVENT} or (
                    kind == ANY_EVENT and selector.filters
                ):
                    tests.append((self._one(selector), bits))
                else:
                    alike = named.setdefault(selector.filters, {})
                    alike[kind] = alike.get(kind, 0) | bits
        terms = []
        if plain := named.pop((), None):
            terms.append(self._bits_of_types(plain, wide))
        for filters, types in named.items():  # what several steps ask for is looked at once
            of_types = self._bits_of_types(types, wide)
            terms.append(f"CASE WHEN {self.passes(filters)} THEN {of_types} ELSE 0::{wide} END")
        for test, bits in tests:
            terms.append(f"CASE WHEN {test} THEN {bits}::{wide} ELSE 0::{wide} END")
        return " | ".join(terms) or f"0::{wide}"

    def _bits_of_types(self, types: dict[str, int], wide: str) -> str:
        """Return the SQL of the bits of an event's type."""
        every = types.get(ANY_EVENT, 0)
        whens = "".join(
            f" WHEN {self.bind.bind(name)} THEN {bits | every}::{wide}"
            for name, bits in types.items()
            if name != ANY_EVENT
        )
        column = quote_identifier(self.table.event_type)
        return f"CASE {column}{whens} ELSE {every}::{wide} END" if whens else f"{every}::{wide}"

    def is_active(self) -> str:
        """Return the condition that an event's type is not inactive (specification A8)."""
        if not self.funnel.inactive_events:
            return "true"
        column = quote_identifier(self.table.event_type)
        names = ", ".join(map(self.bind.bind, self.funnel.inactive_events))
        return f"coalesce(CAST({column} AS VARCHAR) NOT IN ({names}), true)"

    def _one(self, selector: EventSelector) -> str:
        tests = [self.passes(selector.filters)] if selector.filters else []
        if selector.event_type == ACTIVE_EVENT:
            tests.insert(0, self.is_active())
        elif selector.event_type == NEW_USER_EVENT:
            tests.insert(0, self.when_new)
        elif selector.event_type != ANY_EVENT:
            column = quote_identifier(self.table.event_type)
            tests.insert(0, f"{column} = {self.bind.bind(selector.event_type)}")
        return " AND ".join(tests) or "true"
