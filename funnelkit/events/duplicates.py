"""Copies of events: by uuid, or by insert_id and device within seven days (specification A13)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from funnelkit.packaged import read_sql

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

DAYS: Final = 7


def find_copies(connection: DuckDBPyConnection, narrow: str) -> int:
    """Create the temporary table `fk_dropped` of the places of all copies; return their number.

    `narrow` is a FROM item with fk_arrival (the order in which rows are kept), app, uuid, device
    (or what stands for it), insert_id and received, a TIMESTAMP.
    """
    connection.execute(read_sql("duplicates").format(narrow=narrow, days=DAYS)).fetchall()
    return int(connection.execute("SELECT count(*) FROM fk_dropped").fetchall()[0][0])
