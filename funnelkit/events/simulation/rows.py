"""Some events of a simulation, and what their sessions know at each of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
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
        return replace(
            self,
            session=self.session[rows],
            place=self.place[rows],
            kind=self.kind[rows],
            variant=self.variant[rows],
        )

    @property
    def address(self) -> Integers:
        """Return where each event's own random numbers are."""
        return self.states.number[self.session] * PLACES + self.place

    @property
    def product(self) -> Integers:
        """Return the catalog position of each event's product."""
        return self.states.product(self.session, self.place)

    def field(self, name: str) -> pa.Array:
        """Return what the session knows under one of the names in `values.FIELDS`."""
        if name.startswith("product."):
            return self.states.shop.columns[name].take(pa.array(self.product))
        return _FIELDS[name](self)

    def session_states(self, purpose: str) -> Iterator[SessionState]:
        """Yield what a function of the session is given, event by event."""
        catalog = self.states.shop.catalog.products
        bits = self.states.draws.stream(f"function {purpose}").bits(self.address)
        columns = zip(
            (self.states.number[self.session] + 1).tolist(),
            self.product.tolist(),
            self.states.cart[self.session].tolist(),
            self.field("user.id").to_pylist(),
            self.field("user.persona").to_pylist(),
            self.field("cart.id").to_pylist(),
            self.field("search.query").to_pylist(),
            self.field("search.results").to_pylist(),
            self.field("variant").to_pylist(),
            ((bits >> np.uint64(64 - BITS)).astype(np.float64) / CERTAIN).tolist(),
            strict=True,
        )
        for session, product, cart, *known in columns:
            yield SessionState(
                session, catalog[product], tuple(catalog[place] for place in cart), *known
            )


_FIELDS: Final[dict[str, Callable[[EventRows], pa.Array]]] = {
    "cart.id": lambda rows: rows.states.cart_id.take(pa.array(rows.session)),
    "cart.total": lambda rows: pa.array(rows.states.cart_total[rows.session]),
    "cart.quantity": lambda rows: pa.array(np.full(len(rows), CART)),
    "search.query": lambda rows: rows.states.query.take(pa.array(rows.session)),
    "search.results": lambda rows: pa.array(rows.states.results[rows.session]),
    "user.id": lambda rows: _named(rows.states.people.user_id, rows.states.user[rows.session]),
    "user.persona": lambda rows: _named(
        rows.states.people.personas, rows.states.persona[rows.session]
    ),
    "variant": lambda rows: _named(rows.variants or (None, None), rows.variant),
}


def _named(names: pa.StringArray | tuple[str | None, ...], codes: Integers) -> pa.StringArray:
    words = names if isinstance(names, pa.Array) else pa.array(names, type=pa.string())
    return words.take(pa.array(codes))
