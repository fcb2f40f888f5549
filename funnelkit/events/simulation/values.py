"""What an event's property is filled with: a constant, one of several, a field, or a function."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from funnelkit.errors import DefinitionError, did_you_mean

if TYPE_CHECKING:
    from funnelkit.events.simulation.catalog import Product

Scalar = bool | int | float | str

FIELDS: Final = (
    "product.id", "product.name", "product.category", "product.image", "product.price",
    "cart.id", "cart.total", "cart.quantity",
    "search.query", "search.results",
    "user.id", "user.persona", "variant",
)  # fmt: skip
"""What a session knows; written in braces where a property takes it: `"{product.id}"`."""


@dataclass(frozen=True, slots=True)
class SessionState:
    """What a function of the session is given, for one event.

    `chance` is a number in [0, 1) that belongs to this event and to the seed: a function that
    needs luck takes it from there and stays reproducible.
    """

    session: int
    product: Product
    cart: tuple[Product, ...]
    user_id: str
    persona: str
    cart_id: str
    query: str
    results: int
    variant: str | None
    chance: float


@dataclass(frozen=True, slots=True)
class Constant:
    """The same value in every event."""

    value: Scalar


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of the values, drawn with equal chances for each event."""

    values: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """What the session knows under this name."""

    name: str


@dataclass(frozen=True, slots=True)
class Computed:
    """What a function makes of the session's state."""

    function: Callable[[SessionState], Scalar | None]


@dataclass(frozen=True, slots=True)
class Expanded:
    """Several properties at once: the mapping that a function makes of the session's state."""

    function: Callable[[SessionState], Mapping[str, Scalar | None]]


Value = Constant | OneOf | Field | Computed


def value_of(raw: Any, where: str) -> Value:
    """Return the value that `raw` stands for.

    A text in braces is a field of the session, any other text, number or boolean a constant, a
    list or tuple one of its elements, a function what it returns.

    Raises:
        DefinitionError: `raw` is none of these; `where` names the place.
    """
    if isinstance(raw, str) and raw.startswith("{") and raw.endswith("}"):
        name = raw[1:-1]
        if name not in FIELDS:
            hint = did_you_mean(name, FIELDS)
            raise DefinitionError(f"{where}: a session has no field {name!r}.{hint}")
        return Field(name)
    if isinstance(raw, Scalar):
        return Constant(raw)
    if callable(raw):
        return Computed(raw)
    if isinstance(raw, Iterable) and not isinstance(raw, (Mapping, set, frozenset)):
        values = tuple(raw)
        kinds = {type(value) for value in values}
        if (
            values
            and (len(kinds) == 1 or kinds == {int, float})
            and kinds <= {bool, int, float, str}
        ):
            return OneOf(values)
    raise DefinitionError(
        f"{where}: expected a text, number, boolean, a list of them (all of one kind), "
        f"a {{field}} or a function; got {raw!r}"
    )
