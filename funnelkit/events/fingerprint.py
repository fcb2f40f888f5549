"""The fingerprint of some events: equal where they are the same, wherever and however they lie."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from funnelkit.events.columns import ARRIVAL
from funnelkit.events.connection import connect
from funnelkit.events.sql import Parameters, quote_identifier

if TYPE_CHECKING:
    from funnelkit.events.table import EventTable


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsFingerprint:
    """How many events there are, and hashes of who did what when, and of all their columns.

    The order of the rows, and the files in which they lie, play no part.
    """

    events: int
    happened: str
    columns: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"events": self.events, "happened": self.happened, "columns": self.columns}


def fingerprint_of(table: EventTable) -> EventsFingerprint:
    """Return the fingerprint of opened events.

    Each row is hashed by MD5, which is the same in every version of DuckDB, and the hashes are
    added up: rows that stand twice count twice. In which order a store took them is no part of it:
    the same files, imported in another order, are the same events.
    """
    ids = [table.amplitude_id, table.user_id, table.device_id]
    who = [f"CAST({quote_identifier(one)} AS VARCHAR)" for one in ids if one is not None]
    kind = f"CAST({quote_identifier(table.event_type)} AS VARCHAR)"
    when = f"CAST({table.microseconds()} AS VARCHAR)"
    happened = _hash([*who, kind, when])
    others = [
        f"CAST(to_json({quote_identifier(name)}) AS VARCHAR)"
        for name in sorted(table.types)
        if name not in {*ids, table.event_type, table.time, ARRIVAL}
    ]
    bind = Parameters()
    source = table.relation(bind)
    query = (
        f"SELECT count(*), sum({happened}), sum({_hash([*who, kind, when, *others])}) FROM {source}"
    )
    with closing(connect()) as connection:
        row = connection.execute(query, bind.values).fetchone()
    count, first, second = row or (0, 0, 0)
    return EventsFingerprint(
        events=count, happened=_short(first), columns=_short(second)
    )  # fmt: skip


def _hash(columns: list[str]) -> str:
    parts = ", '|', ".join(f"coalesce({column}, chr(1))" for column in columns)
    return f"CAST(md5_number_lower(concat({parts})) AS HUGEINT)"


def _short(total: int | None) -> str:
    return format((total or 0) % 2**64, "016x")
