"""Filters as SQL conditions: Amplitude's operators (specification A7).

Values that stand in a file are bound, never written into the SQL. A condition is never NULL: a
missing value is `(none)`, which is a value like any other. So `is not x` holds for it, while
`contains`, `greater` and the like do not; each negative operator is the exact opposite of its
positive one. An array matches where any of its items does.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from funnelkit.errors import DefinitionError
from funnelkit.events.properties import PropertyType, expression
from funnelkit.model import NONE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from funnelkit.events.properties import PropertyExpression
    from funnelkit.events.sql import Parameters
    from funnelkit.events.table import EventTable
    from funnelkit.model import Filter

EXACT_IN_DOUBLE = 2**53
MOST_COMPARED = 8
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
NEGATIVE = {
    "is not": "is",
    "does not contain": "contains",
    "does not have prefix": "has prefix",
    "set is not": "set is",
    "set does not contain": "set contains",
    "glob does not match": "glob match",
}
COMPARISONS = {"less": "<", "less or equal": "<=", "greater": ">", "greater or equal": ">="}


def condition(filter_: Filter, table: EventTable, bind: Parameters, *, missing: bool = True) -> str:
    """Return the SQL condition, TRUE or FALSE for every event, never NULL.

    `missing` says whether a negative operator holds for a missing value.
    """
    value = expression(table, filter_.property, bind)
    if filter_.op in NEGATIVE:
        test = f"NOT {_positive(NEGATIVE[filter_.op], filter_.values, value, bind)}"
        return test if missing else f"({test} AND NOT {_missing(value)})"
    return _positive(filter_.op, filter_.values, value, bind)


def _positive(op: str, values: tuple[str, ...], value: PropertyExpression, bind: Parameters) -> str:
    present = [wanted for wanted in values if wanted != NONE]
    alternatives: list[str] = []
    if NONE in values:
        if op not in {"is", "set is", "set contains"}:
            raise DefinitionError(f"{NONE} goes with 'is' and 'is not', not with {op!r}")
        alternatives.append(_missing(value))
    if op == "is" and value.type is PropertyType.TEXT and len(present) <= MOST_COMPARED:
        # Where a file stores texts as a dictionary, DuckDB compares each of them once.
        alternatives += [f"{value.sql} IS NOT DISTINCT FROM {bind.bind(one)}" for one in present]
    elif present and value.type is not PropertyType.MISSING:
        alternatives.append(f"coalesce({_OPERATORS[op](present, value, bind)}, false)")
    return f"({' OR '.join(alternatives) or 'false'})"


def _missing(value: PropertyExpression) -> str:
    if value.type is PropertyType.MISSING:
        return "true"
    if value.type is PropertyType.JSON:
        return f"len(fk_items({value.sql})) = 0"
    return f"{value.sql} IS NULL"


def _is(values: Sequence[str], value: PropertyExpression, bind: Parameters) -> str:
    match value.type:
        case PropertyType.TEXT:
            return f"{value.sql} IN {_listed(values, bind)}"
        case PropertyType.NUMBER:
            tests = []
            numbers = [wanted for wanted in values if as_number(wanted) is not None]
            if short := [n for n in map(float, numbers) if abs(n) < EXACT_IN_DOUBLE]:
                tests.append(f"CAST({value.sql} AS DOUBLE) IN {_listed(short, bind)}")
            for wanted in numbers:
                if abs(float(wanted)) >= EXACT_IN_DOUBLE:
                    exact = int(wanted) if _is_whole(wanted) else float(wanted)
                    tests.append(f"{value.sql} = {bind.bind(exact)}")
            return " OR ".join(tests) or "false"
        case PropertyType.BOOLEAN:
            truths = _truths(values)
            return f"CAST({value.sql} AS VARCHAR) IN {_listed(truths, bind)}" if truths else "false"
        case _:
            return f"fk_any_is({value.sql}, {wanted_arguments(values, bind)})"


def wanted_arguments(values: Sequence[str], bind: Parameters) -> str:
    """Return the arguments by which the macros know the wanted values: as text, numbers, truths."""
    numbers = [number for number in map(as_number, values) if number is not None]
    return (
        f"{bind.bind(list(values))}, {bind.bind(numbers)}::DOUBLE[], "
        f"{bind.bind(_truths(values))}::VARCHAR[]"
    )


def _truths(values: Sequence[str]) -> list[str]:
    return [text for text in map(str.lower, values) if text in {"true", "false"}]


def _listed(values: Sequence[object], bind: Parameters) -> str:
    return f"({', '.join(bind.bind(value) for value in values)})"


def _compares(op: str) -> Callable[[Sequence[str], PropertyExpression, Parameters], str]:
    sign = COMPARISONS[op]

    def compare(values: Sequence[str], value: PropertyExpression, bind: Parameters) -> str:
        return " OR ".join(_compare(wanted, sign, value, bind) for wanted in values)

    return compare


def _compare(wanted: str, sign: str, value: PropertyExpression, bind: Parameters) -> str:
    number = as_number(wanted)
    if value.type is PropertyType.NUMBER:
        if number is None:
            return "false"
        exact = int(wanted) if _is_whole(wanted) else number
        return f"{value.sql} {sign} {bind.bind(exact)}"
    if value.type is PropertyType.BOOLEAN:
        return "false"
    whole = int(wanted) if _is_whole(wanted) else None
    arguments = f"{bind.bind(wanted)}, {bind.bind(number)}::DOUBLE, {bind.bind(whole)}::HUGEINT"
    if value.type is PropertyType.TEXT:
        return f"fk_compare({value.sql}, true, {arguments}) {sign} 0"
    return f"len(list_filter(fk_comparisons({value.sql}, {arguments}), lambda c: c {sign} 0)) > 0"


def as_number(text: str) -> float | None:
    """Return the number that a text is, or None."""
    return float(text) if _NUMBER.fullmatch(text) else None


def _is_whole(text: str) -> bool:
    return re.fullmatch(r"-?[0-9]{1,37}", text) is not None


def _any_item(value: PropertyExpression, test: str) -> str:
    """Return the SQL that tests whether any item of the value, as text `item`, passes `test`."""
    match value.type:
        case PropertyType.JSON:
            items = f"fk_texts({value.sql})"
        case PropertyType.NUMBER:
            items = f"[fk_number_text(CAST({value.sql} AS VARCHAR))]"
        case _:
            items = f"[CAST({value.sql} AS VARCHAR)]"
    return f"len(list_filter({items}, lambda item: {test})) > 0"


def _contains(values: Sequence[str], value: PropertyExpression, bind: Parameters) -> str:
    tests = [f"contains(lower(item), lower({bind.bind(wanted)}))" for wanted in values]
    return _any_item(value, f"({' OR '.join(tests)})")


def _has_prefix(values: Sequence[str], value: PropertyExpression, bind: Parameters) -> str:
    tests = [f"starts_with(lower(item), lower({bind.bind(wanted)}))" for wanted in values]
    return _any_item(value, f"({' OR '.join(tests)})")


def _glob(values: Sequence[str], value: PropertyExpression, bind: Parameters) -> str:
    tests = [f"regexp_full_match(item, {bind.bind(glob_pattern(wanted))})" for wanted in values]
    return _any_item(value, f"({' OR '.join(tests)})")


def _set_is(values: Sequence[str], value: PropertyExpression, bind: Parameters) -> str:
    test = _set_contains(values, value, bind)
    if value.type is not PropertyType.JSON:
        return test
    other = f"lambda item: NOT fk_item_is(item, {wanted_arguments(values, bind)})"
    return f"{test} AND len(list_filter(fk_items({value.sql}), {other})) = 0"


def _set_contains(values: Sequence[str], value: PropertyExpression, bind: Parameters) -> str:
    return " AND ".join(f"({_is([wanted], value, bind)})" for wanted in values)


_OPERATORS: dict[str, Callable[[Sequence[str], PropertyExpression, Parameters], str]] = {
    "is": _is,
    "contains": _contains,
    "has prefix": _has_prefix,
    "glob match": _glob,
    "set is": _set_is,
    "set contains": _set_contains,
    **{op: _compares(op) for op in COMPARISONS},
}


def glob_pattern(glob: str) -> str:
    """Return a glob as a regular expression (RE2) that has to match the whole text.

    `*` is any text without `/`, `**` any text, `[0-9]` and `[!a-z]` one character of a set or
    none of it (specification A7). Everything else stands for itself.
    """
    pattern = ""
    position = 0
    while position < len(glob):
        rest = glob[position:]
        if rest.startswith("**"):
            pattern += "(?s:.*)"
            position += 2
        elif rest[0] == "*":
            pattern += "[^/]*"
            position += 1
        elif bracket := re.match(r"\[(!?)(\]?[^\]]*)\]", rest):
            negated, members = bracket.groups()
            members = re.sub(r"([\\\[\]^&~|])", r"\\\1", members)
            pattern += f"[{'^' if negated else ''}{members}]"
            position += bracket.end()
        else:
            pattern += re.escape(rest[0])
            position += 1
    return pattern
