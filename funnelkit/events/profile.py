"""What is in the events: types, users, times, properties. The core of `funnelkit describe`."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from funnelkit.events.columns import IDS
from funnelkit.events.connection import connect, data_errors
from funnelkit.events.files import sum_up
from funnelkit.events.properties import free_columns, json_value, property_json
from funnelkit.events.sources import open_events
from funnelkit.events.sql import Parameters, quote_identifier
from funnelkit.model import NONE
from funnelkit.packaged import packaged_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import IO

    from duckdb import DuckDBPyConnection

    from funnelkit.events.table import EventTable, Field

SAMPLE: Final = 1_000_000
"""Of more events than this, properties are profiled on every k-th one."""

TOP: Final = 5

_TYPES: Final[Mapping[str, str]] = {
    "VARCHAR": "text",
    "BIGINT": "integer",
    "UBIGINT": "integer",
    "HUGEINT": "integer",
    "DOUBLE": "number",
    "BOOLEAN": "boolean",
    "ARRAY": "list",
    "OBJECT": "object",
}


@dataclass(frozen=True, slots=True)
class PropertyProfile:
    """One property: how often each type of value occurs, and the commonest values.

    `types` are pairs of type and number of events, commonest first: text, integer, number (with a
    fraction), boolean, list, object. `filled` is the number of events that have a value, `share`
    their fraction. `top` are pairs of a value, as text, and the number of events.
    """

    name: str
    types: tuple[tuple[str, int], ...]
    filled: int
    share: float
    top: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class EventProfile:
    """One event type; `users` have at least one such event, `first` and `last` are in UTC."""

    event_type: str
    events: int
    users: int
    first: datetime
    last: datetime
    properties: tuple[PropertyProfile, ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """What is in the events.

    `columns` are the columns that play no role; each may be used as an event property.
    `every` is k if properties were profiled on every k-th event only, 1 if on all.
    """

    source: str
    events: int
    users: int
    first: datetime | None
    last: datetime | None
    event_types: tuple[EventProfile, ...]
    user_properties: tuple[PropertyProfile, ...]
    columns: tuple[PropertyProfile, ...]
    every: int
    notes: tuple[str, ...]


def describe(
    events: Any,
    *,
    columns: Mapping[str, str] | str | None = None,
    stdin: IO[bytes] | None = None,
    top: int = TOP,
) -> Profile:
    """Return the profile of events; the arguments are those of `open_events`.

    A user is an `amplitude_id`, else a `user_id`, else a `device_id`, event by event.

    Raises:
        DataError: the events cannot be read.
    """
    with open_events(events, columns=columns, stdin=stdin) as table, closing(connect()) as duckdb:
        where = sum_up(table.labels)
        with data_errors(where):
            macros = packaged_folder("sql") / "properties.sql"
            duckdb.execute(macros.read_text("utf-8")).fetchall()
            return _Profiler(duckdb, table, top).profile(where)


class _Profiler:
    def __init__(self, connection: DuckDBPyConnection, table: EventTable, top: int) -> None:
        self.connection = connection
        self.table = table
        self.top = top
        self.every = max(1, -(-table.rows // SAMPLE))

    def profile(self, source: str) -> Profile:
        table = self.table
        counts = self.counts()
        total = counts.pop(None, (0, 0, None, None))
        inside: dict[str | None, list[PropertyProfile]] = {}
        if table.event_properties:
            event = f"coalesce({quote_identifier(table.event_type)}, '')"
            inside = self.keyed(event, table.event_properties, table.event_fields)
        users: list[PropertyProfile] = []
        if table.user_properties:
            keyed = self.keyed("''", table.user_properties, table.user_fields)
            users = keyed.get("", [])
        return Profile(
            source=source,
            events=table.rows,
            users=total[1],
            first=_moment(total[2]),
            last=_moment(total[3]),
            event_types=tuple(
                EventProfile(
                    name or NONE,
                    events,
                    users_,
                    _instant(first),
                    _instant(last),
                    tuple(inside.get(name, ())),
                )
                for name, (events, users_, first, last) in counts.items()
            ),
            user_properties=tuple(users),
            columns=tuple(self.column(name) for name in free_columns(table)),
            every=self.every,
            notes=table.notes,
        )

    def query(self, select: str, rest: str = "", *, sampled: bool = False) -> list[tuple[Any, ...]]:
        bind = Parameters()
        events = self.table.relation(bind)
        if sampled and self.every > 1:
            events = f"(SELECT * FROM {events} WHERE file_row_number % {self.every:d} = 0)"
        return self.connection.execute(
            f"SELECT {select.replace('{events}', events)} {rest}", bind.values
        ).fetchall()

    def counts(self) -> dict[str | None, tuple[int, int, Any, Any]]:
        """Return events, users, first and last microsecond of each type; under None, of all."""
        event = f"coalesce({quote_identifier(self.table.event_type)}::VARCHAR, '')"
        columns = {role: getattr(self.table, role) for role in IDS if getattr(self.table, role)}
        # A number is counted faster than text, but of several ids each must say which it is.
        ids = [
            quote_identifier(column)
            if len(columns) == 1
            else f"'{role}' || {quote_identifier(column)}::VARCHAR"
            for role, column in columns.items()
        ]
        us = self.table.microseconds()
        found = self.query(
            f"{event} AS name, count(*), count(DISTINCT coalesce({', '.join(ids)})), min({us}), "
            f"max({us}), grouping(name) FROM {{events}}",
            "GROUP BY GROUPING SETS ((name), ()) ORDER BY grouping(name), count(*) DESC, name",
        )
        return {None if total else name: tuple(row) for name, *row, total in found}

    def keyed(
        self, event: str, column: str, fields: Sequence[Field]
    ) -> dict[str | None, list[PropertyProfile]]:
        """Return the properties inside a column, by event type."""
        json = property_json(self.table, column, fields)
        values = (
            f"SELECT {event} AS event, unnest(json_keys({json})) AS name, "
            f"unnest(json_extract({json}, '$.*')) AS value FROM {{events}}"
        )
        events = dict(
            self.query(
                f"{event} AS event, count(*) FROM {{events}}", "GROUP BY event", sampled=True
            )
        )
        return {
            name: [_property(key, list(rows), events[name]) for key, rows in _grouped(properties)]
            for name, properties in _grouped(self.values(values))
        }

    def column(self, name: str) -> PropertyProfile:
        """Return the profile of a column that plays no role."""
        json = f"to_json({quote_identifier(name)})"
        found = self.values(f"SELECT '' AS event, '' AS name, {json} AS value FROM {{events}}")
        rows = self.query("count(*) FROM {events}", sampled=True)[0][0]
        return _property(name, [row[2:] for row in found], rows)

    def values(self, values: str) -> list[tuple[Any, ...]]:
        """Return event, name, type, text and count: of each type, and of each of the top values.

        The text of a type is None, and the type of a value. What is a value at all, and which
        values are one, is as in groups.
        """
        return self.query(
            "event, name, type, text, n FROM (SELECT *, row_number() OVER (PARTITION BY event, "
            "name, type IS NULL ORDER BY n DESC, text) AS place FROM (SELECT event, name, type, "
            "text, sum(n)::BIGINT AS n FROM (SELECT event, name, json_type(value) AS type, "
            "fk_label(value) AS text, n FROM (SELECT event, name, "
            f"{json_value('value')} AS value, count(*) AS n FROM ({values}) GROUP BY ALL)) "
            "WHERE text IS NOT NULL GROUP BY GROUPING SETS "
            f"((event, name, type), (event, name, text)))) WHERE type IS NOT NULL "
            f"OR place <= {self.top:d}",
            "ORDER BY event, name, n DESC, type, text",
            sampled=True,
        )


def _property(name: str, rows: list[tuple[Any, ...]], events: int) -> PropertyProfile:
    types: dict[str, int] = {}
    for kind, _, count in rows:
        if kind is not None:
            word = _TYPES.get(kind, kind.lower())
            types[word] = types.get(word, 0) + count
    filled = sum(types.values())
    return PropertyProfile(
        name=name,
        types=tuple(sorted(types.items(), key=lambda item: -item[1])),
        filled=filled,
        share=filled / events if events else 0.0,
        top=tuple((text, count) for kind, text, count in rows if kind is None),
    )


def _grouped(rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, list[tuple[Any, ...]]]]:
    """Yield each value of the first column with the other columns of its rows, in their order."""
    groups: dict[Any, list[tuple[Any, ...]]] = {}
    for first, *others in rows:
        groups.setdefault(first, []).append(tuple(others))
    yield from groups.items()


def _instant(microseconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)


def _moment(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else _instant(microseconds)
