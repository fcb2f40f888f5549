"""What each session knows: products on offer, the cart, the words searched for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from funnelkit.errors import DataError
from funnelkit.events.simulation.identifiers import uuids
from funnelkit.events.simulation.sessions import PLACES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from funnelkit.events.simulation.catalog import Catalog
    from funnelkit.events.simulation.draws import Draws, Integers
    from funnelkit.events.simulation.people import People

CART: Final = 3
WITHOUT_PERSONA: Final = 10


@dataclass(frozen=True, slots=True)
class Ragged:
    """Lists of different lengths in one array: list i has `size[i]` values from `offset[i]` on."""

    values: Integers
    offset: Integers
    size: Integers

    @classmethod
    def of(cls, lists: Sequence[Sequence[int]]) -> Ragged:
        """Return the lists one after the other."""
        sizes = [len(items) for items in lists]
        return cls(
            np.array([item for items in lists for item in items], dtype=np.int64),
            np.array([0, *accumulate(sizes)][:-1], dtype=np.int64),
            np.array(sizes, dtype=np.int64),
        )


class Shop:
    """The catalog as each persona sees it; the same for all sessions."""

    def __init__(self, catalog: Catalog, personas: Sequence[str], *, bugs: bool) -> None:
        """Find each persona's products: those whose category is one of its words.

        Raises:
            DataError: a persona has too few products for a cart.
        """
        self.catalog = catalog
        self.bugs = bugs
        products = catalog.products
        offers = [
            catalog.in_categories(persona.split("_")) if persona else tuple(range(len(products)))
            for persona in personas
        ]
        for persona, offer in zip(personas, offers, strict=True):
            if len(offer) < CART:
                raise DataError(
                    f"the catalog has {len(offer)} products for users of persona {persona!r}; "
                    f"a cart needs {CART}"
                )
        vocabulary: dict[str, int] = {}
        name_words = [
            [vocabulary.setdefault(word, len(vocabulary)) for word in product.name.split() or [""]]
            for product in products
        ]
        self.offers = Ragged.of(offers)
        self.words = Ragged.of(
            [[word for place in offer for word in name_words[place]] for offer in offers]
        )
        self.vocabulary = pa.array(list(vocabulary), type=pa.string())
        self.results = np.array(
            [
                len(offer) if persona else min(WITHOUT_PERSONA, len(offer))
                for persona, offer in zip(personas, offers, strict=True)
            ],
            dtype=np.int64,
        )
        self.cents = np.array([product.cents for product in products], dtype=np.int64)
        self.prices = np.array([product.price for product in products], dtype=np.float64)
        self.columns = {
            "product.id": pa.array([product.id for product in products]),
            "product.name": pa.array([product.name for product in products]),
            "product.category": pa.array([product.category for product in products]),
            "product.image": pa.array([product.image for product in products]),
            "product.price": pa.array(self.prices),
        }


class States:
    """The states of the sessions [first, first + len(user)), computed when first asked for."""

    def __init__(
        self, shop: Shop, people: People, draws: Draws, first: int, user: Integers
    ) -> None:
        """Take the sessions' users; nothing is computed yet."""
        self.shop = shop
        self.people = people
        self.draws = draws
        self.user = user
        self.number = np.arange(first, first + len(user), dtype=np.int64)
        self.persona = people.persona[user]

    @cached_property
    def cart(self) -> Integers:
        """Catalog positions of three different products from the persona's, shape (sessions, 3).

        The first pick is any of n products, the second any of the other n - 1, the third of n - 2:
        each later pick steps over the earlier ones.
        """
        offers = self.shop.offers
        size, offset = offers.size[self.persona], offers.offset[self.persona]
        one = self.draws.stream("cart 1").below(self.number, size)
        two = self.draws.stream("cart 2").below(self.number, size - 1)
        two += two >= one
        three = self.draws.stream("cart 3").below(self.number, size - 2)
        three += three >= np.minimum(one, two)
        three += three >= np.maximum(one, two)
        cart: Integers = offers.values[np.stack([one, two, three], axis=1) + offset[:, None]]
        return cart

    @cached_property
    def cart_id(self) -> pa.StringArray:
        """One UUID a session."""
        high = self.draws.stream("cart id high").bits(self.number)
        return uuids(high, self.draws.stream("cart id low").bits(self.number))

    @cached_property
    def cart_total(self) -> NDArray[np.float64]:
        """The sum of the three prices, in whole cents; the original added binary fractions."""
        if self.shop.bugs:
            one, two, three = self.shop.prices[self.cart].T
            total: NDArray[np.float64] = one + two + three
        else:
            total = self.shop.cents[self.cart].sum(axis=1) / 100.0
        return total

    @cached_property
    def query(self) -> pa.StringArray:
        """Two words of the names of the persona's products, by position in all these words."""
        words = self.shop.words
        size, offset = words.size[self.persona], words.offset[self.persona]
        one = self.draws.stream("query 1").below(self.number, size)
        two = self.draws.stream("query 2").below(self.number, np.maximum(size - 1, 1))
        two += two >= one
        two = np.minimum(two, size - 1)
        first, second = (
            self.shop.vocabulary.take(pa.array(words.values[offset + place]))
            for place in (one, two)
        )
        return pc.binary_join_element_wise(first, second, " ")

    @cached_property
    def results(self) -> Integers:
        """How many products the persona has: what a search is said to have found."""
        return self.shop.results[self.persona]

    @cached_property
    def focus(self) -> Integers:
        """The product of the cart that the session is about, as a position in `cart`."""
        return self.draws.stream("product").below(self.number, CART)

    def product(self, session: Integers, place: Integers) -> Integers:
        """Return the catalog position of each event's product; `session` counts from the first.

        One product a session. With the original's faults every event picks anew from the cart.
        """
        if self.shop.bugs:
            address = self.number[session] * PLACES + place
            return self.cart[session, self.draws.stream("product").below(address, CART)]
        return self.cart[session, self.focus[session]]
