"""The columns of Parquet files by their exact names, and what DuckDB makes of them.

DuckDB folds case in the names of columns and of STRUCT fields: it renames the second of `Price`
and `price` inside one file, and mixes them into one column where each stands in another file.
The exact names stand in the Parquet schema.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from funnelkit.errors import ColumnError
from funnelkit.events.connection import data_errors
from funnelkit.events.duckdb_types import struct_fields
from funnelkit.events.files import sum_up
from funnelkit.events.table import Field, literally, read_parquet

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from duckdb import DuckDBPyConnection

    from funnelkit.events.files import EventFile


@dataclass(frozen=True, slots=True)
class ParquetFiles:
    """Parquet files under inspection, and their names in messages."""

    connection: DuckDBPyConnection
    paths: tuple[str, ...]
    labels: tuple[str, ...]
    hive: bool = False

    def query(self, sql: str, **values: object) -> list[tuple[Any, ...]]:
        """Return the rows of `sql`, in which {events} is the table and {files} the list of paths.

        `values` are bound to the placeholders of their names.
        """
        text = sql.replace("{events}", read_parquet("{files}", hive=self.hive))
        if "{files}" in text:
            values["files"] = literally(self.paths)
        return self.connection.execute(text.replace("{files}", "$files"), values).fetchall()

    def rows(self) -> int:
        """Return the number of events, as the files' footers give it."""
        counted = self.query(
            "SELECT coalesce(sum(num_rows), 0)::BIGINT FROM parquet_file_metadata({files})"
        )
        return int(counted[0][0])

    def label(self, path: str) -> str:
        """Return the name that the user knows the file by."""
        return dict(zip(self.paths, self.labels, strict=True)).get(path, path)


@dataclass(frozen=True, slots=True)
class Node:
    """One entry of a Parquet schema: a column, or a field inside one."""

    name: str
    type: str
    children: tuple[Node, ...] = ()

    def child(self, name: str) -> Node | None:
        """Return the child with exactly this name."""
        return next((child for child in self.children if child.name == name), None)


@dataclass(frozen=True, slots=True)
class Schema:
    """What the files hold: DuckDB's types of the columns of all, and each file's own columns."""

    types: Mapping[str, str]
    files: tuple[tuple[str, Node], ...]

    def fields(self, column: str | None) -> tuple[Field, ...]:
        """Return the fields of a STRUCT column; none if there is no such column or it is none."""
        if column is None or column not in self.types:
            return ()
        read = struct_fields(self.types[column])
        nodes = [root.child(column) for _, root in self.files]
        spelt = [tuple(child.name for child in node.children) for node in nodes if node]
        if not spelt or not read:
            return ()
        if all(names == spelt[0] for names in spelt) and len(spelt[0]) == len(read):
            # The same fields everywhere: DuckDB renamed what it had to, but kept the order.
            return tuple(
                Field(name, kind, as_name)
                for name, (as_name, kind) in zip(spelt[0], read, strict=True)
            )
        names = dict.fromkeys(name for file in spelt for name in file)
        by_name = dict(read)
        folded: dict[str, int] = {}
        for name in names:
            folded[name.lower()] = folded.get(name.lower(), 0) + 1
        return tuple(
            Field(name, by_name.get(name, ""), name if folded[name.lower()] == 1 else None)
            for name in names
        )


def read_schema(source: ParquetFiles) -> Schema:
    """Return the schema of Parquet files.

    Raises:
        ColumnError: two columns have names that differ only in case.
    """
    described = source.query("DESCRIBE SELECT * FROM {events}")
    roots = [(source.label(file), root) for file, root in _roots(source)]
    _check_case(roots)
    return Schema({name: kind for name, kind, *_ in described}, tuple(roots))


def columns_of(
    connection: DuckDBPyConnection, files: Sequence[EventFile]
) -> dict[Path, tuple[str, ...]]:
    """Return the names of the columns of each Parquet file.

    Raises:
        DataError: a file cannot be read.
    """
    if not files:
        return {}
    labels = tuple(file.label for file in files)
    paths = tuple(str(file.path) for file in files)
    with data_errors(sum_up(labels)):
        roots = list(_roots(ParquetFiles(connection, paths, labels)))
    return {Path(file): tuple(column.name for column in root.children) for file, root in roots}


def _roots(source: ParquetFiles) -> Iterator[tuple[str, Node]]:
    """Yield the path of each file, and its schema."""
    entries = iter(
        source.query(
            "SELECT file_name, name, coalesce(duckdb_type, type, ''), coalesce(num_children, 0) "
            "FROM parquet_schema({files})"
        )
    )
    for file, name, kind, children in entries:
        yield file, _node(name, kind, children, entries)


def _node(
    name: str, kind: str, children: int, entries: Iterator[tuple[str, str, str, int]]
) -> Node:
    """Return the entry with its children, which follow it in the list."""
    below = []
    for _ in range(children):
        _, child, child_kind, grandchildren = next(entries)
        below.append(_node(child, child_kind, grandchildren, entries))
    return Node(name, kind, tuple(below))


def _check_case(roots: Sequence[tuple[str, Node]]) -> None:
    seen: dict[str, tuple[str, str]] = {}
    for file, root in roots:
        for column in root.children:
            name, where = seen.setdefault(column.name.lower(), (column.name, file))
            if name != column.name:
                places = file if where == file else f"{where} and {file}"
                raise ColumnError(
                    f"the columns {name!r} and {column.name!r} differ only in case ({places}); "
                    "DuckDB would mix them up. Rename one of them."
                )
