"""Merged ids of a store: every id that stands for another one, and where it leads (C3, A13)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from funnelkit.events.merges import follow
from funnelkit.events.store.commit import synced
from funnelkit.events.store.layout import SIDE
from funnelkit.events.table import literally

if TYPE_CHECKING:
    from pathlib import Path

    from duckdb import DuckDBPyConnection

COLUMNS = "amplitude_id, merged_amplitude_id, merge_time"


def with_merges(
    folder: Path, before: str | None, more: Path | None, connection: DuckDBPyConnection
) -> str | None:
    """Write the merges of before and more of them; return the file, as it was if none is new.

    It has a row for each id that was merged: into which one, when, and its `final` id.

    Raises:
        DataError: merges go in a circle.
    """
    if more is None:
        return before
    files = [str(more), *([] if before is None else [str(folder / before)])]
    connection.execute("DROP TABLE IF EXISTS fk_final").fetchall()
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE fk_merges AS SELECT DISTINCT {COLUMNS} "
        "FROM read_parquet($files, union_by_name = true)",
        {"files": literally(files)},
    ).fetchall()
    if not follow(connection, "fk_merges"):
        return before
    name = f"{SIDE}/merges-{uuid4().hex}.parquet"
    last = "(coalesce(merge_time, TIMESTAMP '0001-01-01'), merged_amplitude_id)"
    connection.execute(
        f"COPY (SELECT amplitude_id, arg_max(merged_amplitude_id, {last}) AS merged_amplitude_id, "
        "max(merge_time) AS merge_time, any_value(final) AS final FROM fk_merges "
        "JOIN fk_final USING (amplitude_id) GROUP BY amplitude_id ORDER BY amplitude_id) "
        "TO $target (FORMAT parquet)",
        {"target": str(folder / name)},
    ).fetchall()
    synced(folder / name)
    return name
