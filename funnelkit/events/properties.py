"""How SQL reaches a property, wherever the file keeps it, by its exact name.

A property of the event stands in `event_properties` (STRUCT, JSON text or MAP), or it is a column
of its own that plays no role. A property of the user is one of Amplitude's built-in ones, which
have columns of their own, or stands in `user_properties`. `price` and `Price` are two properties.
"""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from funnelkit.errors import ColumnError
from funnelkit.events.columns import ROLES
from funnelkit.events.connection import connect, data_errors
from funnelkit.events.duckdb_types import item_type, map_types, struct_fields
from funnelkit.events.sql import Parameters, quote_identifier
from funnelkit.events.times import is_number
from funnelkit.model import SESSION_ID

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from funnelkit.events.table import EventTable, Field
    from funnelkit.model import Property, Scope

BUILT_IN: Final[Mapping[str, tuple[str, ...]]] = {
    "version": ("version_name", "app_version"),
    "country": ("country",),
    "city": ("city",),
    "region": ("region",),
    "DMA": ("dma",),
    "language": ("language",),
    "platform": ("platform",),
    "os": ("os_name",),
    "device": ("device_family", "device_model"),
    "device_type": ("device_type",),
    "start_version": ("start_version",),
    "paying": ("paying",),
}
"""Amplitude's built-in user properties (specification B2), and the columns of exports and of the
HTTP API that hold them, best first."""


GROUPS: Final = "groups"
"""The column of an export that holds the groups of an event, by type (specification C2)."""


class PropertyType(Enum):
    """What a property's SQL yields.

    JSON is anything: a single value, a list or an object, as JSON text. A list or an object of a
    STRUCT comes as JSON, too; a date or a time as ISO 8601 text, which sorts as it should.
    """

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    JSON = "json"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class PropertyExpression:
    """The SQL of a property's value, NULL where an event lacks it, and what it yields.

    NaN, which is how many tools write a number that is not there, is NULL too.
    """

    sql: str
    type: PropertyType


MISSING: Final = PropertyExpression("NULL", PropertyType.MISSING)


def expression(table: EventTable, prop: Property, bind: Parameters) -> PropertyExpression:
    """Return the SQL that reaches a property; `MISSING` where the files have nothing of its name.

    Where a property stands both inside the properties and as a column, the properties win, event
    by event.

    Raises:
        ColumnError: the files spell the name in ways that DuckDB would mix up.
    """
    if prop == SESSION_ID:
        return _session(table)
    if prop.scope == "group":
        return _group(table, prop.name, bind)
    if prop.scope == "event":
        column, fields = table.event_properties, table.event_fields
        beside = prop.name if prop.name in free_columns(table) else None
    else:
        column, fields = table.user_properties, table.user_fields
        beside = _built_in_column(table, prop.name)
        if beside is not None:
            return _outside(table, beside)
    inside = _inside(table, column, fields, prop.name, bind)
    if beside is None:
        return inside
    outside = _outside(table, beside)
    return outside if inside is MISSING else _either(inside, outside)


def columns_beside(table: EventTable, prop: Property) -> Iterator[str]:
    """Yield the columns in which a property stands, but for those of all properties."""
    name: str | None = prop.name
    if prop == SESSION_ID:
        name = table.session_id
    elif prop.scope == "group":
        name = GROUPS if GROUPS in table.types else None
    elif prop.scope == "user":
        name = _built_in_column(table, prop.name)
    elif prop.name not in free_columns(table):
        name = None
    found = [field.read_as for field in table.column_fields if field.name == name]
    yield from (column for column in found or [name] if column is not None)


def _outside(table: EventTable, name: str) -> PropertyExpression:
    """Return the value of a column that plays no role."""
    columns = [field for field in table.column_fields if field.name == name]
    found = [
        _plain(f"{quote_identifier(each.read_as or '')}::{each.type}", each.type)
        for each in columns
    ]
    return _of_any_kind(found) if found else _plain(quote_identifier(name), table.types[name])


def _session(table: EventTable) -> PropertyExpression:
    """Return the session id as text; -1 is none (specification A3)."""
    if table.session_id is None:
        return MISSING
    text = f"CAST({quote_identifier(table.session_id)} AS VARCHAR)"
    return PropertyExpression(f"nullif({text}, '-1')", PropertyType.TEXT)


def _group(table: EventTable, name: str, bind: Parameters) -> PropertyExpression:
    """Return the name, or the list of names, of an event's group of the type `name`."""
    if GROUPS not in table.types:
        return MISSING
    kind = table.types[GROUPS]
    if kind == "VARCHAR":  # text of another kind has no groups
        column = quote_identifier(GROUPS)
        pointer = bind.bind("/" + name.replace("~", "~0").replace("/", "~1"))
        valid = f"CASE WHEN json_valid({column}) THEN {column} END"
        return PropertyExpression(
            json_value(f"json_extract({valid}, {pointer})"), PropertyType.JSON
        )
    if kind != "JSON" and not struct_fields(kind) and not map_types(kind):
        return MISSING
    return _inside(table, GROUPS, table.group_fields, name, bind)


def known_properties(table: EventTable, scope: Scope) -> tuple[str, ...]:
    """Return the names of all properties of events or of users, sorted.

    The names of JSON and MAP properties stand in the rows only: for these, every row is read.
    """
    if scope == "group":
        column = GROUPS if GROUPS in table.types else None
        fields, names = table.group_fields, set()
    elif scope == "event":
        column, fields = table.event_properties, table.event_fields
        names = set(free_columns(table))
    else:
        column, fields = table.user_properties, table.user_fields
        names = {name for name in BUILT_IN if _built_in_column(table, name)}
    names |= {field.name for field in fields}
    if column is not None and not struct_fields(table.types[column]):
        names |= _keys(table, column)
    return tuple(sorted(names))


def property_json(table: EventTable, column: str, fields: Sequence[Field] = ()) -> str:
    """Return the SQL of a column of properties as JSON, whatever it is.

    `fields` are those of the column where it is a STRUCT.
    """
    name = quote_identifier(column)
    kind = table.types[column]
    if any(field.name != field.read_as for field in fields) and all(f.read_as for f in fields):
        return _object_of(name, fields)
    return _json_text(name, kind) if kind in {"JSON", "VARCHAR"} else f"to_json({name})"


def _object_of(column: str, fields: Sequence[Field]) -> str:
    """Return the JSON object of a STRUCT whose fields are called otherwise than its properties."""
    items = []
    for read_as, field in {field.read_as or "": field for field in fields}.items():
        value = f"({column}).{quote_identifier(read_as)}"
        if field.inside:  # once for all that are inside
            items.append(f"nullif(substr({value}::VARCHAR, 2, len({value}::VARCHAR) - 2), '')")
        else:
            key = json.dumps(field.name).replace("'", "''").replace("$", "\\u0024")
            items.append(f"'{key}:' || to_json({value})::VARCHAR")
    text = f"('{{' || coalesce(array_to_string([{', '.join(items)}], ','), '') || '}}')::JSON"
    return f"CASE WHEN {column} IS NOT NULL THEN {text} END"


def _keys(table: EventTable, column: str) -> set[str]:
    bind = Parameters()
    with closing(connect()) as connection, data_errors(f"the column {column!r}"):
        found = connection.execute(
            f"SELECT DISTINCT unnest(json_keys({property_json(table, column)})) "
            f"FROM {table.relation(bind)}",
            bind.values,
        ).fetchall()
    return {name for (name,) in found}


def free_columns(table: EventTable) -> list[str]:
    """Return the names of the properties that columns without a role hold."""
    if table.column_fields:
        return list(dict.fromkeys(field.name for field in table.column_fields))
    roles = {getattr(table, role) for role in ROLES if role != "event_time"}
    return [name for name in table.types if name not in {*roles, table.time}]


def _built_in_column(table: EventTable, name: str) -> str | None:
    free = free_columns(table)
    return next((column for column in BUILT_IN.get(name, ()) if column in free), None)


def _inside(
    table: EventTable, column: str | None, fields: tuple[Field, ...], name: str, bind: Parameters
) -> PropertyExpression:
    if column is None:
        return MISSING
    kind = table.types[column]
    quoted = quote_identifier(column)
    if struct_fields(kind):
        found = [_field(quoted, field, bind) for field in fields if field.name == name]
        return _of_any_kind(found) if found else MISSING
    if types := map_types(kind):
        return _plain(f"map_extract_value({quoted}, {bind.bind(name)})", types[1])
    return _member(_json_text(quoted, kind), name, bind)


def _field(quoted: str, field: Field, bind: Parameters) -> PropertyExpression:
    if field.read_as is None:
        raise ColumnError(
            f"some files have a property {field.name!r}, others one that differs from it only in "
            "case; DuckDB would mix them up. Read the files apart."
        )
    # In parentheses: without them the column could be taken for a table of its name.
    value = f"({quoted}).{quote_identifier(field.read_as)}"
    return _member(value, field.name, bind) if field.inside else _plain(value, field.type)


def _member(text: str, name: str, bind: Parameters) -> PropertyExpression:
    """Return a value of a JSON object; the first of two equal keys counts."""
    # A JSON pointer is exact whatever the name holds.
    pointer = bind.bind("/" + name.replace("~", "~0").replace("/", "~1"))
    return PropertyExpression(json_value(f"json_extract({text}, {pointer})"), PropertyType.JSON)


def json_value(sql: str) -> str:
    """Return the SQL of a JSON value, NULL where it is null or NaN."""
    return f"CASE WHEN lower({sql}::VARCHAR) NOT IN ('null', 'nan', '-nan') THEN {sql} END"


def _json_text(column: str, kind: str) -> str:
    """Return JSON text, for which an empty text is no properties."""
    return column if kind == "JSON" else f"nullif({column}, '')"


def _plain(sql: str, kind: str) -> PropertyExpression:  # noqa: PLR0911 - one for each type
    """Return the value of a column or a field as one of the types that filters know."""
    name = kind.partition("(")[0]
    if is_number(kind):
        return PropertyExpression(_number(sql, kind), PropertyType.NUMBER)
    match name:
        case "VARCHAR":
            return PropertyExpression(sql, PropertyType.TEXT)
        case "BOOLEAN":
            return PropertyExpression(sql, PropertyType.BOOLEAN)
        case "JSON":
            return PropertyExpression(json_value(sql), PropertyType.JSON)
        case "ENUM" | "UUID" | "DATE" | "TIME" | "BLOB" | "BIT" | "INTERVAL":
            return PropertyExpression(f"CAST({sql} AS VARCHAR)", PropertyType.TEXT)
    if name.startswith("TIMESTAMP"):
        return PropertyExpression(_iso(sql, zoned="TIME ZONE" in name), PropertyType.TEXT)
    if item_type(kind) in _FLOATING:
        sql = f"list_transform({sql}, lambda item: {_number('item', 'DOUBLE')})"
    return PropertyExpression(f"to_json({sql})", PropertyType.JSON)


_FLOATING: Final = frozenset({"DOUBLE", "FLOAT"})


def _number(sql: str, kind: str) -> str:
    """Return the SQL of a number that is NULL where it is NaN.

    A file's statistics know no NaN. By them DuckDB 2.0.0 decides that a comparison holds for all
    rows, and that isnan holds for none.
    """
    return f"CASE WHEN isfinite({sql}) OR isinf({sql}) THEN {sql} END" if kind in _FLOATING else sql


def _iso(sql: str, *, zoned: bool) -> str:
    """Return the SQL of a time as `2020-04-02T09:17:23`, with a fraction only if there is one."""
    text = f"replace(CAST({sql} AS VARCHAR), ' ', 'T')"
    return f"replace({text}, '+00', 'Z')" if zoned else text


def _of_any_kind(found: list[PropertyExpression]) -> PropertyExpression:
    """Return the one value that is there, as JSON where there can be several kinds: 3 and "3"."""
    if len(found) == 1:
        return found[0]
    values = (
        each.sql if each.type is PropertyType.JSON else f"to_json({each.sql})" for each in found
    )
    return PropertyExpression(f"coalesce({', '.join(values)})", PropertyType.JSON)


def _either(inside: PropertyExpression, outside: PropertyExpression) -> PropertyExpression:
    """Return the first value that is there, both as JSON unless they are of one type."""
    if inside.type is outside.type:
        return PropertyExpression(f"coalesce({inside.sql}, {outside.sql})", inside.type)
    values = (
        value.sql if value.type is PropertyType.JSON else f"to_json({value.sql})"
        for value in (inside, outside)
    )
    return PropertyExpression(f"coalesce({', '.join(values)})", PropertyType.JSON)
