"""Is every event whole? A time that is none is an error; an event without type or id is counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelkit.errors import DataError
from funnelkit.events.columns import IDS
from funnelkit.events.sql import quote_identifier
from funnelkit.events.table import microseconds
from funnelkit.events.times import is_suspect, is_time, is_whole, suspicion

if TYPE_CHECKING:
    from funnelkit.events.columns import Roles
    from funnelkit.events.schema import ParquetFiles
    from funnelkit.events.table import TimeKind


def check_times(source: ParquetFiles, column: str, kind: TimeKind, *, duckdb_type: str) -> None:
    """Raise a `DataError` with file, row and value of the first time that is none.

    The files' statistics prove most files good without a scan.
    """
    name = quote_identifier(column)
    # A whole number may be so large that it cannot be multiplied within 64 bits.
    wide = "HUGEINT" if is_whole(duckdb_type) else duckdb_type
    # Statistics leave out NaN, and of text they know no meaning.
    exact = kind != "text" and duckdb_type not in {"DOUBLE", "FLOAT"}
    if exact and _statistics_prove_times(source, column, kind, duckdb_type=wide):
        return
    value = microseconds(f"CAST({name} AS {wide})", kind, cast="TRY_CAST")
    bad = f"({value} IS NULL OR NOT {is_time(value)})"
    # FILTER and not WHERE: by statistics, which know no NaN, DuckDB 2.0.0 would skip such rows.
    first = source.query(
        f"SELECT min({{'file': filename, 'row': file_row_number, 'found': {name}::VARCHAR}}) "
        f"FILTER (WHERE {bad}) FROM {{events}}"
    )[0][0]
    if first is None:
        return
    path, row, found = first["file"], first["row"], first["found"]
    what = "missing" if found is None else f"{found!r}, which is no time (years 1 to 9999)"
    raise DataError(f"{source.label(path)}, row {row + 1}: {column} is {what}")


def suspects(source: ParquetFiles, column: str, kind: TimeKind) -> list[str]:
    """Return a note if some epochs seem to be in another unit than the column is read in."""
    suspect = is_suspect(quote_identifier(column), kind)
    if suspect == "false":
        return []
    count, first = source.query(
        "SELECT count(*), min({'file': filename, 'row': file_row_number}) "
        f"FROM {{events}} WHERE {suspect}"
    )[0]
    if not count:
        return []
    where = f"{source.label(first['file'])}, row {first['row'] + 1}"
    return [suspicion(count, source.rows(), kind, where=where)]


def _statistics_prove_times(
    source: ParquetFiles, column: str, kind: TimeKind, *, duckdb_type: str
) -> bool:
    low, high = (
        is_time(
            microseconds(f"TRY_CAST(stats_{end}_value AS {duckdb_type})", kind, cast="TRY_CAST")
        )
        for end in ("min", "max")
    )
    values, good = source.query(
        "SELECT sum(num_values), "
        f"sum(num_values) FILTER (WHERE stats_null_count = 0 AND {low} AND {high}) "
        "FROM parquet_metadata({files}) WHERE path_in_schema = $name",
        name=column,
    )[0]
    return bool(values == good == source.rows())


def incomplete(source: ParquetFiles, roles: Roles) -> list[str]:
    """Return a note each for events without a type and for events without any id, if there are any.

    Such rows stay: nothing is dropped in silence, and no step can match a missing type.
    """
    event = roles.columns["event_type"]
    ids = [roles.columns[role] for role in IDS if role in roles.columns]
    rows = source.rows()
    whole = {
        name
        for name, values, lowest in source.query(
            "SELECT path_in_schema, sum(num_values), min(coalesce(stats_min_value, '')) "
            "FROM parquet_metadata({files}) WHERE path_in_schema IN $names "
            "GROUP BY path_in_schema HAVING bool_and(coalesce(stats_null_count = 0, false))",
            names=[event, *ids],
        )
        if values == rows and (name != event or lowest)
    }
    notes = []
    if event not in whole:
        name = quote_identifier(event)
        count = source.query(
            f"SELECT count(*) FROM {{events}} WHERE coalesce({name}::VARCHAR, '') = ''"
        )[0][0]
        notes += [f"{count:,} events have no event type; no step can match them"] if count else []
    if whole.isdisjoint(ids):
        missing = " AND ".join(f"{quote_identifier(name)} IS NULL" for name in ids)
        count = source.query(f"SELECT count(*) FROM {{events}} WHERE {missing}")[0][0]
        notes += [f"{count:,} events have no user and cannot be counted"] if count else []
    return notes
