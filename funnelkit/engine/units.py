"""Whom a funnel counts, as SQL keys: users, or sessions of users (specification A13)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from funnelkit.engine.sqlfiles import read_sql
from funnelkit.errors import ColumnError
from funnelkit.events.columns import IDS
from funnelkit.events.properties import PropertyType, expression
from funnelkit.events.sql import Parameters, quote_identifier
from funnelkit.model import NONE, SESSION_ID, Property

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from funnelkit.events.table import EventTable
    from funnelkit.model import Funnel

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

    What names a unit: the first filled one of the columns `ids`, and the values `fk_held_0` … of
    the relation, which are those of `held`; or the session `fk_session` of the user, from 0, where
    sessions are told apart by the time between events.
    """

    sql: str
    relation: str
    present: str
    name: str
    ordered: bool = False
    ids: tuple[str, ...] = ()
    held: tuple[Property, ...] = ()
    numbers_sessions: bool = False


def numbers_sessions(funnel: Funnel, table: EventTable, connection: DuckDBPyConnection) -> bool:
    """Tell whether a funnel counts sessions that the events do not name."""
    return funnel.unit == "session" and not has_sessions(table, connection)


def with_sessions(relation: str, table: EventTable, *, user: str) -> str:
    """Return the FROM item with a column `fk_session`: all events of a user part his sessions."""
    return read_sql("sessions").format(
        timeout=SESSION_TIMEOUT, user=user, us=table.microseconds(), events=relation
    )


def unit_key(
    funnel: Funnel,
    table: EventTable,
    relation: str,
    connection: DuckDBPyConnection,
    bind: Parameters,
    *,
    exact: bool,
    numbered: bool,
) -> UnitKey:
    """Return the key of what a funnel counts, over the events of `relation`.

    With `numbered` the relation has a number for each session of a user.

    Users; or sessions, by session id, else by 30 minutes of rest (a session id of -1 is none; where
    a file has session ids, events without one take no part: specification A3); or the values of a
    property. With held properties it is each pair of those and a value of each (A5); a list
    stands for its items, each of which is a unit of its own.
    """
    held = list(funnel.hold)
    ids: list[str] = []
    user: str | None
    if isinstance(funnel.unit, Property):
        held.insert(0, funnel.unit)
        user, name, present, ordered = None, "", "true", False
    else:
        ids = id_columns(table, connection, exact=exact)
        user = _exact(ids) if exact else _hashed(ids, table)
        name, present = " else ".join(ids), user_present(ids)
        # Merged ids lie where their own number stands.
        whole = len(ids) == 1 and table.types[ids[0]] in INTEGERS
        ordered = not exact and whole and table.merges is None
    if numbered:
        user = _joined([user or "", "fk_session"], exact=exact)
        name += ", sessions by 30 minutes without an event"
        ordered = False
    elif funnel.unit == "session":
        held.insert(0, SESSION_ID)
    key = UnitKey(
        sql=user or "",
        relation=relation,
        present=present,
        name=name,
        ordered=ordered,
        ids=tuple(ids),
        numbers_sessions=numbered,
    )
    if not held:
        return key
    missing = funnel.settings.hold_missing == "a value"
    first = len(held) - len(funnel.hold)  # before come the unit's own property, or the session
    values = [
        held_values(prop, table, bind, missing=missing and place >= first and prop != SESSION_ID)
        for place, prop in enumerate(held)
    ]
    columns = ", ".join(f"unnest({value}) AS fk_held_{i}" for i, value in enumerate(values))
    if len(values) > 1:  # several lists side by side would be zipped
        for i, value in enumerate(values[:-1]):
            relation = f"(SELECT *, unnest({value}) AS fk_held_{i} FROM {relation})"
        columns = f"unnest({values[-1]}) AS fk_held_{len(values) - 1}"
    relation = f"(SELECT *, {columns} FROM {relation})"
    keys = [] if user is None else [user]
    keys += [f"fk_held_{i}" for i in range(len(values))]
    return replace(
        key,
        sql=_joined(keys, exact=exact),
        relation=relation,
        name=_named(name, funnel, table),
        ordered=False,
        held=tuple(held),
    )


def held_values(prop: Property, table: EventTable, bind: Parameters, *, missing: bool) -> str:
    """Return the SQL of the list of texts that a property has.

    With `missing` it is the text (none) where the property has no value, else it is empty.
    Values compare by their text: 3 and "3" are one value (specification A5).
    """
    value = expression(table, prop, bind)
    match value.type:
        case PropertyType.MISSING:
            texts = "CAST([] AS VARCHAR[])"
        case PropertyType.JSON:
            texts = f"list_distinct(fk_texts({value.sql}))"
        case PropertyType.NUMBER:
            texts = f"fk_listed(fk_number_text(CAST({value.sql} AS VARCHAR)))"
        case _:
            texts = f"fk_listed(CAST({value.sql} AS VARCHAR))"
    if not missing:
        return texts
    none = bind.bind(NONE)
    return f"CASE WHEN len({texts}) > 0 THEN {texts} ELSE [{none}] END"


def user_present(ids: list[str]) -> str:
    """Return the condition that an event names its user."""
    return "(" + " OR ".join(f"{quote_identifier(column)} IS NOT NULL" for column in ids) + ")"


def user_key(table: EventTable, connection: DuckDBPyConnection, *, exact: bool) -> str:
    """Return the key of the user of an event, whatever the funnel counts."""
    ids = id_columns(table, connection, exact=exact)
    return _exact(ids) if exact else _hashed(ids, table)


def _named(user: str, funnel: Funnel, table: EventTable) -> str:
    """Return in words what a unit with held values is."""
    if isinstance(funnel.unit, Property):
        user = f"{funnel.unit.scope} property {funnel.unit.name}"
    elif funnel.unit == "session" and "sessions by" not in user:
        user += f", sessions by {table.session_id}"
    return ", with ".join([user, *(prop.name for prop in funnel.hold)])


def id_columns(table: EventTable, connection: DuckDBPyConnection, *, exact: bool) -> list[str]:
    """Return the columns that name a user, the best first; the first that is filled counts.

    A column that is never empty hides those after it. On large inputs the statistics of the
    Parquet files tell, so that the others need not be read.
    """
    found = [column for role in IDS if (column := getattr(table, role))]
    if not found:
        raise ColumnError("no column names the user: amplitude_id, user_id or device_id is needed")
    if len(found) == 1:
        return found
    for position, column in enumerate(found):
        # For a few events, no statistics are looked up; a store knows without a look.
        known = table.nulls.get(column) if exact else null_count(table, column, connection)
        if known == 0:
            return found[: position + 1]
    return found


def null_count(table: EventTable, column: str, connection: DuckDBPyConnection) -> int | None:
    """Return how often a column is empty by the files' statistics; None where they do not say."""
    if column in table.nulls:
        return table.nulls[column]
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


def _joined(keys: list[str], *, exact: bool) -> str:
    """Return one key of several."""
    if exact:
        return " || chr(31) || ".join(f"CAST({key} AS VARCHAR)" for key in keys)
    return f"hash({', '.join(keys)})"


def has_sessions(table: EventTable, connection: DuckDBPyConnection) -> bool:
    """Say whether any event has a session id."""
    if table.session_id is None:
        return False
    bind = Parameters()
    session = quote_identifier(table.session_id)
    query = (
        f"SELECT 1 FROM {table.relation(bind)}"
        f" WHERE {session} IS NOT NULL AND CAST({session} AS VARCHAR) <> '-1' LIMIT 1"
    )
    return bool(connection.execute(query, bind.values).fetchall())
