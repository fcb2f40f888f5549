"""Parquet files of different make: times as numbers in some, properties as JSON text in others.

DuckDB cannot read such columns as one, so the files that differ are written once more in a form
that all can share: times as TIMESTAMP in UTC, properties as JSON.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from funnelkit.errors import ColumnError
from funnelkit.events.columns import find_roles
from funnelkit.events.files import sum_up
from funnelkit.events.parquet import read_times
from funnelkit.events.schema import ParquetFiles, read_schema
from funnelkit.events.sql import quote_identifier
from funnelkit.events.table import literally, microseconds, read_parquet
from funnelkit.events.times import is_number, is_whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from funnelkit.events.schema import Node, Schema
    from funnelkit.events.table import Role

_PROPERTIES: tuple[Role, ...] = ("event_properties", "user_properties")


@dataclass(frozen=True, slots=True)
class Unlike:
    """A file to write once more: which column is its time, and which ones are to be JSON."""

    connection: DuckDBPyConnection
    path: str
    label: str
    time: str | None
    as_json: tuple[str, ...]

    def write(self, target: Path) -> list[str]:
        """Write the file as `target` and return notes for the user.

        Raises:
            ColumnError: the names of two properties differ only in case.
            DataError: a time is none.
        """
        source = ParquetFiles(self.connection, (self.path,), (self.label,))
        schema = read_schema(source)
        notes: list[str] = []
        changed = []
        if self.time is not None:
            kind, notes = read_times(source, self.time, duckdb_type=schema.types[self.time])
            # A whole number may be too small for its microseconds.
            wide = "HUGEINT" if is_whole(schema.types[self.time]) else schema.types[self.time]
            us = microseconds(f"{quote_identifier(self.time)}::{wide}", kind)
            changed.append(f"make_timestamp({us}) AS {quote_identifier(self.time)}")
        for name in self.as_json:
            if any(field.read_as != field.name for field in schema.fields(name)):
                raise ColumnError(
                    f"{self.label}: {name} has properties whose names differ only in case, and "
                    "other files keep properties as text; read them apart"
                )
            changed.append(f"to_json({quote_identifier(name)}) AS {quote_identifier(name)}")
            if schema.types[name] != "VARCHAR":
                notes.append(f"{name} of {self.label} are read as JSON, as other files have them")
        relation = read_parquet("$files", hive=False)
        self.connection.execute(
            f"COPY (SELECT * REPLACE ({', '.join(changed)}) FROM {relation}) TO $target "
            "(FORMAT parquet)",
            {"files": literally([self.path]), "target": str(target)},
        ).fetchall()
        return notes


def unlike_files(
    connection: DuckDBPyConnection, files: Mapping[str, str], *, explicit: Mapping[Role, str]
) -> list[Unlike]:
    """Return the files that have to be written once more; `files` are paths with their labels.

    Raises:
        ColumnError: a role has no column.
    """
    if len(files) == 1:
        return []
    # By their paths: two files may have one label.
    schema = read_schema(ParquetFiles(connection, tuple(files), tuple(files)))
    names = list(schema.types)
    roles = find_roles(names, explicit=explicit, where=sum_up(list(files.values())))
    time = roles.columns["event_time"]
    numbers = {path for path, node in _nodes(schema, time) if is_number(node.type)}
    if len(numbers) == len(list(_nodes(schema, time))):
        numbers = set()
    as_json: dict[str, list[str]] = {path: [] for path in files}
    for role in _PROPERTIES:
        name = roles.columns.get(role)
        if name is None:
            continue
        kept = {path: bool(node.children) for path, node in _nodes(schema, name)}
        if len({*kept.values()}) > 1:
            for path, is_nested in kept.items():
                as_json[path] += [name] if is_nested else []
    for name in schema.types.keys() - {*roles.columns.values()}:
        if schema.types[name] == "JSON":  # then the text of others would have to be JSON
            for path, node in _nodes(schema, name):
                as_json[path] += [name] if node.type == "VARCHAR" else []
    return [
        Unlike(connection, path, label, time if path in numbers else None, tuple(as_json[path]))
        for path, label in files.items()
        if path in numbers or as_json[path]
    ]


def _nodes(schema: Schema, column: str) -> Iterator[tuple[str, Node]]:
    for path, root in schema.files:
        node = root.child(column)
        if node is not None:
            yield path, node
