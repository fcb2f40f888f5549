"""Where the events are: Parquet files, or a table with the columns of Amplitude's export."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Final, Protocol

from funnelkit.engine.plain.conditions import Value
from funnelkit.engine.units import has_sessions
from funnelkit.errors import DefinitionError, UnsupportedError
from funnelkit.events.connection import connect
from funnelkit.events.properties import BUILT_IN, GROUPS, PropertyType, expression
from funnelkit.events.sql import Parameters, quote_identifier
from funnelkit.model import SESSION_ID

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from funnelkit.engine.plain.dialects.dialect import Dialect
    from funnelkit.events.table import EventTable, Role
    from funnelkit.model import Property


class Source(Protocol):
    """What the statement reads, as SQL: a FROM item and expressions on its columns.

    `unit` is what tells users apart, `time` the column of times where it can be compared with a
    time that is written as text; `ties` order the events of a user in one microsecond.
    """

    relation: str
    unit: str
    microseconds: str
    event_type: str
    time: str | None
    ties: tuple[str, ...]

    def value(self, prop: Property) -> Value:
        """Return the value of a property."""


class Files(Source):
    """Parquet files, whatever their columns are: only DuckDB reads them."""

    def __init__(self, table: EventTable, dialect: Dialect) -> None:
        self._table = table
        self._literals = Literals(dialect)
        self.relation = table.relation(self._literals)
        self.unit = _unit(table)
        self.microseconds = table.microseconds()
        self.event_type = quote_identifier(table.event_type)
        self.time = quote_identifier(table.time) if table.time_kind == "timestamp" else None
        self.ties = tuple(_ties(table))

    def value(self, prop: Property) -> Value:
        """Return the value of a property, wherever the files keep it."""
        if prop == SESSION_ID:
            self._check_sessions()
        found = expression(self._table, prop, self._literals)
        return Value(found.sql, found.type)

    def _check_sessions(self) -> None:
        with closing(connect()) as connection:
            if not has_sessions(self._table, connection):
                raise UnsupportedError(
                    "no event has a session id: the plain SQL statement knows no sessions by "
                    "30 minutes without an event"
                )


def _unit(table: EventTable) -> str:
    """Return the first id that is filled, marked with its kind."""
    ids = [name for name in (table.amplitude_id, table.user_id, table.device_id) if name]
    if len(ids) == 1:
        return quote_identifier(ids[0])
    marked = (
        f"'{number}:' || CAST({quote_identifier(column)} AS VARCHAR)"
        for number, column in enumerate(ids, start=1)
    )
    return f"coalesce({', '.join(marked)})"


def _ties(table: EventTable) -> Iterator[str]:
    """Yield what orders the events of one microsecond: ids, then what they say."""
    for column in (table.event_id, table.uuid, table.insert_id, table.event_type):
        if column is not None:
            yield quote_identifier(column)
    for column in (table.event_properties, table.user_properties):
        if column is not None:
            yield f"CAST({quote_identifier(column)} AS VARCHAR)"


class Literals(Parameters):
    """Like `Parameters`, but each `bind` returns the value itself, as an SQL literal."""

    def __init__(self, dialect: Dialect) -> None:
        super().__init__()
        self._dialect = dialect

    def bind(self, value: object) -> str:
        """Return the literal of a text or a list of texts."""
        if isinstance(value, list):
            return f"[{', '.join(map(self.bind, value))}]"
        if not isinstance(value, str):
            raise TypeError(f"no SQL literal for a value of type {type(value).__name__}")
        return self._dialect.literal(value)


_ROLES: Final[tuple[Role, ...]] = (
    "amplitude_id", "session_id", "event_type", "event_time", "event_id", "uuid",
    "event_properties", "user_properties",
)  # fmt: skip


def relation(table: str, dialect: Dialect) -> str:
    """Return the FROM item of a table `NAME`, `SCHEMA.NAME` or `DATABASE.SCHEMA.NAME`."""
    parts = table.split(".")
    if not all(parts):
        raise DefinitionError(f"a table is NAME or SCHEMA.NAME; got {table!r}")
    return ".".join(map(dialect.identifier, parts))


class Warehouse(Source):
    """A table of events as Amplitude exports them (specification C4), properties as JSON.

    `columns` says which column is what where the names differ. Users are told apart by
    amplitude_id, or by the id that `columns` names.
    """

    def __init__(
        self, relation: str, dialect: Dialect, columns: Mapping[Role, str] | None = None
    ) -> None:
        self._dialect = dialect
        self._columns: dict[Role, str] = {role: role for role in _ROLES} | dict(columns or {})
        self.relation = relation
        ids: tuple[Role, ...] = ("user_id", "device_id", "amplitude_id")
        self.unit = self._column(next(role for role in ids if role in self._columns))
        self.event_type = self._column("event_type")
        self.time = self._column("event_time")
        self.microseconds = dialect.microseconds(self.time)
        self.ties = (self._column("event_id"), self._column("uuid"))

    def value(self, prop: Property) -> Value:
        """Return the value of a property: of those of events and users, or a built-in column."""
        if prop == SESSION_ID:
            session = self._dialect.as_text(self._column("session_id"))
            return Value(f"nullif({session}, '-1')", PropertyType.TEXT)
        if prop.scope == "group":
            column = GROUPS
        elif prop.scope == "user" and prop.name in BUILT_IN:
            built_in = self._dialect.identifier(BUILT_IN[prop.name][0])
            return Value(self._dialect.as_text(built_in), PropertyType.TEXT)
        else:
            column = self._column(
                "event_properties" if prop.scope == "event" else "user_properties"
            )
        return Value(self._dialect.value(column, prop.name), PropertyType.JSON)

    def _column(self, role: Role) -> str:
        return self._dialect.identifier(self._columns[role])
