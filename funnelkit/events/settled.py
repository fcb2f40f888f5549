"""Events that Amplitude would not take as they came: copies are dropped, ids found (A13).

This is for lines of JSON that are read without an import; an import does the same, once. A file of
Parquet or CSV is taken as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from funnelkit.events.duplicates import find_copies, telling_apart
from funnelkit.events.identity import matters, resolve
from funnelkit.events.importers.columns import RECEIVED
from funnelkit.events.sql import quote_identifier
from funnelkit.events.table import literally

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from duckdb import DuckDBPyConnection


LEFT_OUT: Final = "left out (same uuid, or same insert_id and device within 7 days)"


@dataclass(frozen=True, slots=True)
class Settled:
    """What had to be done: `file` has the events then, `joined` the merges that were found."""

    file: Path
    notes: tuple[str, ...]
    joined: bool


def settle(connection: DuckDBPyConnection, files: Sequence[str], target: Path) -> Settled | None:
    """Write the events of files without copies, and with an amplitude_id each; None if they are so.

    The files are Parquet with columns named by their roles, in the order of arrival, unless they
    know when each event was received. The temporary table `fk_joined` has the merges that follow.
    """
    types = {
        name: kind
        for name, kind, *_ in connection.execute(
            "DESCRIBE FROM read_parquet($files, union_by_name = true)", {"files": literally(files)}
        ).fetchall()
    }
    paths = ", ".join("'" + path.replace("'", "''") + "'" for path in literally(files))
    order = ", ".join(f"'{path.replace(chr(39), chr(39) * 2)}'" for path in files)
    connection.execute(
        "CREATE OR REPLACE TEMP VIEW fk_rows AS SELECT * EXCLUDE (filename, file_row_number), "
        f"(list_position([{order}], filename)::BIGINT << 32) + file_row_number AS fk_arrival "
        f"FROM read_parquet([{paths}], union_by_name = true, filename = true, "
        "file_row_number = true, hive_partitioning = false)"
    ).fetchall()
    copies = _copies(connection, types)
    connection.execute(
        "CREATE OR REPLACE TEMP VIEW fk_kept AS SELECT * FROM fk_rows"
        + (" WHERE fk_arrival NOT IN (FROM fk_dropped)" if copies else "")
    ).fetchall()
    found = _identify(connection, types)
    if not copies and not found:
        return None
    columns, events = "* EXCLUDE (fk_arrival)", "fk_kept"
    if found:
        own = "amplitude_id" in types
        columns = f"fk_kept.* EXCLUDE ({'amplitude_id, ' if own else ''}fk_arrival), " + (
            "coalesce(fk_kept.amplitude_id, fk_ids.id) AS amplitude_id"
            if own
            else "fk_ids.id AS amplitude_id"
        )
        events = (
            "fk_kept JOIN (SELECT fk_arrival, place FROM fk_places) "
            "AS fk_arrivals USING (fk_arrival) LEFT JOIN fk_ids ON fk_ids.place = fk_arrivals.place"
        )
    connection.execute(
        f"COPY (SELECT {columns} FROM {events} ORDER BY fk_kept.fk_arrival) "
        "TO $target (FORMAT parquet)",
        {"target": str(target)},
    ).fetchall()
    notes = []
    if copies:
        what = "1 duplicate is" if copies == 1 else f"{copies:,} duplicates are"
        notes.append(f"{what} {LEFT_OUT}")
    if found:
        what = "1 event" if found == 1 else f"{found:,} events"
        notes.append(
            f"{what} without amplitude_id got one from user_id and device_id, by Amplitude's rules"
        )
    return Settled(target, tuple(notes), joined=bool(found))


def _column(types: Mapping[str, str], name: str, kind: str = "VARCHAR") -> str:
    if name not in types:
        return f"NULL::{kind}"
    return f"TRY_CAST({quote_identifier(name)} AS {kind})"


def _received(types: Mapping[str, str]) -> str:
    return f"coalesce({', '.join(_column(types, name, 'TIMESTAMP') for name in RECEIVED)})"


def _copies(connection: DuckDBPyConnection, types: Mapping[str, str]) -> int:
    if not {"uuid", "insert_id", "$insert_id"} & types.keys() or "event_time" not in types:
        return 0
    insert_id = f"coalesce({_column(types, '$insert_id')}, {_column(types, 'insert_id')})"
    narrow = telling_apart(
        "fk_rows",
        app=_column(types, "app"),
        uuid=_column(types, "uuid"),
        device_id=_column(types, "device_id"),
        user_id=_column(types, "user_id"),
        insert_id=insert_id,
        received=[_received(types), "event_time"],
    )
    return find_copies(connection, narrow)


def _identify(connection: DuckDBPyConnection, types: Mapping[str, str]) -> int:
    """Find ids where that joins events that would count apart; return of how many events."""
    if not {"user_id", "device_id"} <= types.keys():
        return 0
    if types.get("amplitude_id", "BIGINT") != "BIGINT":
        return 0
    given = _column(types, "amplitude_id", "BIGINT")
    without, anonymous, events = connection.execute(
        f"SELECT count(*) FILTER ({given} IS NULL), count(*) FILTER (user_id IS NULL "
        f"AND {given} IS NULL), count(*) FROM fk_kept"
    ).fetchall()[0]
    if not anonymous and without in {0, events}:
        return 0
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE fk_places AS SELECT fk_arrival, row_number() OVER "
        f"(ORDER BY {_received(types)} NULLS LAST, fk_arrival) AS place, "
        f"user_id::VARCHAR AS user_id, device_id::VARCHAR AS device_id, {given} AS given "
        "FROM fk_kept"
    ).fetchall()
    resolve(connection, "fk_places")
    return int(without) if matters(connection) or without < events else 0
