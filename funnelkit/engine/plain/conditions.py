"""Filters as plain conditions on named columns: Amplitude's operators (specification A7).

They mean what `engine.filters` means, which asks with macros that only DuckDB knows. A value is a
column of one type, or JSON of any; a list passes where any of its items does.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from funnelkit.engine.filters import COMPARISONS, EXACT_IN_DOUBLE, NEGATIVE, as_number
from funnelkit.errors import DefinitionError, UnsupportedError
from funnelkit.events.properties import PropertyType
from funnelkit.model import NONE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from funnelkit.engine.plain.dialects.dialect import Dialect, Item
    from funnelkit.model import Filter

TRUTHS: Final = ("true", "false")


@dataclass(frozen=True, slots=True)
class Value:
    """A property of an event: the SQL of its value and the type of that. JSON is of any type."""

    sql: str
    type: PropertyType


def condition(filter_: Filter, value: Value, dialect: Dialect) -> str:
    """Return the condition on the value, never NULL.

    Raises:
        UnsupportedError: the dialect cannot ask this as the kernel does.
    """
    if filter_.op in NEGATIVE:
        return f"NOT ({_positive(NEGATIVE[filter_.op], filter_.values, value, dialect)})"
    return _positive(filter_.op, filter_.values, value, dialect)


def label(value: Value, dialect: Dialect) -> str:
    """Return the text by which a value is grouped: 3 and "3" are one group (specification A5)."""
    none = dialect.literal(NONE)
    match value.type:
        case PropertyType.MISSING:
            return none
        case PropertyType.JSON:
            text = dialect.json_text(value.sql)
            return f"CASE WHEN {dialect.missing(value.sql)} THEN {none} ELSE {text} END"
        case _:
            return f"coalesce({dialect.column(value).text}, {none})"


def _positive(op: str, values: tuple[str, ...], value: Value, dialect: Dialect) -> str:
    present = [wanted for wanted in values if wanted != NONE]
    ways: list[str] = []
    if NONE in values:
        if op not in {"is", "set is", "set contains"}:
            raise DefinitionError(f"{NONE} goes with 'is' and 'is not', not with {op!r}")
        ways.append(_missing(value, dialect))
    if present and value.type is not PropertyType.MISSING:
        ways.append(_OPERATORS[op](present, value, dialect))
    return either(ways)


def _missing(value: Value, dialect: Dialect) -> str:
    match value.type:
        case PropertyType.MISSING:
            return "true"
        case PropertyType.JSON:
            return dialect.missing(value.sql)
        case _:
            return f"{value.sql} IS NULL"


def _any_item(value: Value, dialect: Dialect, test: Callable[[Item], str]) -> str:
    """Return the condition that any item of the value passes the test; never NULL."""
    if value.type is PropertyType.JSON:
        return dialect.any_item(value.sql, test)
    found = test(dialect.column(value))
    return found if found == "false" else f"coalesce({found}, false)"


def _is(values: Sequence[str], value: Value, dialect: Dialect) -> str:
    return _any_item(value, dialect, lambda item: _equals(item, values, value, dialect))


def _equals(item: Item, values: Sequence[str], value: Value, dialect: Dialect) -> str:
    """Text to the letter, numbers by value, booleans in any case."""
    for wanted in values:
        if value.type is PropertyType.JSON and _is_compound(wanted):
            raise UnsupportedError(
                f"plain SQL cannot compare with the list or object {wanted!r}: databases write "
                "JSON in ways of their own"
            )
    tests = [both(item.is_text, _one_of(item.string, map(dialect.literal, values)))]
    if numbers := [_number(wanted, value) for wanted in values if as_number(wanted) is not None]:
        tests.append(both(item.is_number, _one_of(item.number, numbers)))
    if truths := [wanted for wanted in map(str.lower, values) if wanted in TRUTHS]:
        found = _one_of(item.text, map(dialect.literal, dict.fromkeys(truths)))
        tests.append(both(item.is_boolean, found))
    return either(tests)


def _is_compound(text: str) -> bool:
    try:
        return isinstance(json.loads(text), list | dict)
    except ValueError:
        return False


def _compares(op: str) -> Callable[[Sequence[str], Value, Dialect], str]:
    sign = COMPARISONS[op]

    def compare(values: Sequence[str], value: Value, dialect: Dialect) -> str:
        def test(item: Item) -> str:
            return either(_compare(item, sign, wanted, value, dialect) for wanted in values)

        return _any_item(value, dialect, test)

    return compare


def _compare(item: Item, sign: str, wanted: str, value: Value, dialect: Dialect) -> str:
    """Compare with a number numbers and text that is one; with a text, text."""
    if as_number(wanted) is None:
        return both(
            item.is_text, f"{dialect.by_letters(item.string)} {sign} {dialect.literal(wanted)}"
        )
    number = _number(wanted, value)
    return either(
        [
            both(item.is_number, f"{item.number} {sign} {number}"),
            both(item.is_text, f"{dialect.number_in(item.string)} {sign} {number}"),
        ]
    )


def _number(wanted: str, value: Value) -> str:
    """Return the literal of a wanted number."""
    number = as_number(wanted) or 0.0
    if value.type is PropertyType.NUMBER and wanted.lstrip("-").isdecimal():
        return str(int(wanted))
    if abs(number) >= EXACT_IN_DOUBLE:
        raise UnsupportedError(
            f"plain SQL cannot compare with {wanted}: from 2^53 on, many databases take "
            "neighbouring numbers for the same"
        )
    return str(int(number)) if number.is_integer() else repr(number)


def _finds(found: str) -> Callable[[Sequence[str], Value, Dialect], str]:
    def search(values: Sequence[str], value: Value, dialect: Dialect) -> str:
        def test(item: Item) -> str:
            return either(
                f"{dialect.position(dialect.lower(item.text), dialect.lowered(wanted))} {found}"
                for wanted in values
            )

        return _any_item(value, dialect, test)

    return search


def _glob(values: Sequence[str], value: Value, dialect: Dialect) -> str:
    return _any_item(
        value, dialect, lambda item: either(dialect.glob(item.text, wanted) for wanted in values)
    )


def _set_contains(values: Sequence[str], value: Value, dialect: Dialect) -> str:
    return " AND ".join(_is([wanted], value, dialect) for wanted in values)


def _set_is(values: Sequence[str], value: Value, dialect: Dialect) -> str:
    test = _set_contains(values, value, dialect)
    if value.type is not PropertyType.JSON:
        return test
    other = dialect.any_item(
        value.sql, lambda item: f"NOT coalesce({_equals(item, values, value, dialect)}, false)"
    )
    return f"{test} AND NOT {other}"


_OPERATORS: dict[str, Callable[[Sequence[str], Value, Dialect], str]] = {
    "is": _is,
    "contains": _finds("> 0"),
    "has prefix": _finds("= 1"),
    "glob match": _glob,
    "set is": _set_is,
    "set contains": _set_contains,
    **{op: _compares(op) for op in COMPARISONS},
}


def _one_of(sql: str, literals: Iterable[str]) -> str:
    several = list(literals)
    return f"{sql} = {several[0]}" if len(several) == 1 else f"{sql} IN ({', '.join(several)})"


def both(kind: str, test: str) -> str:
    """Return `kind AND test`, or less where `kind` is known to be true or false."""
    return {"true": test, "false": "false"}.get(kind, f"{kind} AND {test}")


def either(tests: Iterable[str]) -> str:
    """Return the tests with OR between them, in parentheses where there are several."""
    several = [test for test in tests if test != "false"]
    if len(several) < 2:  # noqa: PLR2004 - one or none needs no OR
        return several[0] if several else "false"
    return f"({' OR '.join(several)})"
