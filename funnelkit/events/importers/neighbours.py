"""What the formats of other products have in common: SQL for their rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelkit.events.sql import quote_identifier

if TYPE_CHECKING:
    from collections.abc import Iterable

    from funnelkit.events.importers.row import Row

NOT_EVENTS = {"identify": "$identify", "group": "$groupidentify"}
"""Calls that set properties, under the names that keep them from being counted (spec A0, D3)."""


def literal(text: str) -> str:
    """Return a text as SQL."""
    return "'" + text.replace("'", "''") + "'"


def first_time(row: Row, *keys: str) -> str:
    """Return the SQL of the first of some times that a row has, even if it is none."""
    whens = [
        f"WHEN {row.text(key)} IS NOT NULL THEN {row.time(key)}" for key in keys if row.has(key)
    ]
    return f"CASE {' '.join(whens)} END" if whens else "NULL::TIMESTAMP"


def first_text(*texts: str) -> str:
    """Return the SQL of the first of some texts that is not NULL."""
    known = [text for text in texts if text != "NULL"]
    return f"coalesce({', '.join(known)})" if known else "NULL"


def object_of(row: Row, keys: Iterable[str]) -> str:
    """Return the SQL of an object with these keys, without those that are NULL."""
    members = []
    for key in keys:
        value = f"nullif(to_json({quote_identifier(key)})::VARCHAR, 'null')"
        if row.types[key] == "VARCHAR":
            value = f"to_json({quote_identifier(key)})::VARCHAR"
        members.append(f"to_json({literal(key)})::VARCHAR || ':' || {value}")
    return f"'{{' || concat_ws(',', {', '.join(members)}) || '}}'" if members else "NULL"


def inside(row: Row, key: str, places: dict[str, tuple[str, ...]]) -> dict[str, str]:
    """Return the SQL of columns that stand at some places inside an object."""
    return dict(zip(places, row.texts(key, places.values()), strict=True))


def once(value: str, name: str, body: str) -> str:
    """Return the SQL of `body`, in which `name` stands for a value that is computed only once.

    DuckDB would compute it again wherever it stands in a CASE.
    """
    return f"list_transform([{value}], lambda {name}: {body})[1]"
