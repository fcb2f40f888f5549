"""A few events in hand: written again and again without some of them, or of their properties."""

from __future__ import annotations

import json
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from funnelkit.engine.excerpt.properties import KeptProperty, object_json
from funnelkit.engine.query import ties
from funnelkit.engine.sqlfiles import read_sql
from funnelkit.engine.trace import mentioned
from funnelkit.engine.units import id_columns, user_key
from funnelkit.events.columns import ROLES
from funnelkit.events.connection import connect, data_errors
from funnelkit.events.sql import Parameters, quote_identifier

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from funnelkit.events.table import EventTable
    from funnelkit.model import Funnel, Scope

OBJECTS: Final[tuple[tuple[Scope, str], ...]] = (
    ("event", "event_properties"),
    ("user", "user_properties"),
    ("group", "groups"),
)
HEXADECIMAL: Final = "0123456789abcdef"


@dataclass(frozen=True, slots=True)
class CaseEvent:
    """One event: its number in the file, its user, and the properties that the readings ask for.

    `us` are microseconds since 1970 UTC; `objects` are the properties of the event, of its user,
    and its groups; `columns` whatever else the readings look at.
    """

    number: int
    user: str
    us: int
    event_type: str
    objects: tuple[Mapping[str, Any], ...]
    columns: tuple[tuple[str, Any], ...]

    def without(self, scope: int, name: str) -> CaseEvent:
        """Return the event without a property."""
        objects = list(self.objects)
        objects[scope] = {key: value for key, value in objects[scope].items() if key != name}
        return replace(self, objects=tuple(objects))

    def without_columns(self, names: Collection[str]) -> CaseEvent:
        """Return the event without some of its columns."""
        return replace(self, columns=tuple(one for one in self.columns if one[0] not in names))

    @property
    def properties(self) -> Iterator[tuple[int, str]]:
        """Yield each property as the number of its scope and its name."""
        for scope, found in enumerate(self.objects):
            yield from ((scope, name) for name in found)


def write_case(funnels: Iterable[Funnel], tables: Sequence[EventTable], path: Path) -> None:
    """Write all events with no more than the columns and properties that the funnels ask for.

    `tables` are the same events, read by different columns.
    """
    table, bind = tables[0], Parameters()
    wanted = dict.fromkeys(prop for funnel in funnels for prop in mentioned(funnel))
    kept = [KeptProperty(property=prop, types=None, as_it_is=True) for prop in wanted]
    objects = {name for _, name in OBJECTS}
    roles = {"event_time": "time"}
    named = dict.fromkeys(
        column
        for each in tables
        for role in ROLES
        if role not in objects and (column := getattr(each, roles.get(role, role)))
    )
    columns = {name: _plain(name, table) for name in named}
    for scope, name in OBJECTS:
        if (sql := object_json(kept, scope, table, bind, "")) is not None:
            columns[name] = sql
    with closing(connect()) as connection, data_errors("cannot read the events"):
        connection.execute(read_sql("properties")).fetchall()
        listed = ", ".join(f"{sql} AS {quote_identifier(name)}" for name, sql in columns.items())
        order = f"{user_key(table, connection, exact=True)}, {table.microseconds()}, {ties(table)}"
        target = bind.bind(str(path))
        sql = f"COPY (SELECT {listed} FROM {table.relation(bind)} ORDER BY {order}) TO {target}"
        connection.execute(f"{sql} (FORMAT parquet)", bind.used_in(sql)).fetchall()


def _plain(name: str, table: EventTable) -> str:
    """Return the SQL of a column that plays a part by another reading, maybe not by this one."""
    column = quote_identifier(name)
    return f"json_extract_string({column}, '$')" if table.types[name] == "JSON" else column


def write_half(table: EventTable, path: Path, *, digit: int, upper: bool) -> None:
    """Write the events of about half of the users.

    Users are told apart by a digit of a digest of their key, so that other digits halve the halves.
    """
    bind = Parameters()
    half = HEXADECIMAL[8:] if upper else HEXADECIMAL[:8]
    with closing(connect()) as connection, data_errors("cannot read the events"):
        user = user_key(table, connection, exact=True)
        mine = f"contains('{half}', substr(md5(coalesce({user}, '')), {digit}, 1))"
        relation = table.relation(bind)
        target = bind.bind(str(path))
        sql = f"COPY (SELECT * FROM {relation} WHERE {mine}) TO {target} (FORMAT parquet)"
        connection.execute(sql, bind.used_in(sql)).fetchall()


@dataclass(frozen=True, slots=True)
class Case:
    """The events of a file that `write_case` wrote, in the order of users and times."""

    connection: DuckDBPyConnection
    events: tuple[CaseEvent, ...]
    objects: tuple[str, ...]

    def write(
        self, events: Sequence[CaseEvent], path: Path, *, without: Collection[str] = ()
    ) -> None:
        """Write some of the events with the properties that they have here, `without` columns."""
        bind = Parameters()
        numbers = bind.bind([event.number for event in events])
        picked = [f"unnest({numbers}::BIGINT[]) AS fk_number"]
        replaced = []
        for place, (_, name) in enumerate(OBJECTS):
            if name in self.objects:
                texts = [
                    json.dumps(found, ensure_ascii=False)
                    if (found := event.objects[place])
                    else None
                    for event in events
                ]
                picked.append(f"unnest({bind.bind(texts)}::VARCHAR[]) AS fk_{name}")
                replaced.append(f"fk_{name} AS {quote_identifier(name)}")
        left_out = ", ".join(map(quote_identifier, ("fk_number", *without)))
        columns = f"fk_case.* EXCLUDE ({left_out})"
        if replaced:
            columns += f" REPLACE ({', '.join(replaced)})"
        target = bind.bind(str(path))
        sql = (
            f"COPY (SELECT {columns} FROM fk_case JOIN (SELECT {', '.join(picked)}) "
            f"USING (fk_number) ORDER BY fk_number) TO {target} (FORMAT parquet)"
        )
        self.connection.execute(sql, bind.used_in(sql)).fetchall()


@contextmanager
def open_case(table: EventTable) -> Iterator[Case]:
    """Hold the events of a table that is a file of `write_case`, for the time of a `with` block."""
    bind = Parameters()
    objects = tuple(name for _, name in OBJECTS if name in table.types)
    with closing(connect()) as connection, data_errors("cannot read the events"):
        order = f"{user_key(table, connection, exact=True)}, {table.microseconds()}, {ties(table)}"
        sql = (
            "CREATE OR REPLACE TEMP TABLE fk_case AS "
            f"SELECT row_number() OVER (ORDER BY {order}) AS fk_number, * "
            f"FROM {table.relation(bind)}"
        )
        connection.execute(sql, bind.used_in(sql)).fetchall()
        ids = id_columns(table, connection, exact=True)
        texts = ", ".join(f"CAST({quote_identifier(name)} AS VARCHAR)" for name in ids)
        others = [
            name for name in table.types if name not in {*objects, table.time, table.event_type}
        ]
        shown = [
            "fk_number",
            f"coalesce({texts}, '')",
            table.microseconds(),
            f"CAST({quote_identifier(table.event_type)} AS VARCHAR)",
            *map(quote_identifier, [*objects, *others]),
        ]
        rows = connection.execute(
            f"SELECT {', '.join(shown)} FROM fk_case ORDER BY fk_number"
        ).fetchall()
        yield Case(connection, tuple(_event(row, objects, others) for row in rows), objects)


def _event(row: tuple[Any, ...], objects: Sequence[str], others: Sequence[str]) -> CaseEvent:
    number, user, us, event_type, *rest = row
    texts = dict(zip(objects, rest, strict=False))
    found = [json.loads(texts[name]) if texts.get(name) else {} for _, name in OBJECTS]
    columns = zip(others, rest[len(objects) :], strict=True)
    return CaseEvent(
        number=number,
        user=user,
        us=us,
        event_type=str(event_type),
        objects=tuple(found),
        columns=tuple((name, value) for name, value in columns if value is not None),
    )
