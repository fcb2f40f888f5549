"""Event properties, column by column: from the values of the templates to one Arrow struct."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from funnelkit.errors import DefinitionError
from funnelkit.events.simulation.rows import Lookup
from funnelkit.events.simulation.values import (
    Computed,
    Constant,
    Expanded,
    Field,
    OneOf,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from funnelkit.events.simulation.draws import Flags, Integers
    from funnelkit.events.simulation.rows import EventRows
    from funnelkit.events.simulation.scenario import Scenario

FIELD_TYPES: Final = {
    "product.price": pa.float64(),
    "cart.total": pa.float64(),
    "cart.quantity": pa.int64(),
    "search.results": pa.int64(),
}
EXPAND: Final = "expand"


@dataclass(frozen=True, slots=True)
class Source:
    """A value, and which kinds of events carry it."""

    value: Value | Expanded
    kinds: Flags


class Carriers:
    """Which of some events are of certain kinds; many properties ask for the same kinds."""

    def __init__(self, rows: EventRows) -> None:
        """Take the events."""
        self.rows = rows
        self._known: dict[bytes, tuple[Integers, EventRows]] = {}

    def of(self, kinds: Flags) -> tuple[Integers, EventRows]:
        """Return the positions of the events of these kinds, and the events themselves."""
        key = kinds.tobytes()
        if key not in self._known:
            at = np.flatnonzero(kinds[self.rows.kind])
            self._known[key] = at, self.rows.pick(at)
        return self._known[key]


class PropertyColumns:
    """The struct of all properties that the events of a scenario can have."""

    def __init__(self, scenario: Scenario, product_id: pa.DataType) -> None:
        """Collect the properties of all templates; the same columns serve every period."""
        self.variants = None if scenario.experiment is None else scenario.experiment.variants
        templates = [template for period in scenario.periods for template in period.templates]
        events = [event for template in templates for event in template.events]
        sizes = [len(template.events) for template in templates]
        self.opening = np.array([0, *accumulate(sizes)][:-1], dtype=np.int64)
        self.kinds = len(events)
        self.sources: dict[str, list[Source]] = {}
        for kind, event in enumerate(events):
            for name, value in event.properties:
                self._source(name, value).kinds[kind] = True
        self.found: dict[str, set[pa.DataType]] = {
            name: {known for source in sources for known in _types(source.value, product_id)}
            for name, sources in self.sources.items()
            if name != EXPAND
        }

    def _source(self, name: str, value: Value | Expanded) -> Source:
        sources = self.sources.setdefault(name, [])
        for source in sources:
            if repr(source.value) == repr(value):  # 1 == True, and yet they differ
                return source
        sources.append(Source(value, np.zeros(self.kinds, dtype=np.bool_)))
        return sources[-1]

    @property
    def has_functions(self) -> bool:
        """Whether the types of some properties show only when functions have been called."""
        return any(
            isinstance(source.value, (Computed, Expanded))
            for sources in self.sources.values()
            for source in sources
        )

    def learn(self, rows: EventRows) -> None:
        """Call the functions on some events, to see what properties and types they give."""
        carriers = Carriers(rows)
        for name, sources in self.sources.items():
            for source in sources:
                if isinstance(source.value, Computed):
                    _, own = carriers.of(source.kinds)
                    self._learn(
                        name, [source.value.function(state) for state in own.session_states(name)]
                    )
        for name, (_, values) in self._expand(rows).items():
            self._learn(name, values)

    def _learn(self, name: str, values: list[Any]) -> None:
        try:
            found = pa.array(values).type
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as error:
            raise DefinitionError(f"property {name!r}: a function's values: {error}") from error
        self.found.setdefault(name, set()).update(() if pa.types.is_null(found) else (found,))

    @cached_property
    def types(self) -> dict[str, pa.DataType]:
        """Each property's type, in the order of the columns.

        Raises:
            DefinitionError: one property has values of different kinds.
        """
        return {name: _one_type(name, found) for name, found in self.found.items()}

    def struct(self, rows: EventRows) -> pa.StructArray:
        """Return one struct for each event; a property that an event lacks is null."""
        expanded = self._expand(rows)
        if not self.types:
            return pa.array([{}] * len(rows), type=pa.struct([]))
        carriers = Carriers(rows)
        columns = [self._column(name, carriers, expanded.get(name)) for name in self.types]
        return pa.StructArray.from_arrays(columns, names=list(self.types))

    def _column(
        self, name: str, carriers: Carriers, expanded: tuple[Integers, list[Any]] | None
    ) -> pa.Array:
        """Return one property: each source fills the rows of its kinds, the rest is null."""
        kind = self.types[name]
        parts = []
        for source in self.sources.get(name, ()):
            at, rows = carriers.of(source.kinds)
            if len(at):
                parts.append((at, _filling(name, source.value, rows, kind)))
        if expanded is not None:
            at, values = expanded
            parts.append((at, Lookup(pa.array(values, type=kind), np.arange(len(at)))))
        if not parts:
            return pa.nulls(len(carriers.rows), type=kind)
        codes = np.full(len(carriers.rows), -1, dtype=np.int32)
        before = 0
        for at, part in parts:
            codes[at] = part.codes + before
            before += len(part.values)
        values_of_all = [part.values.cast(kind) for _, part in parts]
        table = values_of_all[0] if len(parts) == 1 else pa.concat_arrays(values_of_all)
        return table.take(pa.array(codes, mask=codes < 0))

    def _expand(self, rows: EventRows) -> dict[str, tuple[Integers, list[Any]]]:
        """Return, for each property that functions add, the rows that have it and its values."""
        found: dict[str, tuple[list[int], list[Any]]] = {}
        for source in self.sources.get(EXPAND, ()):
            if isinstance(source.value, Expanded):
                at, own = Carriers(rows).of(source.kinds)
                for row, state in zip(at, own.session_states(EXPAND), strict=True):
                    for name, item in source.value.function(state).items():
                        places, values = found.setdefault(name, ([], []))
                        places.append(int(row))
                        values.append(item)
        return {
            name: (np.array(places, dtype=np.int64), values)
            for name, (places, values) in found.items()
        }


def _filling(name: str, value: Value | Expanded, rows: EventRows, kind: pa.DataType) -> Lookup:
    """Return what a value gives for some events."""
    match value:
        case Constant(constant):
            return Lookup(pa.array([constant], type=kind), np.zeros_like(rows.session))
        case OneOf(options):
            draws = rows.states.draws.stream(f"property {name}")
            return Lookup(pa.array(options, type=kind), draws.below(rows.address, len(options)))
        case Field(field):
            return rows.field(field)
        case Computed(function):
            values = [function(state) for state in rows.session_states(name)]
            return Lookup(pa.array(values, type=kind), np.arange(len(rows)))
        case Expanded():
            raise AssertionError(name)


def _types(value: Value | Expanded, product_id: pa.DataType) -> Iterator[pa.DataType]:
    """Yield the type of a value, nothing where only a function knows."""
    match value:
        case Constant(constant):
            yield pa.scalar(constant).type
        case OneOf(options):
            yield pa.array(options).type
        case Field("product.id"):
            yield product_id
        case Field(field):
            yield FIELD_TYPES.get(field, pa.string())


def _one_type(name: str, found: set[pa.DataType]) -> pa.DataType:
    if found == {pa.int64(), pa.float64()}:
        return pa.float64()
    if len(found) > 1:
        kinds = " and ".join(sorted(map(str, found)))
        raise DefinitionError(
            f"property {name!r} is {kinds} in different events; give them different names"
        )
    return next(iter(found), pa.string())
