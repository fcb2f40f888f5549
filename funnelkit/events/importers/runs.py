"""Runs: a chunk of lines, or a table, as a Parquet file in the columns of the export.

A run keeps every row in its place, so that a row that is no event can be traced back to its line;
`fk_problem` says what is wrong with it, `fk_skip` why it is none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from funnelkit.events.columns import first_clash
from funnelkit.events.importers.columns import EXPORT, IDS, TYPES
from funnelkit.events.importers.row import TEXTS, Row
from funnelkit.events.sql import quote_identifier
from funnelkit.events.table import literally

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from funnelkit.events.importers import Format
    from funnelkit.events.importers.lines import Chunk

NO_OBJECT: Final = "no object"
"""The problem of a row whose line is no JSON object: the line itself tells more."""

_LARGEST_OBJECT: Final = 16 << 20  # DuckDB's own limit


@dataclass(frozen=True, slots=True)
class Run:
    """A run, its number and its rows; `merges` says that it holds merged users."""

    path: Path
    number: int
    rows: int
    merges: bool


@dataclass(frozen=True, slots=True)
class Problem:
    """A row of a run that is no event."""

    row: int
    reason: str


def write_chunk(
    connection: DuckDBPyConnection,
    chunk: Chunk,
    *,
    as_format: Format,
    target: Path,
    spelt: dict[str, str],
) -> list[Problem]:
    """Write a chunk as a run; return the rows whose keys are wrong.

    `spelt` has the spelling of each key so far by its lower case: DuckDB would mix up two names
    that differ only in case, so the second one is refused.
    """
    files = literally([str(chunk.path)])
    size = max(_LARGEST_OBJECT, chunk.longest + 1)
    objects = f"read_ndjson_objects($files, ignore_errors = true, maximum_object_size = {size:d})"
    found = connection.execute(
        f"SELECT json_keys(json) AS keys, count(*) FROM {objects} GROUP BY 1 ORDER BY 2 DESC, 1",
        {"files": files},
    ).fetchall()
    names: dict[str, None] = {}
    bad: dict[tuple[str, ...], str] = {}
    for keys, _ in found:
        if not keys:
            continue
        if fault := _fault(keys, spelt):
            bad[tuple(keys)] = fault
            continue
        names |= dict.fromkeys(keys)
        spelt |= {key.lower(): key for key in keys}
    problems = []
    if bad:
        rows = connection.execute(
            "SELECT row, keys FROM "
            "(SELECT row_number() OVER () - 1 AS row, json_keys(json) AS keys "
            f"FROM {objects}) WHERE keys IN (SELECT unnest($bad::VARCHAR[][])) ORDER BY row",
            {"files": files, "bad": [list(keys) for keys in bad]},
        ).fetchall()
        problems = [Problem(row, bad[tuple(keys)]) for row, keys in rows]
    types = {name: "VARCHAR" if name in TEXTS else "JSON" for name in names}
    if not types:  # not one object: the problems say so, row by row
        types = {"event_type": "VARCHAR"}
    columns = ", ".join(f"{_literal(name)}: '{kind}'" for name, kind in types.items())
    relation = (
        f"read_json($files, columns = {{{columns}}}, format = 'newline_delimited', "
        f"ignore_errors = true, maximum_object_size = {size:d})"
    )
    empty = " AND ".join(f"{quote_identifier(name)} IS NULL" for name in types)
    _write(
        connection,
        relation,
        {"files": files},
        Row(types),
        as_format,
        target,
        no_object=empty,
    )
    return problems


def write_table(
    connection: DuckDBPyConnection,
    relation: str,
    values: Mapping[str, object],
    *,
    row: Row,
    as_format: Format,
    target: Path,
) -> None:
    """Write the rows of a table as a run."""
    _write(connection, relation, values, row, as_format, target, no_object=None)


def _write(
    connection: DuckDBPyConnection,
    relation: str,
    values: Mapping[str, object],
    row: Row,
    as_format: Format,
    target: Path,
    *,
    no_object: str | None,
) -> None:
    event = dict(as_format.event(row))
    merges = "merged_amplitude_id" in event
    skip = event.pop("fk_skip", None)
    columns, tests = [], []
    if no_object is not None:
        tests.append(f"WHEN {no_object} THEN '{NO_OBJECT}'")
    for name, sql in event.items():
        kind = "whole" if merges and name != "merge_time" else EXPORT.get(name, "text")
        value = sql
        if kind in {"text", "object"} and not merges:  # NULL has a type, too
            value = f"CAST({sql} AS VARCHAR)"
        if kind in {"whole", "float", "truth"}:
            value = f"TRY_CAST({sql} AS {TYPES[kind]})"
            what = {"whole": "whole number", "float": "number", "truth": "boolean"}[kind]
            tests.append(
                f"WHEN {sql} IS NOT NULL AND {value} IS NULL "
                f"THEN {_said(name, sql)} || ', which is no {what}'"
            )
        columns.append(f"{value} AS {quote_identifier(name)}")
    tests += _merge_tests(event) if merges else _event_tests(event, row)
    if not merges:
        used = set(as_format.reads(row.types.keys()))
        taken = {name.lower() for name in event}
        columns += [
            f"{row.value(key)} AS {quote_identifier(key + '_' * (key.lower() in taken))}"
            for key in row.types
            if key not in used and key not in event
        ]
    columns.append(f"{skip or 'NULL::VARCHAR'} AS fk_skip")
    named = f"(SELECT {', '.join(columns)}, {_problem(tests)} AS fk_problem FROM {relation})"
    connection.execute(
        f"COPY {named} TO $target (FORMAT parquet)", {**values, "target": str(target)}
    ).fetchall()


def _problem(tests: Sequence[str]) -> str:
    return f"CASE {' '.join(tests)} END" if tests else "NULL::VARCHAR"


def _event_tests(event: Mapping[str, str], row: Row) -> list[str]:
    """Return the WHENs of what an event needs and lacks."""
    tests = []
    kind = event.get("event_type", "NULL")
    tests.append(f"WHEN {kind} IS NULL THEN 'event_type is missing or empty'")
    time = event.get("event_time", "NULL")
    source = next((key for key in ("event_time", "time") if key in row.types), None)
    source = source or next(
        (key for key in row.types if key.lower() in {"event_time", "time", "timestamp"}), None
    )
    said = "'event_time is missing or no time'"
    if source is not None:
        text = row.text(source)
        said = (
            f"CASE WHEN {text} IS NULL THEN {_literal(source + ' is missing')} "
            f"ELSE {_said(source, text)} || ', which is no time (years 1 to 9999)' END"
        )
    tests.append(
        f"WHEN {time} IS NULL OR {time} NOT BETWEEN TIMESTAMP '0001-01-01' "
        f"AND TIMESTAMP '9999-12-31 23:59:59.999999' THEN {said}"
    )
    ids = [event[name] for name in IDS if name in event]
    nobody = " AND ".join(f"{one} IS NULL" for one in ids) or "true"
    tests.append(f"WHEN {nobody} THEN 'no user: amplitude_id, user_id and device_id are missing'")
    tests += [
        f"WHEN NOT starts_with({event[name]}, '{{') "
        f"THEN {_said(name, event[name])} || ', which is no JSON object'"
        for name in ("event_properties", "user_properties")
        if name in event
    ]
    if "amplitude_id" in event:
        own = event["amplitude_id"]
        tests.append(
            f"WHEN TRY_CAST({own} AS BIGINT) < 0 "
            f"THEN {_said('amplitude_id', own)} || ', which is no id'"
        )
    return tests


def _merge_tests(event: Mapping[str, str]) -> list[str]:
    return [
        f"WHEN {event[name]} IS NULL THEN {_literal(name + ' is missing')}"
        for name in ("amplitude_id", "merged_amplitude_id")
    ]


def _said(name: str, sql: str) -> str:
    """Return the SQL of `name is 'value'`, the value cut where it is long."""
    return f"{_literal(name + ' is ')} || '''' || left({sql}, 80) || ''''"


def _fault(keys: Sequence[str], spelt: Mapping[str, str]) -> str | None:
    twice = next((key for key in keys if keys.count(key) > 1), None)
    if twice is not None:
        return f"the key {twice!r} stands twice"
    if "" in keys:
        return "a key is empty"
    clash = first_clash(keys)
    if clash:
        return f"the keys {clash[0]!r} and {clash[1]!r} differ only in case"
    for key in keys:
        other = spelt.get(key.lower(), key)
        if other != key:
            return f"the key {key!r} differs only in case from {other!r} of other events"
    return None


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
