"""Whom a funnel counts, as SQL keys: users, or sessions of users (specification A13)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from funnelkit.engine.sqlfiles import read_sql
from funnelkit.errors import ColumnError
from funnelkit.events.sql import Parameters, quote_identifier

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from funnelkit.events.table import EventTable

SESSION_TIMEOUT = 30 * 60 * 1_000_000
"""Microseconds without an event that end a session (the web's default, specification A13)."""

INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"}


@dataclass(frozen=True, slots=True)
class UnitKey:
    """How one unit is told from another.

    `sql` is the key. For small inputs it is an exact text. For large ones it is a number: an
    integer id itself, else a 64-bit hash (among 100 million users, two fall together with odds of
    2.7e-4). `relation` is the FROM item, `present` the condition that an event belongs to a unit,
    `ordered` whether a file may lie in the order of the key, `name` the key in words.
    """

    sql: str
    relation: str
    present: str
    name: str
    ordered: bool = False


def unit_key(
    unit: str, table: EventTable, connection: DuckDBPyConnection, bind: Parameters, *, exact: bool
) -> UnitKey:
    """Return the key of users, or of sessions: by session id, else by 30 minutes of rest.

    A session id of -1 is none; where a file has session ids, events without one take no part
    (specification A3).
    """
    ids = id_columns(table, connection, exact=exact)
    user = _exact(ids) if exact else _hashed(ids, table)
    name = " else ".join(ids)
    present = " OR ".join(f"{quote_identifier(column)} IS NOT NULL" for column in ids)
    present = f"({present})"
    relation = table.relation(bind)
    if unit == "user":
        ordered = not exact and len(ids) == 1 and table.types[ids[0]] in INTEGERS
        return UnitKey(user, relation, present, name, ordered=ordered)
    if _has_sessions(table, connection):
        session = quote_identifier(table.session_id or "")
        return UnitKey(
            _session(user, session, exact=exact),
            relation,
            f"{present} AND {session} IS NOT NULL AND CAST({session} AS VARCHAR) <> '-1'",
            f"{name}, sessions by {table.session_id}",
        )
    numbered = read_sql("sessions").format(
        timeout=SESSION_TIMEOUT, user=user, us=table.microseconds(), events=relation
    )
    return UnitKey(
        _session("fk_user", "fk_session", exact=exact),
        numbered,
        present,
        f"{name}, sessions by 30 minutes without an event",
    )


def id_columns(table: EventTable, connection: DuckDBPyConnection, *, exact: bool) -> list[str]:
    """Return the columns that name a user, the best first; the first that is filled counts.

    A column that is never empty hides those after it. On large inputs the statistics of the
    Parquet files tell, so that the others need not be read.
    """
    found = [name for name in (table.amplitude_id, table.user_id, table.device_id) if name]
    if not found:
        raise ColumnError("no column names the user: amplitude_id, user_id or device_id is needed")
    if len(found) == 1 or exact:
        return found
    for position, column in enumerate(found):
        if null_count(table, column, connection) == 0:
            return found[: position + 1]
    return found


def null_count(table: EventTable, column: str, connection: DuckDBPyConnection) -> int | None:
    """Return how often a column is empty by the files' statistics; None where they do not say."""
    query = (
        "SELECT CASE WHEN count(stats_null_count) = count(*) THEN sum(stats_null_count)::BIGINT END"
        ", count(DISTINCT file_name) FROM parquet_metadata($files) WHERE path_in_schema = $column"
    )
    found = connection.execute(query, {"files": list(table.files), "column": column}).fetchall()
    nulls, files = found[0]
    return nulls if files == len(table.files) else None


def _exact(ids: list[str]) -> str:
    if len(ids) == 1:
        return f"CAST({quote_identifier(ids[0])} AS VARCHAR)"
    # The kind of the id goes first, lest the user "7" be the device "7".
    whens = "".join(
        f" WHEN {quote_identifier(column)} IS NOT NULL"
        f" THEN '{number}:' || CAST({quote_identifier(column)} AS VARCHAR)"
        for number, column in enumerate(ids)
    )
    return f"CASE{whens} END"


def _hashed(ids: list[str], table: EventTable) -> str:
    first = quote_identifier(ids[0])
    if len(ids) == 1:
        whole = table.types[ids[0]] in INTEGERS
        return f"CAST({first} AS BIGINT)" if whole else f"hash({first})"
    names = map(quote_identifier, ids)
    whens = "".join(
        f" WHEN {name} IS NOT NULL THEN hash({name}, {number})" for number, name in enumerate(names)
    )
    return f"CASE{whens} END"


def _session(user: str, session: str, *, exact: bool) -> str:
    if exact:
        return f"{user} || chr(31) || CAST({session} AS VARCHAR)"
    return f"hash({user}, {session})"


def _has_sessions(table: EventTable, connection: DuckDBPyConnection) -> bool:
    if table.session_id is None:
        return False
    bind = Parameters()
    session = quote_identifier(table.session_id)
    query = (
        f"SELECT 1 FROM {table.relation(bind)}"
        f" WHERE {session} IS NOT NULL AND CAST({session} AS VARCHAR) <> '-1' LIMIT 1"
    )
    return bool(connection.execute(query, bind.values).fetchall())
