"""Events into a store: files of whole partitions, in order, and one commit that names them."""

from __future__ import annotations

import shutil
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from funnelkit.errors import DataError, DefinitionError
from funnelkit.events.connection import connect, data_errors, work_connection
from funnelkit.events.duplicates import DAYS, find_known, telling_apart
from funnelkit.events.importers.columns import RECEIVED
from funnelkit.events.sql import Parameters, quote_identifier, quote_path
from funnelkit.events.store.catalogue import duckdb_struct
from funnelkit.events.store.columns import Selecting, empty_catalogue
from funnelkit.events.store.commit import StoredFile, commit, create, delta, synced
from funnelkit.events.store.layout import (
    BUCKETS,
    MOST_BUCKETS,
    ORDER,
    ROW_GROUP,
    SIDE,
    Partition,
)
from funnelkit.events.store.ledger import with_imports
from funnelkit.events.store.merging import with_merges
from funnelkit.events.store.people import People
from funnelkit.events.store.reading import Snapshot, snapshot
from funnelkit.events.store.state import State, is_store
from funnelkit.events.table import literally

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from funnelkit.events.store.catalogue import Catalogue
    from funnelkit.events.store.ledger import Import
    from funnelkit.events.table import EventTable

UNFINISHED: Final = f"{SIDE}/unfinished"
"""Where an import keeps what is not in order yet."""


@dataclass(frozen=True, slots=True)
class Appended:
    """What became of events: how many are new, how many were there, and the store's version."""

    version: int
    events: int
    known: int


@dataclass(frozen=True, slots=True)
class Adding:
    """What comes with events: lines for the ledger, and a file of merged ids."""

    imports: tuple[Import, ...] = ()
    merges: Path | None = None


def append(
    folder: Path,
    table: EventTable | None,
    *,
    adding: Adding | None = None,
    buckets: int | None = None,
    insert_id_clock: str = "received",
) -> Appended:
    """Add events to a store, which is made if there is none, and return what was done.

    An event whose uuid the store has (or whose insert_id it has from the same device within seven
    days: specification A13) is not added once more. The caller holds the lock (`writing`).

    Args:
        folder: where the store is.
        table: the events, None where there is only something else to add.
        adding: what comes with them.
        buckets: how many buckets of users a new store has.
        insert_id_clock: which clock measures the seven days: "received", or "event".

    Raises:
        ColumnError: the source has two columns that the store would keep as one.
        DataError: the store cannot be written; nothing was added.
        DefinitionError: `buckets` is not what the store has.
    """
    more = adding or Adding()
    with (
        _scratch(folder) as scratch,
        closing(work_connection(scratch)) as connection,
        data_errors(str(folder)),
    ):
        before = opened(folder, buckets)
        catalogue, added = before.catalogue, list[StoredFile]()
        if table is not None:
            selection = Selecting(table, catalogue, connection).selection(
                buckets=before.state.buckets
            )
            connection.execute(
                f"COPY ({selection.sql}) TO $target (FORMAT parquet, PARTITION_BY (month, bucket))",
                {**selection.bind.used_in(selection.sql), "target": str(scratch / "parts")},
            ).fetchall()
            catalogue = selection.catalogue
            added += _sorted(before, scratch / "parts", connection, insert_id_clock)
        merges = with_merges(
            before.state.merges,
            more.merges,
            [file.path for file in added],
            People.of(before),
            scratch,
            connection,
        )
        events = sum(file.rows for file in added)
        known = 0 if table is None else table.rows - events
        if not added and not more.imports and merges == before.state.merges:
            return Appended(before.version, 0, known)
        state = replace(
            before.state,
            ledger=with_imports(folder, before.state.ledger, more.imports),
            merges=merges,
        )
        changed = catalogue != before.catalogue
        if changed:
            state = replace(state, schema=write_schema(folder, catalogue, connection))
        version = commit(
            folder,
            version=before.version,
            operation="import",
            state=state,
            catalogue=catalogue,
            changed=changed,
            add=added,
            said={"events": events},
        )
    return Appended(version, events, known)


def opened(folder: Path, buckets: int | None = None) -> Snapshot:
    """Return the last version of a store; where there is none, make it."""
    if is_store(folder) and any((folder / "_delta_log").glob("*.json")):
        found = snapshot(folder)
        if buckets not in {None, found.state.buckets}:
            raise DefinitionError(
                f"{folder} has {found.state.buckets} buckets of users, not {buckets}; that is "
                "settled when a store is made"
            )
        return found
    delta()
    if buckets is not None and not 1 <= buckets <= MOST_BUCKETS:
        raise DefinitionError(f"a store has 1 to {MOST_BUCKETS} buckets of users, not {buckets}")
    with closing(connect()) as connection:
        catalogue = empty_catalogue()
        schema = write_schema(folder, catalogue, connection)
    create(folder, catalogue, State(BUCKETS if buckets is None else buckets, schema))
    return snapshot(folder)


def write_schema(folder: Path, catalogue: Catalogue, connection: DuckDBPyConnection) -> str:
    """Write an empty Parquet file with all columns, and return its path in the store."""
    columns = [
        f"NULL::{entry.kind.duckdb} AS {quote_identifier(entry.field)}"
        for entry in catalogue.columns.entries
    ]
    columns += [
        f"NULL::{duckdb_struct(fields)} AS {quote_identifier(name)}"
        for name, fields in catalogue.objects.items()
    ]
    name = f"{SIDE}/schema-{uuid4().hex}.parquet"
    connection.execute(
        f"COPY (SELECT {', '.join(columns)} LIMIT 0) TO $target (FORMAT parquet)",
        {"target": str(folder / name)},
    ).fetchall()
    synced(folder / name)
    return name


def _sorted(
    before: Snapshot, parts: Path, connection: DuckDBPyConnection, insert_id_clock: str
) -> Iterator[StoredFile]:
    """Write each partition's new events in order, and yield the files that have any."""
    for folder in sorted(parts.glob("month=*/bucket=*")):
        partition = Partition(
            folder.parent.name.removeprefix("month="), int(folder.name.removeprefix("bucket="))
        )
        files = sorted(str(file) for file in folder.glob("*.parquet"))
        there = [
            str(before.folder / file.path)
            for file in before.files
            if file.partition.bucket == partition.bucket and _near(file, partition)
        ]
        bind = Parameters()
        options = "hive_partitioning = false, filename = true, file_row_number = true"
        events = f"read_parquet({bind.bind(literally(files))}, {options})"
        place = _arrival(bind.bind(files))
        events = f"(SELECT * EXCLUDE (filename, file_row_number), {place} FROM {events})"
        if there:
            schema = str(before.folder / before.state.schema)
            _find_known(connection, files, [schema, *there], insert_id_clock)
            events = f"(FROM {events} WHERE fk_arrival NOT IN (FROM fk_dropped))"
        file = write_file(
            before.folder,
            partition,
            f"SELECT * EXCLUDE (fk_arrival) FROM {events}",
            bind,
            connection,
        )
        if file is not None:
            yield file
        shutil.rmtree(folder)


def _near(file: StoredFile, partition: Partition) -> bool:
    """Return whether a file may have an event of the partition, or one within a week of it."""
    from datetime import UTC, datetime, timedelta

    if file.partition.month == partition.month:
        return True
    year, month = map(int, partition.month.split("-"))
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    week = DAYS * 86_400_000_000
    first = (datetime(year, month, 1, tzinfo=UTC) - epoch) // timedelta(microseconds=1)
    return file.last >= first - week and file.first <= first + 31 * 86_400_000_000 + week


def _find_known(
    connection: DuckDBPyConnection, new: list[str], known: list[str], insert_id_clock: str
) -> None:
    """Create the table `fk_dropped` of the new events that the store has (specification A13)."""

    def narrow(files: list[str], *, minus: int) -> str:
        quoted = ", ".join(map(quote_path, literally(files)))
        order = f"[{', '.join(map(quote_path, files))}]"
        options = "union_by_name = true, hive_partitioning = false, filename = true, "
        rows = f"read_parquet([{quoted}], {options}file_row_number = true)"
        found = connection.execute(f"DESCRIBE FROM {rows}").fetchall()
        types = {name: kind for name, kind, *_ in found}

        def column(name: str) -> str:
            return quote_identifier(name) if types.get(name) == "VARCHAR" else "NULL::VARCHAR"

        times = [*(RECEIVED if insert_id_clock == "received" else ()), "event_time"]
        return telling_apart(
            f"(SELECT *, {_arrival(order, minus=minus)} FROM {rows})",
            app=column("app"),
            uuid=column("uuid"),
            device_id=column("device_id"),
            user_id=column("user_id"),
            insert_id=column("$insert_id"),
            received=[quote_identifier(name) for name in times if types.get(name) == "TIMESTAMP"],
        )

    find_known(connection, new=narrow(new, minus=0), known=narrow(known, minus=1 << 62))


def _arrival(files: str, *, minus: int = 0) -> str:
    """Return the SQL of a number for each row, by its file (of a list in SQL) and its place."""
    place = f"(list_position({files}, filename)::BIGINT << 32) + file_row_number"
    return f"{place} - {minus} AS fk_arrival"


def write_file(
    store: Path, partition: Partition, select: str, bind: Parameters, connection: DuckDBPyConnection
) -> StoredFile | None:
    """Write events in the order of a store's files; None where there are none."""
    path = partition.new_file()
    target = store / path
    target.parent.mkdir(parents=True, exist_ok=True)
    order = ", ".join(map(quote_identifier, ORDER))
    # Version 2 keeps times as differences: a sixth smaller, and read in half the time.
    connection.execute(
        f"COPY ({select} ORDER BY {order}) TO $target (FORMAT parquet, "
        f"PARQUET_VERSION V2, ROW_GROUP_SIZE {ROW_GROUP})",
        {**bind.used_in(select), "target": str(target)},
    ).fetchall()
    rows, first, last, named = connection.execute(
        "SELECT count(*), epoch_us(min(event_time)), epoch_us(max(event_time)), count(user_id) "
        "FROM read_parquet($files, hive_partitioning = false)",
        {"files": literally([str(target)])},
    ).fetchall()[0]
    if not rows:
        target.unlink()
        return None
    synced(target)
    return StoredFile(path, partition, rows, first, last, rows - named, target.stat().st_size)


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    """Give a folder inside the store for what is not finished; a killed import leaves it behind."""
    unfinished = folder / UNFINISHED
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        unfinished.mkdir(parents=True)
        yield unfinished
    except OSError as error:
        raise DataError(f"{folder} cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
