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


@dataclass(frozen=True, slots=True)
class Numbers:
    """SQL of an integer, the index into `texts` of what it stands for."""

    sql: str
    texts: tuple[str, ...]


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
    prop: Property, table: EventTable, bind: Parameters, connection: DuckDBPyConnection
) -> Numbers | None:
    """Number the values of one property.

    A `CASE` of few texts looks at each of them once where a file stores them as a dictionary; with
    many, where it does not, every event would pay for each text, so an `ENUM` finds them by a hash.
    """
    if expression(table, prop, bind).type not in QUICK:
        return None
    text = label_text(prop, table, bind)
    sql = f"SELECT DISTINCT {text} FROM {table.relation(bind)} LIMIT {MOST_NUMBERED + 1}"
    found = [value for (value,) in connection.execute(sql, bind.used_in(sql)).fetchall()]
    if len(found) > MOST_NUMBERED:
        return None
    texts = (NONE, *sorted(set(found) - {NONE}))
    if len(texts) <= MOST_COMPARED:
        whens = "".join(f" WHEN {bind.bind(text)} THEN {k}" for k, text in enumerate(texts) if k)
        value = expression(table, prop, bind).sql
        compared = f"CASE CAST({value} AS VARCHAR){whens} ELSE 0 END" if whens else "0"
        return Numbers(f"CAST({compared} AS INTEGER)", texts)
    if any("\0" in value or "$" in value for value in found):
        return None
    names = ", ".join(map(quote_text, texts))
    return Numbers(f"CAST(enum_code(CAST({text} AS ENUM({names}))) AS INTEGER)", texts)
