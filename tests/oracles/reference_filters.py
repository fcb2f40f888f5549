"""Amplitude's filters, written down a second time, value by value (specification A7).

Nothing here is shared with the engine: this is what its answers are compared with.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from funnelkit.model import Filter, Property

NONE = "(none)"
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def property_of(
    prop: Property, event_properties: Mapping[str, Any], user_properties: Mapping[str, Any]
) -> Any:
    """Return the value, None where it is missing (JSON null is missing)."""
    return (event_properties if prop.scope == "event" else user_properties).get(prop.name)


def text(value: Any) -> str:
    """Return the text by which values compare: 3 and "3" are one value (specification A5)."""
    match value:
        case None:
            return NONE
        case str():
            return value
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def passes(
    condition: Filter, event_properties: Mapping[str, Any], user_properties: Mapping[str, Any]
) -> bool:
    """Say whether an event with these properties passes the filter."""
    value = property_of(condition.property, event_properties, user_properties)
    wanted = condition.values
    negated = {
        "is not": "is",
        "does not contain": "contains",
        "does not have prefix": "has prefix",
        "set is not": "set is",
        "set does not contain": "set contains",
        "glob does not match": "glob match",
    }
    if condition.op in negated:
        return not POSITIVE[negated[condition.op]](value, wanted)
    return POSITIVE[condition.op](value, wanted)


def items(value: Any) -> list[Any]:
    """Return the values that a filter looks at: those of an array, the one, or none at all."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def number(value: Any) -> Decimal | None:
    if isinstance(value, bool):
        return None
    written = value if isinstance(value, str) else repr(value)
    return Decimal(written) if NUMBER.fullmatch(written) else None


def equals(item: Any, wanted: str) -> bool:
    """Booleans in any case, text exactly, numbers by value or by text."""
    if isinstance(item, bool):
        return wanted.lower() == text(item)
    if isinstance(item, str):
        return item == wanted
    if item is None:
        return wanted == NONE
    return text(item) == wanted or number(item) == number(wanted)


def equals_any(value: Any, wanted: tuple[str, ...]) -> bool:
    if value is None:
        return NONE in wanted
    return any(equals(item, one) for item in items(value) for one in wanted)


def contains(value: Any, wanted: tuple[str, ...]) -> bool:
    return any(one.lower() in text(item).lower() for item in items(value) for one in wanted)


def has_prefix(value: Any, wanted: tuple[str, ...]) -> bool:
    return any(
        text(item).lower().startswith(one.lower()) for item in items(value) for one in wanted
    )


def compares(holds: Callable[[Any, Any], bool]) -> Callable[[Any, tuple[str, ...]], bool]:
    """Numbers as numbers; anything else as text, hence dates in ISO 8601."""

    def one(item: Any, wanted: str) -> bool:
        left, right = number(item), number(wanted)
        if left is not None and right is not None:
            return holds(left, right)
        return isinstance(item, str) and holds(item, wanted)

    return lambda value, wanted: any(one(item, each) for item in items(value) for each in wanted)


def is_the_set(value: Any, wanted: tuple[str, ...]) -> bool:
    return (
        isinstance(value, list)
        and has_the_set(value, wanted)
        and all(any(equals(item, one) for one in wanted) for item in value)
    )


def has_the_set(value: Any, wanted: tuple[str, ...]) -> bool:
    return all(any(equals(item, one) for item in items(value)) for one in wanted)


def glob(value: Any, wanted: tuple[str, ...]) -> bool:
    return any(
        re.fullmatch(glob_expression(one), text(item)) for item in items(value) for one in wanted
    )


def glob_expression(pattern: str) -> str:
    """`*` is anything but `/`, `**` also `/`; sets of characters as in a shell."""
    found = ""
    for part in re.split(r"(\*\*|\*|\[[^\]]+\])", pattern):
        match part:
            case "**":
                found += r"(?s:.*)"
            case "*":
                found += r"[^/]*"
            case _ if part.startswith("[") and part.endswith("]"):
                characters = re.sub(r"([\\\[^&|~])", r"\\\1", part[1:-1])
                found += f"[{re.sub('^!', '^', characters)}]"
            case _:
                found += re.escape(part)
    return found


POSITIVE: dict[str, Callable[[Any, tuple[str, ...]], bool]] = {
    "is": equals_any,
    "contains": contains,
    "has prefix": has_prefix,
    "less": compares(lambda left, right: left < right),
    "less or equal": compares(lambda left, right: left <= right),
    "greater": compares(lambda left, right: left > right),
    "greater or equal": compares(lambda left, right: left >= right),
    "set is": is_the_set,
    "set contains": has_the_set,
    "glob match": glob,
}
