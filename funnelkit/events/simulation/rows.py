"""Some events of a simulation, and what their sessions know at each of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from funnelkit.events.simulation.draws import BITS, CERTAIN
from funnelkit.events.simulation.sessions import PLACES
from funnelkit.events.simulation.states import CART
from funnelkit.events.simulation.values import SessionState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from funnelkit.events.simulation.draws import Integers
    from funnelkit.events.simulation.states import States


@dataclass(frozen=True, slots=True)
class Lookup:
    """A column in two parts: entry i is `values[codes[i]]`."""

    values: pa.Array
    codes: Integers

    def resolve(self) -> pa.Array:
        """Return the column."""
        return self.values.take(pa.array(self.codes))


@dataclass(frozen=True)
class EventRows:
    """Events as numbers, one entry each in every array.

    `session` is a position in `states`, `place` the place in the template, `kind` a number for
    template and place together, `variant` a position in `variants`.
    """

    states: States
    session: Integers
    place: Integers
    kind: Integers
    variant: Integers
    variants: tuple[str, str] | None

    def __len__(self) -> int:
        return len(self.session)

    def pick(self, rows: Integers) -> EventRows:
        """Return some of the events."""
        return EventRows(
            self.states,
            self.session[rows],
            self.place[rows],
            self.kind[rows],
            self.variant[rows],
            self.variants,
        )

    @property
    def address(self) -> Integers:
        """Return where each event's own random numbers are."""
        return self.states.number[self.session] * PLACES + self.place

    @cached_property
    def product(self) -> Integers:
        """The catalog position of each event's product."""
        return self.states.product(self.session, self.place)

    def field(self, name: str) -> Lookup:
        """Return what the sessions know under one of the names in `values.FIELDS`."""
        if name.startswith("product."):
            return Lookup(self.states.shop.columns[name], self.product)
        return _FIELDS[name](self)

    def session_states(self, purpose: str) -> Iterator[SessionState]:
        """Yield what a function of the session is given, event by event."""
        catalog = self.states.shop.catalog.products
        bits = self.states.draws.stream(f"function {purpose}").bits(self.address)
        columns = zip(
            (self.states.number[self.session] + 1).tolist(),
            self.product.tolist(),
            self.states.cart[self.session].tolist(),
            *(self.field(name).resolve().to_pylist() for name in _FIELDS_OF_A_STATE),
            ((bits >> np.uint64(64 - BITS)).astype(np.float64) / CERTAIN).tolist(),
            strict=True,
        )
        for session, product, cart, *known in columns:
            yield SessionState(
                session, catalog[product], tuple(catalog[place] for place in cart), *known
            )


_FIELDS_OF_A_STATE: Final = (
    "user.id", "user.persona", "cart.id", "search.query", "search.results", "variant",
)  # fmt: skip

_FIELDS: Final[dict[str, Callable[[EventRows], Lookup]]] = {
    "cart.id": lambda rows: Lookup(rows.states.cart_id, rows.session),
    "cart.total": lambda rows: Lookup(pa.array(rows.states.cart_total), rows.session),
    "cart.quantity": lambda rows: Lookup(pa.array([CART]), np.zeros_like(rows.session)),
    "search.query": lambda rows: Lookup(rows.states.query, rows.session),
    "search.results": lambda rows: Lookup(pa.array(rows.states.results), rows.session),
    "user.id": lambda rows: Lookup(rows.states.people.user_id, rows.states.user[rows.session]),
    "user.persona": lambda rows: Lookup(
        pa.array(rows.states.people.personas, type=pa.string()), rows.states.persona[rows.session]
    ),
    "variant": lambda rows: Lookup(
        pa.array(rows.variants or (None, None), type=pa.string()), rows.variant
    ),
}
