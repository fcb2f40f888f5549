"""Merged ids of a store: every id that stands for another one, and where it leads (C3, A13)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from funnelkit.events.merges import follow
from funnelkit.events.sql import Parameters
from funnelkit.events.store.commit import synced
from funnelkit.events.store.layout import SIDE
from funnelkit.events.table import literally, read_parquet

if TYPE_CHECKING:
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from funnelkit.events.store.people import People

COLUMNS = "amplitude_id, merged_amplitude_id, merge_time"


def with_merges(
    before: str | None,
    said: Path | None,
    added: list[str],
    people: People,
    target: Path,
    connection: DuckDBPyConnection,
) -> str | None:
    """Return the file of all merges: as it was if none is new, else another one.

    It has a row for each id that was merged: into which one, when, and its `final` id. New are
    those that an import has `said`, and those that its files of events, `added`, bring to light.

    Raises:
        DataError: merges go in a circle.
    """
    folder = people.folder
    known = None if before is None else folder / before
    merges = known
    if said is not None:
        merges = _together(known, said, target / "said.parquet", connection)
    joined = _joined(people, added, merges, target / "joined.parquet", connection)
    if joined is not None:
        merges = _together(merges, joined, target / "merges.parquet", connection)
    if merges is None or merges == known:
        return before
    name = f"{SIDE}/merges-{uuid4().hex}.parquet"
    merges.replace(folder / name)
    synced(folder / name)
    return name


def _together(
    before: Path | None, more: Path, target: Path, connection: DuckDBPyConnection
) -> Path | None:
    """Write merges of two files into one and return it; the first one, where there is none."""
    connection.execute("DROP TABLE IF EXISTS fk_final").fetchall()
    bind = Parameters()
    sql = f"SELECT {COLUMNS} FROM {_parquet(more, bind)}"
    if before is not None:
        known = _parquet(before, bind)
        # What an id was found to stand for, it stays.
        found = "merge_time IS NULL AND least(amplitude_id, merged_amplitude_id) < 0"
        sql = (
            f"SELECT {COLUMNS} FROM {known} UNION {sql} WHERE NOT coalesce({found} "
            f"AND amplitude_id IN (SELECT amplitude_id FROM {known}), false)"
        )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE fk_merges AS SELECT DISTINCT * FROM ({sql})",
        bind.used_in(sql),
    ).fetchall()
    if not follow(connection, "fk_merges"):
        return before
    last = "(coalesce(merge_time, TIMESTAMP '0001-01-01'), merged_amplitude_id)"
    connection.execute(
        f"COPY (SELECT amplitude_id, arg_max(merged_amplitude_id, {last}) AS merged_amplitude_id, "
        "max(merge_time) AS merge_time, any_value(final) AS final FROM fk_merges "
        "JOIN fk_final USING (amplitude_id) GROUP BY amplitude_id ORDER BY amplitude_id) "
        "TO $target (FORMAT parquet)",
        {"target": str(target)},
    ).fetchall()
    return target


def _joined(
    people: People,
    added: list[str],
    merges: Path | None,
    target: Path,
    connection: DuckDBPyConnection,
) -> Path | None:
    """Write which ids turn out to be one user's, now that there are more events (A13).

    A user who had another id before keeps the first one, or the one that Amplitude gave; an
    anonymous device belongs to the first user who is known on it. Only ids that funnelkit made up
    (they are negative) are merged into others, and none that stands for two users. What an id was
    merged into before, it stays: with an event that comes late, merges would else go in a circle.
    """
    bind = Parameters()
    new = people.relation(bind, added)
    if not added or not _one(
        connection, f"SELECT count(*) FROM {new} WHERE amplitude_id < 0", bind
    ):
        return None
    events = people.relation(bind, [*people.files, *added])
    if merges is not None:
        final = _parquet(merges, bind)
        events = (
            "(SELECT user_id, device_id, coalesce(final, amplitude_id) AS amplitude_id, event_time "
            f"FROM {events} LEFT JOIN (SELECT amplitude_id, final FROM {final}) "
            "USING (amplitude_id))"
        )
    sql = f"""
        WITH seen AS (
            SELECT user_id, device_id, amplitude_id, min(event_time) AS time
            FROM {events} WHERE amplitude_id IS NOT NULL GROUP BY ALL
        ),
        users AS (
            SELECT user_id, amplitude_id, min(time) AS time FROM seen
            WHERE user_id IS NOT NULL GROUP BY ALL
        ),
        kept AS (
            SELECT user_id, arg_min(amplitude_id, (amplitude_id < 0, time, amplitude_id)) AS id
            FROM users GROUP BY user_id
        ),
        shared AS (SELECT amplitude_id FROM users GROUP BY ALL HAVING count(*) > 1),
        known AS (
            SELECT device_id, arg_min(user_id, (time, user_id)) AS user_id
            FROM seen WHERE user_id IS NOT NULL AND device_id IS NOT NULL GROUP BY device_id
        )
        SELECT amplitude_id, kept.id AS merged_amplitude_id, NULL::TIMESTAMP AS merge_time
        FROM users JOIN kept USING (user_id)
        WHERE amplitude_id < 0 AND amplitude_id <> kept.id
            AND amplitude_id NOT IN (FROM shared)
        UNION
        SELECT amplitude_id, kept.id, NULL
        FROM seen JOIN known USING (device_id) JOIN kept ON kept.user_id = known.user_id
        WHERE seen.user_id IS NULL AND amplitude_id < 0 AND amplitude_id <> kept.id
            AND amplitude_id NOT IN (SELECT amplitude_id FROM users)
    """
    connection.execute(
        f"COPY ({sql}) TO $target (FORMAT parquet)", {**bind.used_in(sql), "target": str(target)}
    ).fetchall()
    found = _one(connection, "SELECT count(*) FROM read_parquet($p1)", _bound([str(target)]))
    return target if found else None


def _parquet(file: Path, bind: Parameters) -> str:
    return read_parquet(bind.bind(literally([str(file)])), hive=False)


def _bound(files: list[str]) -> Parameters:
    bind = Parameters()
    bind.bind(literally(files))
    return bind


def _one(connection: DuckDBPyConnection, sql: str, bind: Parameters) -> int:
    return int(connection.execute(sql, bind.used_in(sql)).fetchall()[0][0])
