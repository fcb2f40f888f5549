"""The columns of a source as those of a store: roles by Amplitude's names, the rest as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from funnelkit.errors import ColumnError, DataError
from funnelkit.events.columns import ROLES
from funnelkit.events.sql import Parameters, quote_identifier
from funnelkit.events.store.catalogue import OBJECTS, Catalogue, Fields
from funnelkit.events.store.kinds import BOOLEAN, INTEGER, JSON, NUMBER, TEXT, TIME
from funnelkit.events.store.layout import MONTH_SQL, bucket_sql
from funnelkit.events.store.shredding import (
    Shredder,
    as_value,
    fields_for,
    kinds_of,
    look_into,
    value_sql,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duckdb import DuckDBPyConnection

    from funnelkit.events.store.kinds import Kind
    from funnelkit.events.store.shredding import Object
    from funnelkit.events.table import EventTable

CORE: Final = {
    "amplitude_id": INTEGER, "user_id": TEXT, "device_id": TEXT, "session_id": INTEGER,
    "event_type": TEXT, "event_time": TIME, "event_id": INTEGER, "uuid": TEXT,
    "$insert_id": TEXT,
}  # fmt: skip
"""The columns that every store has, of those in Amplitude's export (specification C2)."""

_ROLE_OF: Final = {"$insert_id": "insert_id"}


def empty_catalogue() -> Catalogue:
    """Return the catalogue of a store without events."""
    fields = Fields()
    for name, kind in CORE.items():
        fields = fields.with_field(name, kind)
    return Catalogue(fields, dict.fromkeys(OBJECTS, Fields()))


@dataclass(frozen=True, slots=True)
class Selection:
    """The SELECT of a source as the store has it, with month and bucket, and its catalogue."""

    sql: str
    bind: Parameters
    catalogue: Catalogue


class Selecting:
    """The work of `select_for_store`: the catalogue grows with what the source has."""

    def __init__(
        self, table: EventTable, catalogue: Catalogue, connection: DuckDBPyConnection
    ) -> None:
        self.table = table
        self.connection = connection
        self.bind = Parameters()
        self.columns = catalogue.columns
        self.objects = dict(catalogue.objects)
        self.relation = table.relation(self.bind)

    def selection(self, *, buckets: int) -> Selection:
        """Return the SELECT."""
        found = {name: self._object(name) for name in OBJECTS}
        beside = dict(self._beside())
        shredders = [
            Shredder(name, one, self.objects[name], self.bind)
            for name, one in found.items()
            if one is not None
        ]
        inner = [sql for shredder in shredders for sql in shredder.inner()]
        own = ", ".join(["*", *inner])
        parts = [f"{self._core(name)} AS {quote_identifier(name)}" for name in CORE]
        parts += [f"{sql} AS {quote_identifier(field)}" for field, sql in beside.items()]
        parts += [f"{one.outer()} AS {quote_identifier(one.column)}" for one in shredders]
        sql = (
            f"SELECT *, {MONTH_SQL} AS month, {bucket_sql('amplitude_id', buckets)} AS bucket "
            f"FROM (SELECT {', '.join(parts)} FROM (SELECT {own} FROM {self.relation}))"
        )
        return Selection(sql, self.bind, Catalogue(self.columns, self.objects))

    def _object(self, name: str) -> Object | None:
        column = name if name in self.table.types else None
        fields = self.table.group_fields
        if name == "event_properties":
            column, fields = self.table.event_properties, self.table.event_fields
        elif name == "user_properties":
            column, fields = self.table.user_properties, self.table.user_fields
        if column is None:
            return None
        found = look_into(self.table, column, fields, self.connection, self.bind)
        self.objects[name] = fields_for(found, self.objects[name], events=self.table.rows)
        return found

    def _core(self, name: str) -> str:
        if name == "event_time":
            return f"make_timestamp({self.table.microseconds()})"
        role = _ROLE_OF.get(name, name)
        column = getattr(self.table, role)
        kind = CORE[name]
        if name == "amplitude_id":
            return self._amplitude_id(column)
        if column is None:
            return f"NULL::{kind.duckdb}"
        if kind is INTEGER:
            return self._whole(column, role)
        return f"CAST({quote_identifier(column)} AS VARCHAR)"

    def _whole(self, column: str, role: str) -> str:
        """Return a whole number of 64 bits; anything else is refused."""
        quoted = quote_identifier(column)
        number = f"TRY_CAST({quoted} AS BIGINT)"
        text = f"CAST({quoted} AS VARCHAR)"
        if self.table.types[column].endswith("INT") or self.table.types[column] == "INTEGER":
            wrong = f"{number} IS NULL AND {quoted} IS NOT NULL"
        else:
            wrong = f"{number}::VARCHAR IS DISTINCT FROM {text} AND coalesce({text}, '') <> ''"
        sql = f"SELECT min({text}) FROM {self.relation} WHERE {wrong}"
        found = self.connection.execute(sql, self.bind.used_in(sql)).fetchall()[0][0]
        if found is not None:
            raise DataError(
                f"{column} ({role}) has {found!r}, which is no whole number of 64 bits; a store "
                "keeps Amplitude's types"
            )
        return number

    def _amplitude_id(self, column: str | None) -> str:
        """Return the id; where there is none, a negative number that stands for the user's ids.

        62 bits of a digest: among 100 million users two fall together with odds of 1.1e-3.
        """
        ids = [
            f"'{kind} ' || CAST({quote_identifier(name)} AS VARCHAR)"
            for kind, name in (("user", self.table.user_id), ("device", self.table.device_id))
            if name is not None
        ]
        own = [] if column is None else [self._whole(column, "amplitude_id")]
        if ids:
            key = ids[0] if len(ids) == 1 else f"coalesce({', '.join(ids)})"
            own.append(f"(-1 - (md5_number_lower({key}) >> 2)::BIGINT)")  # as sql/identity.sql
        return own[0] if len(own) == 1 else f"coalesce({', '.join(own)})"

    def _beside(self) -> Iterator[tuple[str, str]]:
        """Yield field and SQL of each column that plays no role, and of those without values."""
        played = {getattr(self.table, role) for role in ROLES if role != "event_time"}
        played |= {self.table.time, "groups"}
        names = {each.read_as: each.name for each in self.table.column_fields}
        types = {each.read_as: each.type for each in self.table.column_fields}
        for column, found in self.table.types.items():
            duckdb_type = types.get(column, found)
            if column in played:
                continue
            name = names.get(column, column)
            if name in CORE or name in OBJECTS:
                raise ColumnError(
                    f"the column {name!r} plays no role here, but a store keeps Amplitude's "
                    f"{name} under this name. Rename the column."
                )
            yield self._column(name, quote_identifier(column), duckdb_type)

    def _column(self, name: str, sql: str, duckdb_type: str) -> tuple[str, str]:
        value = as_value(sql, duckdb_type) if duckdb_type != "JSON" else None
        if value is not None and value.kind is not None:
            return self._added(name, value.kind), value.sql
        if value is None:  # JSON: of one kind, it can be kept as that
            text = f"{sql}::VARCHAR"
            value = as_value(text, "VARCHAR")
            kinds = kinds_of(value, self.relation, self.bind, self.connection).keys()
            plain = {"text": TEXT, "boolean": BOOLEAN, "small": INTEGER, "large": INTEGER}
            one = {plain.get(kind) for kind in kinds}
            if kinds <= {"number", "small"} and "number" in kinds:
                one = {NUMBER}
            kind = one.pop() if len(one) == 1 else None
            if kind is not None:
                numbers = kind is NUMBER
                return self._added(name, kind), value_sql(text, kind, numbers=numbers)
        return self._added(name, JSON), value.sql

    def _added(self, name: str, kind: Kind) -> str:
        self.columns = self.columns.with_field(name, kind)
        entry = self.columns.find(name, kind)
        assert entry is not None  # noqa: S101 - it was just added
        return entry.field
