"""What the units of a funnel are called: their keys are texts or hashes that nobody should read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from funnelkit.engine.units import INTEGERS
from funnelkit.events.columns import IDS
from funnelkit.events.sql import quote_identifier
from funnelkit.specs.text import format_property

if TYPE_CHECKING:
    from collections.abc import Iterator

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
        columns = "".join(f", {column.sql}" for column in self.columns)
        return (
            f"SELECT {unit.sql} AS unit{columns} FROM {unit.relation} "
            f"WHERE {unit.present} AND {condition} GROUP BY 1"
        )


def names_of(query: Query, table: EventTable) -> Names:
    """Return how the units of a query are called.

    A user by the id by which he is counted, whatever other ids there are; held values by the
    properties; a session that has no id by its start.
    """
    unit = query.unit
    found = [*_ids(unit, table)] if unit.ids else []
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
