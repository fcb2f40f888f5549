"""The same events read otherwise: by another id, another time, without copies, or only some."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from funnelkit.events.columns import IDS, ROLES
from funnelkit.events.connection import connect, data_errors
from funnelkit.events.duplicates import find_copies, telling_apart
from funnelkit.events.importers.columns import RECEIVED
from funnelkit.events.sql import Parameters, quote_identifier

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from duckdb import DuckDBPyConnection
    from pyarrow import Table as ArrowTable

    from funnelkit.events.table import EventTable

IdRole = Literal["amplitude_id", "user_id", "device_id"]
TIMES = (
    "server_upload_time", "server_received_time", "client_event_time", "client_upload_time",
    "processed_time",
)  # fmt: skip
"""The other times of an exported event (specification C2)."""

UPLOADED = "server_upload_time"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventView:
    """What is read otherwise; by default nothing.

    `users_by`: users are told apart by this id alone. `unmerged`: no merged id is replaced.
    `as_they_came`: copies are kept, no id is found; `imported`: copies are left out, ids are found;
    such a table must be opened so. `time`: another column is the time of the event.
    `without_copies`: of events with the same insert_id only those that an import keeps. `until` and
    `uploaded`: only events before this time, or uploaded between these; in microseconds.
    """

    users_by: IdRole | None = None
    unmerged: bool = False
    as_they_came: bool = False
    imported: bool = False
    time: str | None = None
    without_copies: bool = False
    until: int | None = None
    uploaded: tuple[int | None, int | None] | None = None

    def table(self, table: EventTable, path: Path) -> EventTable:
        """Return the events so read; where rows change, they are written to `path`.

        Raises:
            DataError: the events cannot be read.
        """
        if self.users_by is not None:
            others = {role: None for role in IDS if role != self.users_by}
            table = replace(table, **others)  # type: ignore[arg-type]
        if self.unmerged:
            table = replace(table, merges=None)
        if self._rows_stay:
            return table
        return _written(table, path, self)

    @property
    def _rows_stay(self) -> bool:
        """Whether every event stays as it is."""
        changes = (self.time, self.until, self.uploaded)
        return not self.without_copies and all(one is None for one in changes)


def narrowed(table: EventTable, path: Path, *, types: Collection[str]) -> EventTable:
    """Return the events of some types only, written to `path`, in the order of users."""
    bind = Parameters()
    column = f"CAST({quote_identifier(table.event_type)} AS VARCHAR)"
    names = bind.bind(sorted(types))
    ids = ", ".join(quote_identifier(name) for role in IDS if (name := getattr(table, role)))
    with closing(connect()) as connection, data_errors("cannot read the events"):
        _copy(
            f"SELECT * FROM {table.relation(bind)} WHERE {column} IN (SELECT unnest({names})) "
            f"ORDER BY {ids}, {table.microseconds()}",
            path,
            bind,
            connection,
        )
    return _of_file(table, path)


def with_names_of_roles(table: EventTable) -> ArrowTable:
    """Return all events, in their order, as a frame whose columns are called by their roles.

    Opened `as_imported` they are without copies, and with ids for everybody.
    """
    named = {name: role for role in ROLES if (name := getattr(table, role, None)) is not None}
    taken = {*ROLES, "event_time"}
    columns = [f"make_timestamp({table.microseconds()}) AS event_time"]
    for name in table.types:
        if name != table.time and (name in named or name not in taken):
            called = quote_identifier(named.get(name, name))
            columns.append(f"{quote_identifier(name)} AS {called}")
    bind = Parameters()
    sql = f"SELECT {', '.join(columns)} FROM {table.relation(bind)}"
    with closing(connect()) as connection, data_errors("cannot read the events"):
        return connection.sql(sql, params=bind.used_in(sql)).to_arrow_table()


def other_times(table: EventTable) -> Iterator[str]:
    """Yield the other times that the events have."""
    for name in TIMES:
        if name != table.time and name in table.types and _moment(name, table) is not None:
            yield name


def event_types(table: EventTable) -> list[str]:
    """Return the types of a table's events, those of most events first."""
    bind = Parameters()
    name = quote_identifier(table.event_type)
    sql = (
        f"SELECT CAST({name} AS VARCHAR) FROM {table.relation(bind)} WHERE {name} IS NOT NULL "
        "GROUP BY ALL ORDER BY count(*) DESC, 1"
    )
    with closing(connect()) as connection, data_errors("cannot read the events"):
        return [kind for (kind,) in connection.execute(sql, bind.used_in(sql)).fetchall()]


def has_copies(table: EventTable) -> bool:
    """Tell whether an insert_id stands at several events."""
    if table.insert_id is None:
        return False
    bind = Parameters()
    name = quote_identifier(table.insert_id)
    sql = f"SELECT count({name}) > count(DISTINCT {name}) FROM {table.relation(bind)}"
    with closing(connect()) as connection, data_errors("cannot read the events"):
        return bool(connection.execute(sql, bind.used_in(sql)).fetchall()[0][0])


def _written(table: EventTable, path: Path, view: EventView) -> EventTable:
    bind = Parameters()
    columns, tests = "*", []
    time = table.microseconds()
    if view.time is not None:
        moment = _moment(view.time, table)
        columns = f"* REPLACE ({moment} AS {quote_identifier(table.time)})"
        tests.append(f"{moment} IS NOT NULL")
        time = f"epoch_us({moment})"
    if view.until is not None:
        tests.append(f"{time} < {bind.bind(view.until)}")
    if view.uploaded is not None:
        uploaded = f"epoch_us({_moment(UPLOADED, table)})"
        first, last = view.uploaded
        tests += [] if first is None else [f"{uploaded} >= {bind.bind(first)}"]
        tests += [] if last is None else [f"{uploaded} < {bind.bind(last)}"]
    with closing(connect()) as connection, data_errors("cannot read the events"):
        events = table.relation(bind)
        if view.without_copies:
            _find_copies(table, connection)
            events = "(SELECT * EXCLUDE (fk_arrival) FROM fk_viewed ANTI JOIN fk_dropped"
            events += " USING (fk_arrival))"
        where = f" WHERE {' AND '.join(tests)}" if tests else ""
        _copy(f"SELECT {columns} FROM {events}{where}", path, bind, connection)
    found = _of_file(table, path)
    if view.time is None:
        return found
    types = {**found.types, table.time: "TIMESTAMP"}
    return replace(found, types=types, time_kind="timestamp")


def _find_copies(table: EventTable, connection: DuckDBPyConnection) -> None:
    """Create the temporary tables `fk_viewed`, all events, and `fk_dropped`, the copies of them."""
    bind = Parameters()
    sql = (
        f"CREATE TEMP TABLE fk_viewed AS SELECT *, row_number() OVER (ORDER BY "
        f"{table.microseconds()}) AS fk_arrival FROM {table.relation(bind)}"
    )
    connection.execute(sql, bind.used_in(sql)).fetchall()

    def text(column: str | None) -> str:
        return f"CAST({quote_identifier(column)} AS VARCHAR)" if column else "NULL::VARCHAR"

    times = [moment for name in RECEIVED if (moment := _moment(name, table)) is not None]
    times.append(f"make_timestamp({table.microseconds()})")
    find_copies(
        connection,
        telling_apart(
            "fk_viewed",
            app=text("app" if "app" in table.types else None),
            uuid=text(table.uuid),
            device_id=text(table.device_id),
            user_id=text(table.user_id),
            insert_id=text(table.insert_id),
            received=times,
        ),
    )


def _moment(name: str, table: EventTable) -> str | None:
    """Return the SQL of another time of an event as TIMESTAMP in UTC; None where it is none."""
    column, kind = quote_identifier(name), table.types.get(name, "")
    if kind.startswith("TIMESTAMP"):
        return f"CAST({column} AS TIMESTAMP)"
    if kind == "JSON":
        column = f"json_extract_string({column}, '$')"
    elif kind != "VARCHAR":
        return None
    return f"CAST(TRY_CAST({column} AS TIMESTAMPTZ) AS TIMESTAMP)"


def _copy(sql: str, path: Path, bind: Parameters, connection: DuckDBPyConnection) -> None:
    sql = f"COPY ({sql}) TO {bind.bind(str(path))} (FORMAT parquet)"
    connection.execute(sql, bind.used_in(sql)).fetchall()


def _of_file(table: EventTable, path: Path) -> EventTable:
    """Return the table over a file with the rows of its own relation."""
    bind = Parameters()
    found = replace(
        table,
        files=(str(path),),
        hive=False,
        merges=None,
        nulls={},  # this and the rest is said of a store's own files
        buckets=(),
        ends=None,
        file_ends={},
        selections=None,
    )
    with closing(connect()) as connection, data_errors("cannot read the events"):
        sql = f"SELECT count(*) FROM {found.relation(bind)}"
        ((rows,),) = connection.execute(sql, bind.used_in(sql)).fetchall()
    return replace(found, rows=int(rows))
