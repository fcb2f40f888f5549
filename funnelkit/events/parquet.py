"""Parquet files as an event table: roles, kinds and checks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from funnelkit.errors import ColumnError, did_you_mean
from funnelkit.events.checks import check_times, incomplete, suspects
from funnelkit.events.columns import find_roles
from funnelkit.events.duckdb_types import item_type, map_types, struct_fields
from funnelkit.events.schema import ParquetFiles, read_schema
from funnelkit.events.sql import quote_identifier
from funnelkit.events.table import EventTable, literally
from funnelkit.events.times import column_kind, epoch_kind, is_number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from duckdb import DuckDBPyConnection

    from funnelkit.events.schema import Schema
    from funnelkit.events.table import Role, TimeKind


def open_parquet(
    connection: DuckDBPyConnection,
    files: Sequence[str],
    *,
    labels: Sequence[str],
    explicit: Mapping[Role, str],
    hive: bool = False,
) -> EventTable:
    """Return the event table over Parquet files, every time checked.

    `labels` are the files' names in messages. Times with a type of their own are checked by the
    files' statistics; text and statistics that are missing cost a scan of that one column.

    Raises:
        ColumnError: a role has no column, or one of a type that cannot serve.
        DataError: a time is missing, unreadable or outside the years 1 to 9999; the text names
            the file, the row and the value.
    """
    source = ParquetFiles(connection, tuple(files), tuple(labels), hive)
    schema = read_schema(source)
    where = labels[0] if len(labels) == 1 else f"{labels[0]} and {len(labels) - 1} more"
    roles = find_roles(list(schema.types), explicit=explicit, where=where)
    _check_types(schema.types, roles.columns)
    _check_every_file(source, schema, roles.columns)
    column = roles.columns["event_time"]
    kind, time_notes = read_times(source, column, duckdb_type=schema.types[column])
    notes = [*roles.notes(), *time_notes, *incomplete(source, roles)]
    others: dict[str, Any] = {
        role: name for role, name in roles.columns.items() if role != "event_time"
    }
    return EventTable(
        files=tuple(literally(source.paths)),
        types=schema.types,
        time=column,
        time_kind=kind,
        rows=source.rows(),
        hive=hive,
        notes=tuple(notes),
        labels=source.labels,
        event_fields=schema.fields(roles.columns.get("event_properties")),
        user_fields=schema.fields(roles.columns.get("user_properties")),
        group_fields=schema.fields("groups"),
        **others,
    )


def read_times(
    source: ParquetFiles, column: str, *, duckdb_type: str
) -> tuple[TimeKind, list[str]]:
    """Return how the times are read, every one checked, and notes for the user.

    Raises:
        ColumnError: the type cannot be a time.
        DataError: a time is none.
    """
    kind = _time_kind(source, column, duckdb_type)
    check_times(source, column, kind, duckdb_type=duckdb_type)
    if not is_number(duckdb_type):
        return kind, []
    return kind, [f"times read as epoch {kind}, UTC", *suspects(source, column, kind)]


def _check_types(types: Mapping[str, str], columns: Mapping[Role, str]) -> None:
    for role, column in columns.items():
        kind = types[column]
        if role == "event_type":
            fits, wanted = kind == "VARCHAR" or kind.startswith("ENUM"), "text"
        elif role == "event_time":
            fits, wanted = column_kind(kind) is not None, "a timestamp, a number or text"
        elif role.endswith("properties"):
            fits = kind in {"VARCHAR", "JSON"} or bool(struct_fields(kind) or map_types(kind))
            wanted = "a STRUCT, a MAP or JSON text"
        else:
            nested = struct_fields(kind) or map_types(kind) or item_type(kind)
            fits, wanted = not nested and kind != "BLOB", "text or a number"
        if not fits:
            raise ColumnError(
                f"the column {column!r} ({role}) has the type {kind}; needed is {wanted}"
            )


def _check_every_file(source: ParquetFiles, schema: Schema, columns: Mapping[Role, str]) -> None:
    """Raise for a file that lacks the event type or the time, or keeps a column differently."""
    for role in ("event_type", "event_time"):
        column = columns[role]
        for path, root in schema.files:
            names = [child.name for child in root.children]
            if column not in names and not (source.hive and f"{column}=" in path):
                hint = did_you_mean(column, names)
                raise ColumnError(
                    f"{path} has no column {column!r}, which is the {role} "
                    f"elsewhere; it has {', '.join(names)}.{hint}"
                )
    numeric = {
        is_number(node.type): path
        for path, root in schema.files
        if (node := root.child(columns["event_time"])) is not None
    }
    if len(numeric) > 1:
        raise ColumnError(
            f"{columns['event_time']} is a number in {numeric[True]} and none in "
            f"{numeric[False]}; read them apart, or convert one"
        )
    properties: tuple[Role, ...] = ("event_properties", "user_properties")
    for role in properties:
        nested = {
            bool(node.children): path
            for path, root in schema.files
            if (node := root.child(columns.get(role, ""))) is not None
        }
        if len(nested) > 1:
            raise ColumnError(
                f"{role} are a STRUCT or MAP in {nested[True]} and text in "
                f"{nested[False]}; read them apart, or convert one"
            )


def _time_kind(source: ParquetFiles, column: str, duckdb_type: str) -> TimeKind:
    kind = column_kind(duckdb_type)
    if kind is None:
        raise ColumnError(f"the column {column!r} has the type {duckdb_type}; it cannot be a time")
    if not is_number(duckdb_type):
        return kind
    name = quote_identifier(column)
    # The median of the first rows: a few absurd values must not decide the unit for all.
    median = source.query(
        "SELECT median(abs(value)) FILTER (WHERE isfinite(value)) FROM "
        f"(SELECT {name}::DOUBLE AS value FROM {{events}} WHERE {name} IS NOT NULL LIMIT 10000)"
    )[0][0]
    return epoch_kind(median)
