"""What the units of a funnel are called: their keys are texts or hashes that nobody should read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from funnelkit.engine.units import INTEGERS
from funnelkit.events.columns import IDS
from funnelkit.events.sql import Parameters, quote_identifier
from funnelkit.specs.text import format_property

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duckdb import DuckDBPyConnection

    from funnelkit.engine.query import Query
    from funnelkit.engine.units import UnitKey
    from funnelkit.events.table import EventTable
    from funnelkit.result.people import Kind


@dataclass(frozen=True, slots=True)
class NameColumn:
    """A column that helps to name a unit, and its SQL over the events of the unit."""

    name: str
    kind: Kind
    sql: str


@dataclass(frozen=True, slots=True)
class Names:
    """How the units of a query are called: a second question to the relation of the first one."""

    query: Query
    columns: tuple[NameColumn, ...]

    def sql(self, condition: str = "true") -> str:
        """Return the SELECT of the units (`unit` is their key) that meet a condition, with names.

        There is one line for each key, even where two users share one (see `UnitKey`).
        """
        unit = self.query.unit
        named = (f", {column.sql} AS fk_name_{i}" for i, column in enumerate(self.columns))
        columns = "".join(named)
        return (
            f"SELECT {unit.sql} AS unit{columns} FROM {unit.relation} "
            f"WHERE {unit.present} AND {condition} GROUP BY 1"
        )


def names_of(query: Query, table: EventTable, connection: DuckDBPyConnection) -> Names:
    """Return how the units of a query are called.

    A user by the id by which he is counted, whatever other ids there are, but for one that was made
    up: then by his user_id, or else a device's. Held values by the properties; a session that has
    no id by its start.
    """
    unit = query.unit
    found: list[NameColumn] = []
    if unit.ids:
        signs = _signs(table, connection)
        found += _ids_behind_made_up(table) if "made up" in signs else _ids(unit, table)
        if signs == {"made up"}:
            found = [column for column in found if column.name != "amplitude_id"]
    taken = {*IDS, "session_start", "group", "interval", "steps", "excluded"}
    taken |= {f"step_{k}" for k in range(1, query.rules.steps + 1)}
    for number, prop in enumerate(unit.held):
        name = format_property(prop)
        while name in taken:
            name = f"held {name}"
        taken.add(name)
        found.append(NameColumn(name, "text", f"min(fk_held_{number})"))
    if unit.numbers_sessions:
        found.append(NameColumn("session_start", "time", "min(fk_us)"))
    return Names(query, tuple(found))


def _ids(unit: UnitKey, table: EventTable) -> Iterator[NameColumn]:
    better: list[str] = []
    for role in IDS:
        column = getattr(table, role)
        if column is None:
            continue
        is_whole = table.types[column] in INTEGERS
        name = quote_identifier(column)
        value = f"CAST({name} AS {'BIGINT' if is_whole else 'VARCHAR'})"
        tests = " AND ".join(f"{other} IS NULL" for other in better)
        sql = f"min({value}) FILTER (WHERE {tests})" if better else f"min({value})"
        if column not in unit.ids:  # a better one is never empty
            sql = f"CAST(NULL AS {'BIGINT' if is_whole else 'VARCHAR'})"
        yield NameColumn(role, "number" if is_whole else "text", sql)
        better.append(name)


def _ids_behind_made_up(table: EventTable) -> Iterator[NameColumn]:
    """Yield the ids that people know where an id was made up: the user's, or else a device's.

    Made-up ids are negative (see `events/identity.py`) and are of no more than one user_id.
    """
    own, unknown = f"min({quote_identifier(table.amplitude_id or '')})", "true"
    yield NameColumn("amplitude_id", "number", f"CASE WHEN {own} >= 0 THEN {own} END")
    for role in ("user_id", "device_id"):
        column = getattr(table, role)
        if column is not None:
            value = f"min(CAST({quote_identifier(column)} AS VARCHAR))"
            test = f"coalesce({own}, -1) < 0 AND {unknown}"
            yield NameColumn(role, "text", f"CASE WHEN {test} THEN {value} END")
            unknown = f"{value} IS NULL"


def _signs(table: EventTable, connection: DuckDBPyConnection) -> set[str]:
    """Return which signs the events' amplitude_ids have, where a made-up one would have a name."""
    if table.amplitude_id is None or table.types[table.amplitude_id] not in INTEGERS:
        return set()
    if table.user_id is None and table.device_id is None:
        return set()
    own, found = quote_identifier(table.amplitude_id), set()
    for sign, test in (("made up", "< 0"), ("given", ">= 0")):
        bind = Parameters()
        sql = f"SELECT 1 FROM {table.relation(bind)} WHERE {own} {test} LIMIT 1"
        if connection.execute(sql, bind.values).fetchall():
            found.add(sign)
    return found
