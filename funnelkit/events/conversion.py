"""Rows of text or JSON become one Parquet file; a row that is no event is an error that names it.

Nothing is guessed and nothing folded on the way: properties stay the JSON text they were, other
keys stay JSON (or text, where Amplitude documents text), times become TIMESTAMP in UTC.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from funnelkit.errors import ColumnError, DataError
from funnelkit.events.columns import IDS, first_clash
from funnelkit.events.sql import quote_identifier
from funnelkit.events.times import epoch_kind, is_suspect, suspicion, timestamp_of_text

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from funnelkit.events.columns import Roles
    from funnelkit.events.table import Role, TimeKind

_WHOLE: Final[tuple[Role, ...]] = ("amplitude_id", "session_id", "event_id")  # specification C2


class Rows(Protocol):
    """Rows that are to become events, in the order of their source."""

    @property
    def connection(self) -> DuckDBPyConnection:
        """The connection that reads them."""

    @property
    def label(self) -> str:
        """The source in words."""

    @property
    def names(self) -> Sequence[str]:
        """The names of the values."""

    @property
    def relation(self) -> str:
        """The FROM item."""

    @property
    def values(self) -> Mapping[str, object]:
        """The parameters of `relation`."""

    def text(self, name: str) -> str:
        """Return the SQL of a value as VARCHAR."""

    def json(self, name: str) -> str:
        """Return the SQL of a value as JSON that is valid, NULL where it is not."""

    def other(self, name: str) -> str:
        """Return the SQL of a value that plays no role."""

    def place(self, row: int) -> str:
        """Return file and line of the row with this number, counted from 0."""

    def fault(self, row: int) -> str | None:
        """Return what is wrong with the form of the row, None if it is well formed."""


def convert(
    rows: Rows, target: Path, *, roles: Roles, keep: Collection[Role], milliseconds: bool
) -> list[str]:
    """Write the rows as the Parquet file `target` and return notes for the user.

    The columns of roles get Amplitude's names, except the roles `keep` and those whose
    new name another column bears. With `milliseconds`, an epoch in a column that is called `time`
    is in milliseconds, as Amplitude's HTTP API has it (specification D1); otherwise the size of
    the values decides.

    Raises:
        DataError: a row is no event; the text names it.
    """
    _check_case(rows)
    time = roles.columns["event_time"]
    documented = milliseconds and time == "time"
    whole, median = _look(rows, roles, times=not documented)
    unit: TimeKind = "milliseconds" if documented else epoch_kind(median)
    notes = list(roles.notes())
    if median is not None:
        notes.append(f"times read as epoch {unit}, UTC")
    columns = _columns(rows.names, roles, keep=keep)
    kinds: dict[Role, str] = dict.fromkeys(whole, "BIGINT")
    select = ", ".join(
        f"{_value(rows, name, role, unit=unit, cast=kinds.get(role) if role else None)} "
        f"AS {quote_identifier(column)}"
        for name, role, column in columns
    )
    rows.connection.execute(
        f"COPY (SELECT {select} FROM {rows.relation}) TO $target (FORMAT parquet)",
        {**rows.values, "target": str(target)},
    ).fetchall()
    played = {role: column for _, role, column in columns if role}
    _check(rows, target, played, roles)
    if (documented or median is not None) and unit != "seconds":
        notes += _suspects(rows, target, played["event_time"], unit)
    return notes


def _columns(
    names: Sequence[str], roles: Roles, *, keep: Collection[Role]
) -> list[tuple[str, Role | None, str]]:
    """Return name, role and new name of each column."""
    played = {name: role for role, name in roles.columns.items()}
    taken = {name.lower() for name in names if played.get(name) in {None, *keep}}
    return [
        (name, role, role if role and role not in keep and role not in taken else name)
        for name, role in ((name, played.get(name)) for name in names)
    ]


def _value(rows: Rows, name: str, role: Role | None, *, unit: TimeKind, cast: str | None) -> str:
    if role is None:
        return rows.other(name)
    if role == "event_time":
        return timestamp_of_text(rows.text(name), unit)
    if role in {"event_properties", "user_properties"}:
        return rows.json(name)
    if cast:
        return f"CAST({rows.text(name)} AS {cast})"
    return f"nullif({rows.text(name)}, '')"


def _look(rows: Rows, roles: Roles, *, times: bool) -> tuple[list[Role], float | None]:
    """Return the roles whose values are all whole numbers, and the median of times in numbers."""
    candidates = [role for role in _WHOLE if role in roles.columns]
    median = None
    if times:
        # Of the first rows only: the median of all would keep every value in memory.
        time = f"TRY_CAST({rows.text(roles.columns['event_time'])} AS DOUBLE)"
        sample = f"(SELECT {time} AS time FROM {rows.relation} LIMIT 10000)"
        median = rows.connection.execute(
            f"SELECT median(abs(time)) FILTER (WHERE isfinite(time)) FROM {sample}", rows.values
        ).fetchall()[0][0]
    if not candidates:
        return [], median
    texts = [rows.text(roles.columns[role]) for role in candidates]
    same = (
        f"coalesce(TRY_CAST({text} AS BIGINT)::VARCHAR = {text}, {text} IS NULL)" for text in texts
    )
    checks = (f"coalesce(bool_and({whole}), true)" for whole in same)
    found = rows.connection.execute(
        f"SELECT {', '.join(checks)} FROM {rows.relation}", rows.values
    ).fetchall()[0]
    return [role for role, whole in zip(candidates, found, strict=True) if whole], median


def _suspects(rows: Rows, target: Path, time: str, unit: TimeKind) -> list[str]:
    """Return a note if some times seem to be in another unit than they are read in."""
    suspect = is_suspect(f"epoch_us({quote_identifier(time)})", "microseconds")
    count, events, first = rows.connection.execute(
        f"SELECT count(*) FILTER (WHERE {suspect}), count(*), "
        f"min(file_row_number) FILTER (WHERE {suspect}) FROM read_parquet($target)",
        {"target": str(target)},
    ).fetchall()[0]
    return [suspicion(count, events, unit, where=rows.place(first))] if count else []


def _check(rows: Rows, target: Path, columns: Mapping[Role, str], roles: Roles) -> None:
    """Raise for the first row that is no event."""
    quoted = {role: quote_identifier(column) for role, column in columns.items()}
    bad = {role: f"{quoted[role]} IS NULL" for role in ("event_type", "event_time")}
    ids = [role for role in IDS if role in columns]
    bad["user_id"] = " AND ".join(f"{quoted[role]} IS NULL" for role in ids)
    for role in ("event_properties", "user_properties"):
        if role in columns:
            bad[role] = f"NOT starts_with({quoted[role]}::VARCHAR, '{{')"
    cases = " ".join(f"WHEN {condition} THEN '{role}'" for role, condition in bad.items())
    found = rows.connection.execute(
        f"SELECT file_row_number, CASE {cases} END FROM read_parquet($target) "
        f"WHERE {' OR '.join(f'({condition})' for condition in bad.values())} "
        "ORDER BY file_row_number LIMIT 1",
        {"target": str(target)},
    ).fetchall()
    if found:
        row, role = found[0]
        problem = rows.fault(row) or _problem(rows, row, role, roles)
        raise DataError(f"{rows.place(row)}: {problem}")


def _problem(rows: Rows, row: int, role: Role, roles: Roles) -> str:
    if role == "user_id":
        return (
            f"no user: {_or([roles.columns[one] for one in IDS if one in roles.columns])} is empty"
        )
    name = roles.columns[role]
    value = rows.connection.execute(
        f"SELECT {rows.text(name)} FROM {rows.relation} LIMIT 1 OFFSET {row:d}", rows.values
    ).fetchall()[0][0]
    if not value:
        return f"{name} is {'missing' if value is None else 'empty'}"
    shown = repr(value if len(value) <= 80 else value[:77] + "…")  # noqa: PLR2004
    if role == "event_time":
        return f"{name} is {shown}, which is no time (years 1 to 9999)"
    return f"{name} is {shown}, which is no JSON object"


def _or(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"each of {', '.join(names)}"


def _check_case(rows: Rows) -> None:
    clash = first_clash(rows.names)
    if clash:
        raise ColumnError(
            f"{rows.label}: the names {clash[0]!r} and {clash[1]!r} differ only in case, "
            "and would be mixed up. Rename one of them."
        )
