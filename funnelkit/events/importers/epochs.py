"""Times that are numbers: in which unit a file has them, told as `report` tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelkit.events.importers.plain import Plain
from funnelkit.events.times import epoch_kind, is_suspect, suspicion

if TYPE_CHECKING:
    from collections.abc import Mapping

    from duckdb import DuckDBPyConnection

    from funnelkit.events.importers import Format
    from funnelkit.events.importers.row import Row
    from funnelkit.events.table import TimeKind

_SAMPLE = 10_000
"""Rows that are looked at: the median of all would keep every value in memory."""


def time_key(form: Format, row: Row, *, lines: bool) -> str | None:
    """Return the key of the event's time where its unit is not known; None where it is.

    `time` in lines of JSON is in milliseconds (specification D1), and other products document
    theirs.
    """
    if isinstance(form, Plain):
        key = form.time_key(row)
    elif form.name == "amplitude":
        key = next((key for key in row.types if key.lower() == "event_time"), None)
    else:
        key = row.has("time") if form.name == "http" else None
    return None if lines and key == "time" else key


def unit_of(
    connection: DuckDBPyConnection, relation: str, values: Mapping[str, object], text: str
) -> TimeKind | None:
    """Return the unit of epochs by the size of the first ones; None where times are no numbers."""
    number = f"TRY_CAST({text} AS DOUBLE)"
    median = connection.execute(
        "SELECT median(abs(number)) FILTER (WHERE isfinite(number)) FROM "
        f"(SELECT {number} AS number FROM {relation} LIMIT {_SAMPLE:d})",
        dict(values),
    ).fetchall()[0][0]
    return None if median is None else epoch_kind(median)


def suspects(
    connection: DuckDBPyConnection,
    relation: str,
    values: Mapping[str, object],
    unit: TimeKind,
    label: str,
) -> str | None:
    """Return what to say of a run whose times seem to be in another unit; None if they do not."""
    suspect = is_suspect("epoch_us(event_time)", "microseconds")
    count, events = connection.execute(
        f"SELECT count(*) FILTER (WHERE {suspect}), count(event_time) FROM {relation}",
        dict(values),
    ).fetchall()[0]
    return suspicion(count, events, unit, where=label) if count else None
