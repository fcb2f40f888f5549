"""Properties, and conditions on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

from funnelkit.errors import DefinitionError
from funnelkit.model.choices import check_choice

NONE: Final = "(none)"
"""The value that stands for "no value" (specification A7)."""

Operator = Literal[
    "is", "is not", "contains", "does not contain", "has prefix", "does not have prefix",
    "less", "less or equal", "greater", "greater or equal",
    "set is", "set is not", "set contains", "set does not contain",
    "glob match", "glob does not match",
]  # fmt: skip
"""Amplitude's operators, spelt as its API spells them (specification A7)."""

Scope = Literal["event", "user", "group"]


@dataclass(frozen=True, slots=True)
class Property:
    """A property of the event (`feature`), of the user (`user.plan`), or a group (`group.company`).

    A group's value is the name, or the names, of the group of that type to which an event belongs.
    """

    name: str
    scope: Scope = "event"

    def __post_init__(self) -> None:
        check_choice("the scope of a property", self.scope, get_args(Scope))
        if not self.name:
            raise DefinitionError("a property needs a name")


SESSION_ID: Final = Property("[Amplitude] Session ID")
"""The session of an event, as Amplitude's charts call it (specification A3)."""


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition on a property; several values mean OR (specification A7).

    Values are text, as in Amplitude's API: `36` matches the number 36 and the text "36",
    `true` the boolean, and `(none)` a missing value.
    """

    property: Property
    op: Operator
    values: tuple[str, ...]

    def __post_init__(self) -> None:
        check_choice("an operator", self.op, get_args(Operator))
        if not self.values:
            raise DefinitionError(f"the filter on {self.property.name!r} has no value")
