"""What a property's value can be, and how DuckDB and Delta keep each kind without any loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from funnelkit.events.duckdb_types import item_type


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of value: its name in the catalogue, DuckDB's type and Delta's."""

    name: str
    duckdb: str
    delta: str


TEXT: Final = Kind("text", "VARCHAR", "string")
INTEGER: Final = Kind("integer", "BIGINT", "long")
NUMBER: Final = Kind("number", "DOUBLE", "double")
FLOAT: Final = Kind("float", "FLOAT", "float")
BOOLEAN: Final = Kind("boolean", "BOOLEAN", "boolean")
DATE: Final = Kind("date", "DATE", "date")
TIME: Final = Kind("time", "TIMESTAMP", "timestamp_ntz")
INSTANT: Final = Kind("instant", "TIMESTAMP WITH TIME ZONE", "timestamp")
LIST: Final = Kind("list", "VARCHAR[]", "array<string>")
JSON: Final = Kind("json", "VARCHAR", "string")  # Polars reads Parquet's JSON as bytes

_KINDS: Final = {
    kind.name: kind
    for kind in (TEXT, INTEGER, NUMBER, FLOAT, BOOLEAN, DATE, TIME, INSTANT, LIST, JSON)
}

_WHOLE: Final = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"}
_SAME: Final = {
    "VARCHAR": TEXT, "DOUBLE": NUMBER, "FLOAT": FLOAT, "BOOLEAN": BOOLEAN, "DATE": DATE,
    "TIMESTAMP": TIME, "TIMESTAMP_S": TIME, "TIMESTAMP_MS": TIME,
    "TIMESTAMP WITH TIME ZONE": INSTANT, "VARCHAR[]": LIST,
    "UBIGINT": Kind("decimal(20,0)", "DECIMAL(20,0)", "decimal(20,0)"),
    "HUGEINT": Kind("decimal(38,0)", "DECIMAL(38,0)", "decimal(38,0)"),
}  # fmt: skip


def kind_named(name: str) -> Kind:
    """Return the kind that a catalogue names."""
    if name.startswith("decimal("):
        return Kind(name, name.upper(), name)
    return _KINDS[name]


def kind_of(duckdb_type: str) -> Kind | None:
    """Return how a column of this type is kept; None where it has to become JSON first."""
    if duckdb_type in _WHOLE:
        return INTEGER
    if duckdb_type in _SAME:
        return _SAME[duckdb_type]
    if duckdb_type.startswith("DECIMAL("):
        name = duckdb_type.lower().replace(" ", "")
        return Kind(name, duckdb_type, name)
    nested = duckdb_type.startswith(("STRUCT(", "MAP(", "UNION(")) or item_type(duckdb_type)
    # All else is read as text everywhere: ENUM, UUID, TIME, nanoseconds, BLOB …
    return None if nested or duckdb_type in {"JSON", "VARIANT"} else TEXT
