"""Copies of events: by uuid, or by insert_id and device within seven days (specification A13)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from funnelkit.packaged import read_sql

if TYPE_CHECKING:
    from collections.abc import Sequence

    from duckdb import DuckDBPyConnection

DAYS: Final = 7


def telling_apart(
    source: str,
    *,
    app: str,
    uuid: str,
    device_id: str,
    user_id: str,
    insert_id: str,
    received: Sequence[str],
) -> str:
    """Return the FROM item with all by which copies of the events of `source` are told.

    The others are SQL of its columns; `received` are times of an event, of which the first that is
    there counts. Who has no device is known by the user_id.
    """
    return (
        f"(SELECT fk_arrival, {app} AS app, {uuid} AS uuid, "
        f"coalesce({device_id}, 'user ' || {user_id}) AS device, {insert_id} AS insert_id, "
        f"coalesce({', '.join(received)}) AS received FROM {source})"
    )


def find_copies(connection: DuckDBPyConnection, narrow: str) -> int:
    """Create the temporary table `fk_dropped` of the places of all copies; return their number.

    `narrow` is a FROM item as `telling_apart` makes it: with fk_arrival (the order in which rows
    are kept), app, uuid, device, insert_id and received, a TIMESTAMP.
    """
    connection.execute(read_sql("duplicates").format(narrow=narrow, days=DAYS)).fetchall()
    return int(connection.execute("SELECT count(*) FROM fk_dropped").fetchall()[0][0])


def find_known(connection: DuckDBPyConnection, *, new: str, known: str) -> int:
    """Create `fk_dropped` of the places of new events of which a copy is known; return how many.

    `new` and `known` are FROM items as for `find_copies`; the fk_arrival of what is known is
    negative. What is known stays, also where a new event was received before it.
    """
    sql = read_sql("new_to_store").format(new=new, known=known, days=DAYS)
    connection.execute(sql).fetchall()
    follows = "(FROM fk_candidates WHERE fk_arrival NOT IN (FROM fk_before_known))"
    find_copies(connection, follows)
    connection.execute("INSERT INTO fk_dropped FROM fk_before_known").fetchall()
    connection.execute("DELETE FROM fk_dropped WHERE fk_arrival < 0").fetchall()
    return int(connection.execute("SELECT count(*) FROM fk_dropped").fetchall()[0][0])
