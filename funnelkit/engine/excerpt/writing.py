"""An excerpt of events as a Parquet file that tells nobody's id."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from funnelkit.engine.excerpt.events import ExcerptEvents
from funnelkit.engine.excerpt.properties import KeptProperty, kept_properties, object_json
from funnelkit.engine.query import ties
from funnelkit.engine.sqlfiles import read_sql
from funnelkit.engine.units import INTEGERS
from funnelkit.errors import DefinitionError
from funnelkit.events.columns import IDS
from funnelkit.events.connection import connect, data_errors
from funnelkit.events.sql import Parameters, quote_identifier
from funnelkit.model import SESSION_ID

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from funnelkit.events.table import EventTable
    from funnelkit.model import Cohort, Funnel, Scope

OBJECTS: Final[tuple[tuple[Scope, str], ...]] = (
    ("event", "event_properties"),
    ("user", "user_properties"),
    ("group", "groups"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """What was written: so many events of so many users.

    `by_type` counts the events of each type, the most frequent first. `cohorts` pairs each
    cohort with the hashes of its members' ids.
    """

    events: int
    users: int
    by_type: tuple[tuple[str, int], ...]
    properties: tuple[KeptProperty, ...]
    cohorts: tuple[tuple[Cohort, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExcerptWriter:
    """Writes the events that decide the numbers of `funnels`.

    Ids, session ids and held values become hashes by `key`; times are moved by `shift`
    microseconds. The same arguments give the same bytes. `asks_for_ends` is as in `ExcerptEvents`.
    """

    funnels: Sequence[Funnel]
    table: EventTable
    key: str
    shift: int = 0
    asks_for_ends: bool = False

    def write(self, path: Path) -> Excerpt:
        """Write the file; return what is in it.

        Raises:
            DataError: the events cannot be read.
            DefinitionError: two ids have one hash by this key.
        """
        bind = Parameters()
        events = ExcerptEvents(self.funnels, self.table, bind, self.asks_for_ends)
        with closing(connect()) as connection, data_errors("cannot read the events"):
            for name in ("properties", "keyed"):
                connection.execute(read_sql(name)).fetchall()
            events.create(connection)
            self._check_hashes(connection)
            kept = kept_properties(self.funnels)
            numbered = events.numbers_sessions(connection)
            columns = dict(self._columns(kept, bind, numbered=numbered))
            names = ", ".join(f"{sql} AS {quote_identifier(name)}" for name, sql in columns.items())
            order = ", ".join(f"{quote_identifier(name)} NULLS FIRST" for name in columns)
            target = bind.bind(str(path))
            sql = (
                f"COPY (SELECT {names} FROM fk_excerpt ORDER BY {order}) TO {target} "
                "(FORMAT parquet, COMPRESSION zstd)"
            )
            connection.execute(sql, bind.used_in(sql)).fetchall()
            return self._excerpt(kept, connection)

    def _columns(
        self, kept: Sequence[KeptProperty], bind: Parameters, *, numbered: bool
    ) -> Iterator[tuple[str, str]]:
        """Yield the columns and their SQL, in the order of the file."""
        table, key = self.table, bind.bind(self.key)
        better: list[str] = []
        has_cohorts = any(segment.cohorts for one in self.funnels for segment in one.segments)
        for role in IDS:
            column = getattr(table, role)
            if column is None:
                continue
            hashed = _hashed(column, table, key)
            if role == "device_id" and better and not has_cohorts:
                missing = " AND ".join(f"{quote_identifier(one)} IS NULL" for one in better)
                hashed = f"CASE WHEN {missing} THEN {hashed} END"
            yield role, hashed
            better.append(column)
        yield "event_time", f"make_timestamp(fk_when + {bind.bind(self.shift)}::BIGINT)"
        yield "event_type", f"CAST({quote_identifier(table.event_type)} AS VARCHAR)"
        session = self._session(kept, key, numbered=numbered)
        if session is not None:
            yield "session_id", session
        # In the place of all that told events of one time apart.
        order = [ties(table, *self.funnels), "fk_who"]
        for scope, name in OBJECTS:
            sql = object_json(kept, scope, table, bind, key)
            if sql is not None:
                yield name, sql
                order.append(sql)
        yield "event_id", f"row_number() OVER (PARTITION BY fk_when ORDER BY {', '.join(order)})"

    def _session(self, kept: Sequence[KeptProperty], key: str, *, numbered: bool) -> str | None:
        if numbered:
            return "fk_session + 1"
        column = self.table.session_id
        asked = next((one for one in kept if one.property == SESSION_ID), None)
        by_session = any(funnel.unit == "session" for funnel in self.funnels)
        if column is None or (asked is None and not by_session):
            return None
        name = quote_identifier(column)
        if asked is not None and (asked.stays() or asked.wanted):
            return name
        text = f"CAST({name} AS VARCHAR)"
        hashed = f"fk_keyed_number({key}, {text})"
        return f"CASE WHEN {text} <> '-1' THEN {hashed} ELSE -1 END"

    def _check_hashes(self, connection: DuckDBPyConnection) -> None:
        bind = Parameters()
        key = bind.bind(self.key)
        for column in (column for role in IDS if (column := getattr(self.table, role))):
            name = quote_identifier(column)
            hashed = _hashed(column, self.table, key)
            sql = f"SELECT count(DISTINCT {name}), count(DISTINCT {hashed}) FROM fk_excerpt"
            ids, hashes = connection.execute(sql, bind.used_in(sql)).fetchall()[0]
            if ids != hashes:
                raise DefinitionError(
                    f"two ids of the column {column!r} have one hash by this key: take another key"
                )

    def _excerpt(self, kept: Sequence[KeptProperty], connection: DuckDBPyConnection) -> Excerpt:
        name = quote_identifier(self.table.event_type)
        ((events, users),) = connection.execute(
            "SELECT count(*), count(DISTINCT fk_who) FROM fk_excerpt"
        ).fetchall()
        by_type = connection.execute(
            f"SELECT CAST({name} AS VARCHAR), count(*) FROM fk_excerpt GROUP BY 1 "
            "ORDER BY 2 DESC, 1"
        ).fetchall()
        return Excerpt(
            events=events,
            users=users,
            by_type=tuple((str(each), count) for each, count in by_type),
            properties=tuple(kept),
            cohorts=tuple(self._cohorts(connection)),
        )

    def _cohorts(self, connection: DuckDBPyConnection) -> Iterator[tuple[Cohort, tuple[str, ...]]]:
        """Yield the hashes of those members of each cohort who have events in the excerpt."""
        from funnelkit.engine.history import read_cohort

        asked = [c for one in self.funnels for segment in one.segments for c in segment.cohorts]
        for path in dict.fromkeys(cohort.path for cohort in asked):
            cohort = next(one for one in asked if one.path == path)
            bind = Parameters()
            key, ids = bind.bind(self.key), bind.bind(read_cohort(cohort))
            found: set[str] = set()
            for column in (column for role in IDS if (column := getattr(self.table, role))):
                text = f"CAST({quote_identifier(column)} AS VARCHAR)"
                sql = (
                    f"SELECT DISTINCT CAST({_hashed(column, self.table, key)} AS VARCHAR) "
                    f"FROM fk_excerpt WHERE {text} IN (SELECT unnest({ids}))"
                )
                rows = connection.execute(sql, bind.used_in(sql)).fetchall()
                found |= {text for (text,) in rows}
            yield cohort, tuple(sorted(found))


def _hashed(column: str, table: EventTable, key: str) -> str:
    """Return the SQL of the hash of an id: a number where the id is one."""
    function = "fk_keyed_number" if table.types[column] in INTEGERS else "fk_keyed"
    return f"{function}({key}, CAST({quote_identifier(column)} AS VARCHAR))"
