"""How a column of times is to be read: which kind it is, which unit, and what is a time at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from funnelkit.events.table import microseconds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from funnelkit.events.table import TimeKind

EARLIEST: Final = -62_135_596_800_000_000  # 0001-01-01T00:00:00 UTC in microseconds
LATEST: Final = 253_402_300_799_999_999  # the last microsecond of the year 9999

_SECONDS_OF_1990: Final = 631_152_000
_SECONDS_OF_2100: Final = 4_102_444_800
_COARSER_SECONDS: Final[Mapping[TimeKind, int]] = {
    "milliseconds": 1,
    "microseconds": 1_000,
    "nanoseconds": 1_000_000,
}
"""How many of the next coarser unit make a second."""

_UNITS: Final[tuple[tuple[float, TimeKind], ...]] = (
    (1e11, "seconds"),  # up to the year 5138, either side of 1970
    (1e14, "milliseconds"),  # from 1973 up to the year 5138
    (1e17, "microseconds"),
)

_WHOLE: Final = r"[+-]?\d{1,20}"
_NUMBER: Final = r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?"


def epoch_kind(typical: float | None) -> TimeKind:
    """Return the unit of an epoch from the size of a typical value (best the median).

    Seconds stay below 1e11 until the year 5138, and milliseconds have been above it since 1973.
    Without any value the unit does not matter.
    """
    size = abs(typical or 0.0)
    return next((kind for limit, kind in _UNITS if size < limit), "nanoseconds")


def column_kind(duckdb_type: str) -> TimeKind | None:
    """Return how a column of this type is read, "seconds" for any number, None if it cannot be."""
    name = duckdb_type.partition("(")[0].upper()
    if name in {"TIMESTAMP", "DATE"} or name.startswith("TIMESTAMP_"):
        return "timestamp"
    if name == "TIMESTAMP WITH TIME ZONE":
        return "timestamptz"
    if name == "VARCHAR":
        return "text"
    return "seconds" if is_number(duckdb_type) else None


def is_number(duckdb_type: str) -> bool:
    """Return whether the type is a number, whole or not."""
    return is_whole(duckdb_type) or duckdb_type.partition("(")[0] in {"DOUBLE", "FLOAT", "DECIMAL"}


def is_whole(duckdb_type: str) -> bool:
    """Return whether the type is a whole number; HUGEINT and unsigned types are."""
    return duckdb_type.endswith("INT") or duckdb_type in {"INTEGER", "UINTEGER"}


def is_suspect(number: str, unit: TimeKind) -> str:
    """Return the SQL condition that an epoch, read in `unit`, may be in the next coarser one.

    Seconds of our days, read as milliseconds, are in January or February 1970; and so with each
    unit. Epochs that were meant to be that early are rare.
    """
    factor = _COARSER_SECONDS.get(unit)
    if factor is None:
        return "false"
    return f"({number} BETWEEN {_SECONDS_OF_1990 * factor} AND {_SECONDS_OF_2100 * factor})"


def suspicion(count: int, events: int, unit: TimeKind, *, where: str) -> str:
    """Return what to say of `count` suspects among the events; `where` is the first of them."""
    coarser = {"milliseconds": "seconds", "microseconds": "milliseconds"}.get(unit, "microseconds")
    which = "all" if count == events else f"{count:,} of {events:,}"
    return (
        f"{which} times, first {where}, are in early 1970 as {unit}; are they {coarser}? "
        "One unit is read for all"
    )


def is_time(value: str) -> str:
    """Return the SQL condition that `value`, BIGINT microseconds in SQL, is a time worth having."""
    return f"({value} BETWEEN {EARLIEST} AND {LATEST})"


def timestamp_of_text(text: str, unit: TimeKind) -> str:
    """Return the SQL that reads the VARCHAR `text` as TIMESTAMP in UTC; NULL where it is no time.

    A number is an epoch in `unit`, a whole one exact to the microsecond; all else is ISO 8601
    with a blank or a T, UTC where it has no offset.
    """
    # Told apart first, and no DECIMAL: a cast that fails row after row, and one from text to
    # DECIMAL(28), each take DuckDB 1.5 tens of microseconds a row.
    whole = microseconds(f"TRY_CAST({text} AS HUGEINT)", unit, cast="TRY_CAST")
    broken = microseconds(f"TRY_CAST({text} AS DOUBLE)", unit, cast="TRY_CAST")
    iso = microseconds(text, "text", cast="TRY_CAST")
    value = (
        f"CASE WHEN regexp_full_match({text}, '{_WHOLE}') THEN {whole} "
        f"WHEN regexp_full_match({text}, '{_NUMBER}') THEN {broken} ELSE {iso} END"
    )
    return f"CASE WHEN {is_time(value)} THEN make_timestamp({value}) END"
