"""The labels of groups as SQL: texts, or numbers where the texts are few (specification A9)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from funnelkit.events.properties import PropertyType, expression
from funnelkit.events.sql import quote_text
from funnelkit.model import NONE

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from funnelkit.events.sql import Parameters
    from funnelkit.events.table import EventTable
    from funnelkit.model import Property

SEPARATOR = "\x1f"
"""Stands between the values of two properties by which a funnel is grouped."""

QUICK = {PropertyType.TEXT, PropertyType.BOOLEAN}
MOST_NUMBERED = 1000
MOST_COMPARED = 16
SAMPLED = 100_000
"""The events that are looked at for texts before all others are."""

UNLISTED_NUMBERS = 2**30


@dataclass(frozen=True, slots=True)
class Numbers:
    """SQL of an integer, the index into `texts` of what it stands for.

    Where not all events were looked at, a text that is not among `texts` has a number below -1,
    and `unlisted` is the SELECT of such numbers and their texts: (number, text), each pair once.
    """

    sql: str
    texts: tuple[str, ...]
    unlisted: str | None = None


class UnnumberedError(Exception):
    """Labels have no numbers: there are too many of them, or two have the same."""


def label_text(by: Property, table: EventTable, bind: Parameters) -> str:
    """Return the SQL of the text by which a property's value is grouped; `(none)` where missing.

    Values compare by their text: 3 and "3" are one value, true is `true` (specification A5).
    """
    value = expression(table, by, bind)
    match value.type:
        case PropertyType.MISSING:
            text = "NULL"
        case PropertyType.JSON:
            text = f"fk_label({value.sql})"
        case PropertyType.NUMBER:
            text = f"fk_number_text(CAST({value.sql} AS VARCHAR))"
        case _:
            text = f"CAST({value.sql} AS VARCHAR)"
    return f"coalesce({text}, {bind.bind(NONE)})"


def numbered_labels(
    properties: tuple[Property, ...],
    table: EventTable,
    bind: Parameters,
    connection: DuckDBPyConnection,
) -> Numbers | None:
    """Return labels as numbers, if their texts are few and quick to list; else None.

    To list them takes less than to carry a text for each event out of DuckDB.
    """
    if len(properties) == 1:
        return _numbered(properties[0], table, bind, connection, sampled=table.rows > SAMPLED)
    found: Numbers | None = None
    for prop in properties:
        one = _numbered(prop, table, bind, connection)
        if one is None:
            return None
        found = one if found is None else _pairs(found, one)
    return None if found is None or len(found.texts) > MOST_NUMBERED else found


def _pairs(left: Numbers, right: Numbers) -> Numbers:
    return Numbers(
        f"({left.sql} * {len(right.texts)} + {right.sql})",
        tuple(f"{one}{SEPARATOR}{two}" for one, two in product(left.texts, right.texts)),
    )


def _numbered(
    prop: Property,
    table: EventTable,
    bind: Parameters,
    connection: DuckDBPyConnection,
    *,
    sampled: bool = False,
) -> Numbers | None:
    """Number the values of one property; `sampled` asks only some events for them, if that will do.

    A function of one column looks at each text once where a file stores them as a dictionary. Where
    it does not, every event pays for each text of a list, so an `ENUM` finds many by a hash.
    """
    if expression(table, prop, bind).type not in QUICK:
        return None
    text = label_text(prop, table, bind)
    relation = table.relation(bind)
    some = f"(SELECT * FROM {relation} LIMIT {SAMPLED})" if sampled else relation
    sql = f"SELECT DISTINCT {text} FROM {some} LIMIT {MOST_NUMBERED + 1}"
    found = [value for (value,) in connection.execute(sql, bind.used_in(sql)).fetchall()]
    if len(found) > MOST_NUMBERED:
        return None
    texts = (NONE, *sorted(set(found) - {NONE}))
    if len(texts) <= MOST_COMPARED:
        value = f"CAST({expression(table, prop, bind).sql} AS VARCHAR)"
        number = f"list_position({bind.bind(list(texts))}::VARCHAR[], {value}) - 1"
        if not sampled:
            return Numbers(f"coalesce({number}, 0)", texts)
        other = f"-2 - CAST(hash({value}) % {UNLISTED_NUMBERS} AS INTEGER)"
        number = f"coalesce({number}, CASE WHEN {value} IS NULL THEN 0 ELSE {other} END)"
        unlisted = f"SELECT DISTINCT {number}, {text} FROM {relation} WHERE {number} < -1"
        return Numbers(number, texts, unlisted)
    # An ENUM has to have all texts.
    return _numbered(prop, table, bind, connection) if sampled else _enumerated(text, texts)


def _enumerated(text: str, texts: tuple[str, ...]) -> Numbers | None:
    if any("\0" in value or "$" in value for value in texts):
        return None
    names = ", ".join(map(quote_text, texts))
    return Numbers(f"CAST(enum_code(CAST({text} AS ENUM({names}))) AS INTEGER)", texts)
