"""A version of a store as an event table."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from funnelkit.errors import DataError, DefinitionError
from funnelkit.events.connection import connect, data_errors
from funnelkit.events.store.catalogue import OBJECTS, REST, Catalogue
from funnelkit.events.store.commit import delta, read_version
from funnelkit.events.store.kinds import JSON
from funnelkit.events.store.selections import selections_of
from funnelkit.events.store.state import commits, state_at, version_at_time
from funnelkit.events.table import EventTable, Field, literally

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from funnelkit.events.store.commit import StoredFile
    from funnelkit.events.store.state import State

ROLES = {
    "amplitude_id": "amplitude_id",
    "user_id": "user_id",
    "device_id": "device_id",
    "session_id": "session_id",
    "event_type": "event_type",
    "event_id": "event_id",
    "uuid": "uuid",
    "insert_id": "$insert_id",
}
"""The columns that every store has beside the time, by their roles."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A version of a store: its number, state, catalogue and files."""

    folder: Path
    version: int
    state: State
    catalogue: Catalogue
    files: tuple[StoredFile, ...]

    @property
    def rows(self) -> int:
        """The number of events."""
        return sum(file.rows for file in self.files)


def snapshot(folder: Path, version: int | None = None, as_of: datetime | None = None) -> Snapshot:
    """Return a version of a store: the last one, the one of this number, or of this time.

    Raises:
        DefinitionError: there is no such version; the text says which there are.
        DataError: it is no store, or the version was erased.
        UnsupportedError: a later funnelkit wrote it.
    """
    delta()
    number = _resolve(folder, version, as_of)
    state = state_at(folder, number)
    catalogue, files = read_version(folder, number)
    if number != max(commits(folder)):
        paths = [state.schema, *(file.path for file in files)]
        gone = [path for path in paths if not (folder / path).exists()]
        if gone:
            raise DataError(
                f"version {number} of {folder} cannot be read any more: {len(gone)} of its files "
                "were erased by `store vacuum` or `store forget`"
            )
    return Snapshot(folder, number, state, catalogue, tuple(files))


def _resolve(folder: Path, version: int | None, as_of: datetime | None) -> int:
    known = commits(folder)
    if not known:
        raise DataError(f"{folder} is no store: its log is empty")
    if version is not None:
        if version not in known:
            raise DefinitionError(
                f"{folder} has no version {version}; it has {known[0]} to {known[-1]}"
            )
        return version
    return known[-1] if as_of is None else version_at_time(folder, as_of).number


def open_store(
    folder: Path,
    version: int | None = None,
    as_of: datetime | None = None,
    *,
    cache: bool = True,
) -> EventTable:
    """Return a version of a store as an event table; with `cache`, selections are kept beside it.

    Raises:
        DefinitionError: there is no such version.
        DataError: it cannot be read.
    """
    found = snapshot(folder, version, as_of)
    table = table_of(found)
    if not cache:
        return table
    size = sum(file.size for file in found.files)
    return replace(table, selections=selections_of(folder, size))


def table_of(found: Snapshot) -> EventTable:
    """Return the event table of a version."""
    folder = found.folder
    schema_file = str(folder / found.state.schema)
    # The empty file comes first: with it, every column is there, whatever files are read.
    with closing(connect()) as connection, data_errors(str(folder)):
        described = connection.execute(
            "DESCRIBE SELECT * FROM read_parquet($files, hive_partitioning = false)",
            {"files": literally([schema_file])},
        ).fetchall()
    types = {name: kind for name, kind, *_ in described}
    roles: dict[str, Any] = {role: name for role, name in ROLES.items() if name in types}
    nulls = {"amplitude_id": 0, "user_id": sum(file.without_user_id for file in found.files)}
    ends = None
    if found.files:
        ends = min(file.first for file in found.files), max(file.last for file in found.files)
    paths = literally(str(folder / file.path) for file in found.files)
    named = zip(found.files, paths, strict=True)
    (columns,) = literally([schema_file])
    buckets = tuple(
        (columns, *(path for _, path in files))
        for _, files in groupby(named, key=lambda one: one[0].partition.bucket)
    )
    return EventTable(
        files=(columns, *paths),
        types=types,
        time="event_time",
        time_kind="timestamp",
        rows=found.rows,
        labels=(f"{folder}, version {found.version}",),
        event_properties="event_properties" if "event_properties" in types else None,
        user_properties="user_properties" if "user_properties" in types else None,
        event_fields=_fields(found.catalogue, "event_properties"),
        user_fields=_fields(found.catalogue, "user_properties"),
        group_fields=_fields(found.catalogue, "groups"),
        column_fields=_columns(found.catalogue),
        nulls=nulls,
        buckets=buckets,
        ends=ends,
        file_ends={
            path: (file.first, file.last) for file, path in zip(found.files, paths, strict=True)
        },
        merges=None if found.state.merges is None else str(folder / found.state.merges),
        **roles,
    )


def _fields(catalogue: Catalogue, column: str) -> tuple[Field, ...]:
    fields = catalogue.fields(column)
    own = [Field(entry.name, entry.kind.duckdb, entry.field) for entry in fields.entries]
    return (*own, *(Field(name, "JSON", REST, inside=True) for name in sorted(fields.rest)))


def _columns(catalogue: Catalogue) -> tuple[Field, ...]:
    taken = {*ROLES.values(), "event_time", *OBJECTS}
    return tuple(
        Field(entry.name, "JSON" if entry.kind is JSON else entry.kind.duckdb, entry.field)
        for entry in catalogue.columns.entries
        if entry.field not in taken
    )
