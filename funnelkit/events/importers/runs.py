"""Runs: a chunk of lines, or a table, as a Parquet file in the columns of the export.

A run keeps every row in its place, so that a row that is no event can be traced back to its line;
`fk_problem` says what is wrong with it, `fk_skip` why it is none.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from funnelkit.events.columns import first_clash
from funnelkit.events.importers import header
from funnelkit.events.importers.columns import EXPORT, IDS, TYPES
from funnelkit.events.importers.epochs import time_key, unit_of
from funnelkit.events.importers.held import compact
from funnelkit.events.importers.lines import BLOCK
from funnelkit.events.importers.row import TEXTS, Row
from funnelkit.events.sql import quote_identifier
from funnelkit.events.table import literally
from funnelkit.events.times import is_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa
    from duckdb import DuckDBPyConnection

    from funnelkit.events.importers import Format
    from funnelkit.events.importers.columns import Kind
    from funnelkit.events.importers.lines import Chunk
    from funnelkit.events.table import TimeKind

NO_OBJECT: Final = "no object"
"""The problem of a row whose line is no JSON object: the line itself tells more."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run, its number and its rows; `merges` says that it holds merged users."""

    path: Path
    number: int
    rows: int
    merges: bool

    @property
    def first(self) -> int:
        """The place of its first row in the order of all that is read."""
        return ordinal(self.number, 0)


def ordinal(run: int, row: int) -> int:
    """Return the place of a row in the order of all that is read."""
    return (run << 32) + row


@dataclass(frozen=True, slots=True)
class Problem:
    """A row of a run that is no event."""

    row: int
    reason: str


@dataclass(frozen=True, slots=True)
class Written:
    """A run that was written: its rows, where they are kept in memory, and the unit of epochs."""

    rows: int
    unit: TimeKind | None
    table: pa.Table | None = None


@dataclass(frozen=True, slots=True)
class Alike:
    """A run of lines that are alike, and its columns that are not Amplitude's."""

    written: Written
    own: tuple[str, ...]


def write_alike(
    connection: DuckDBPyConnection,
    chunk: Chunk,
    *,
    as_format: Format,
    target: Path,
    in_memory: bool,
    label: str,
) -> Alike | None:
    """Make a chunk a run in one pass, if its lines have no keys but those of its sample.

    Return None if they have others, or one is no object. A run `in_memory` is kept there instead
    of in the file `target`, unless it has columns of JSON, of which only DuckDB knows the type.
    """
    import duckdb

    names = [*header.sampled_keys(chunk.path)]
    if not names or _fault(names, {}):
        return None
    types = _types(names)
    try:
        rows = header.known_rows(connection, chunk.path, types, longest=_longest(chunk))
        if rows is None:
            return None
        written = _write(
            connection,
            rows,
            {"files": literally([str(chunk.path)])},
            Row(types, label),
            as_format,
            target,
            in_memory=in_memory,
            no_object=_all_missing(types),
        )
    except duckdb.Error:
        return None
    return Alike(written, tuple(_own(names))) if written.rows == chunk.rows else None


def can_spell(alike: Alike, spelt: dict[str, str]) -> bool:
    """Note the spelling of the columns of a run in `spelt`, unless one is spelt otherwise there.

    `spelt` has the spelling of each column so far by its lower case: DuckDB would mix up two names
    that differ only in case. Amplitude's columns have one spelling.
    """
    if _differs(alike.own, spelt):
        return False
    spelt |= {key.lower(): key for key in alike.own}
    return True


def write_unlike(
    connection: DuckDBPyConnection,
    chunk: Chunk,
    *,
    as_format: Format,
    target: Path,
    in_memory: bool,
    spelt: dict[str, str],
    label: str,
) -> tuple[list[Problem], Written]:
    """Make a chunk a run as `write_alike` does, looking at the keys of each line first.

    Return the rows whose keys are wrong, too. A key that `spelt` has in another spelling is wrong.
    """
    files = literally([str(chunk.path)])
    size = _longest(chunk)
    header.clear(chunk.path)
    objects = f"read_ndjson_objects($files, ignore_errors = true, maximum_object_size = {size:d})"
    found = connection.execute(
        "SELECT any_value(keys), count(*), hash(keys) AS hashed FROM "
        f"(SELECT json_keys(json) AS keys FROM {objects}) GROUP BY hashed ORDER BY 2 DESC, 1",
        {"files": files},
    ).fetchall()
    names: dict[str, None] = {}
    here: dict[str, str] = {}
    bad: dict[tuple[str, ...], str] = {}
    for keys, *_ in found:
        if not keys:
            continue
        own = _own(keys)
        if fault := _fault(keys, here) or _differs(own, spelt):
            bad[tuple(keys)] = fault
            continue
        names |= dict.fromkeys(keys)
        here |= {key.lower(): key for key in keys}
        spelt |= {key.lower(): key for key in own}
    problems = []
    if bad:
        rows = connection.execute(
            "SELECT row, keys FROM "
            "(SELECT row_number() OVER () - 1 AS row, json_keys(json) AS keys "
            f"FROM {objects}) WHERE keys IN (SELECT unnest($bad::VARCHAR[][])) ORDER BY row",
            {"files": files, "bad": [list(keys) for keys in bad]},
        ).fetchall()
        problems = [Problem(row, bad[tuple(keys)]) for row, keys in rows]
    types = _types(names or ["event_type"])  # not one object: the problems say so
    columns = ", ".join(f"{_literal(name)}: '{kind}'" for name, kind in types.items())
    relation = (
        f"read_json($files, columns = {{{columns}}}, format = 'newline_delimited', "
        f"ignore_errors = true, maximum_object_size = {size:d})"
    )
    written = _write(
        connection,
        relation,
        {"files": files},
        Row(types, label),
        as_format,
        target,
        in_memory=in_memory,
        no_object=_all_missing(types),
    )
    return problems, written


def _longest(chunk: Chunk) -> int:
    """Return the bytes that DuckDB has to expect of a line."""
    return max(8 * BLOCK, chunk.longest + 1)


def _own(keys: Sequence[str]) -> list[str]:
    """Return the names of the columns that are not Amplitude's."""
    capitals = in_capitals(keys)
    return [key.lower() if capitals else key for key in keys if key.lower() not in EXPORT]


def _types(names: Iterable[str]) -> dict[str, str]:
    return {name: "VARCHAR" if name in TEXTS else "JSON" for name in names}


def _all_missing(types: Iterable[str]) -> str:
    return " AND ".join(f"{quote_identifier(name)} IS NULL" for name in types)


def write_table(
    connection: DuckDBPyConnection,
    relation: str,
    values: Mapping[str, object],
    *,
    row: Row,
    as_format: Format,
    target: Path,
) -> Written:
    """Write the rows of a table as a run."""
    return _write(
        connection, relation, values, row, as_format, target, in_memory=False, no_object=None
    )


def _write(
    connection: DuckDBPyConnection,
    relation: str,
    values: Mapping[str, object],
    row: Row,
    as_format: Format,
    target: Path,
    *,
    in_memory: bool,
    no_object: str | None,
) -> Written:
    epoch = time_key(as_format, row, lines=no_object is not None)
    unit = None if epoch is None else unit_of(connection, relation, values, row.text(epoch))
    row = replace(row, units={epoch: unit} if epoch is not None and unit is not None else None)
    event = dict(as_format.event(row))
    merges = "merged_amplitude_id" in event
    skip = event.pop("fk_skip", None)
    if not merges:  # where a format found none of these, the tests say so
        event = {"event_type": "NULL::VARCHAR", "event_time": "NULL::TIMESTAMP", **event}
    inner, outer, tests = [], [], []
    if no_object is not None:
        inner.append(f"({no_object}) AS fk_no_object")
        tests.append(f"WHEN fk_no_object THEN '{NO_OBJECT}'")
    for number, (name, sql) in enumerate(event.items()):
        kind: Kind = "whole" if merges and name != "merge_time" else EXPORT.get(name, "text")
        column = quote_identifier(name)
        outer.append(column)
        if kind in _CAST:
            raw = f"fk_raw_{number}"
            inner += [f"{sql} AS {raw}", f"{_cast(sql, kind)} AS {column}"]
            tests.append(
                f"WHEN {raw} IS NOT NULL AND {column} IS NULL "
                f"THEN {_said(name, raw)} || ', which is no {_CAST[kind]}'"
            )
        elif kind in {"text", "object"} and not merges:  # NULL has a type, too
            inner.append(f"CAST({sql} AS VARCHAR) AS {column}")
        else:
            inner.append(f"{sql} AS {column}")
    if merges:
        tests += _merge_tests()
    else:
        time = _time_key(row)
        if time is not None:
            inner.append(f"{row.text(time)} AS fk_time")
        tests += _event_tests(event, time)
        for key, value, column in _others(row, event, as_format):
            inner.append(f"{value} AS {column}")
            outer.append(column)
            in_memory = in_memory and row.types[key] != "JSON"
    inner.append(f"{skip or 'NULL::VARCHAR'} AS fk_skip")
    # The values are worked out once, in the inner SELECT, and then looked at.
    named = (
        f"(SELECT {', '.join(outer)}, fk_skip, CASE {' '.join(tests)} END AS fk_problem "
        f"FROM (SELECT {', '.join(inner)} FROM {relation}))"
    )
    if in_memory:
        table = compact(connection.sql(f"FROM {named}", params=dict(values)).to_arrow_table())
        return Written(table.num_rows, unit, table)
    written = connection.execute(
        f"COPY {named} TO $target (FORMAT parquet)", {**values, "target": str(target)}
    ).fetchall()
    return Written(written[0][0], unit)


RESERVED: Final = frozenset({"filename", "file_row_number", "import_order"})
"""Names of columns that an import needs; a key of that name gets an underscore more."""

_CAST: Final = {"whole": "whole number", "float": "number", "truth": "boolean"}
"""The kinds of column that a text may not be read as, in words."""


def _cast(sql: str, kind: Kind) -> str:
    """Return the SQL of a text as the type of its column; NULL where it cannot be one."""
    cast = f"TRY_CAST({sql} AS {TYPES[kind]})"
    if kind != "whole":
        return cast
    broken = f"TRY_CAST({sql} AS DOUBLE)"  # a cast to a whole number would round
    return (
        f"CASE WHEN NOT regexp_matches({sql}, '[.eE]') OR {broken} = trunc({broken}) "
        f"THEN {cast} END"
    )


def _others(row: Row, event: Mapping[str, str], form: Format) -> Iterator[tuple[str, str, str]]:
    """Yield each key that a format makes nothing of, its value and its column."""
    used = set(form.reads(row.types.keys()))
    taken = {name.lower() for name in event}
    for key in row.types:
        if key not in used and key not in event:
            other = EXPORT.get(key.lower(), "text") != "text"  # of that name, not of its type
            more = "_" * (key.lower() in taken or other)
            yield key, row.value(key), quote_identifier(_own_name(key, row) + more)


def _own_name(key: str, row: Row) -> str:
    """Return the name of a column that is not Amplitude's: its key, where that is free for it.

    A warehouse that writes its names in capitals means the same columns as another one.
    """
    if in_capitals(row.types):
        key = key.lower()
    return key + "_" * (key.lower() in RESERVED or key.lower().startswith("fk_"))


def in_capitals(keys: Iterable[str]) -> bool:
    """Tell whether all names are in capitals, as Snowflake writes them."""
    return all(key == key.upper() for key in keys)


def _time_key(row: Row) -> str | None:
    """Return the key that says when, for messages."""
    names = ("event_time", "time", "timestamp")
    return next((key for name in names for key in row.types if key.lower() == name), None)


def _event_tests(event: Mapping[str, str], time: str | None) -> list[str]:
    """Return the WHENs of what an event needs and lacks."""
    said = "'event_time is missing or no time'"
    if time is not None:
        said = (
            f"CASE WHEN fk_time IS NULL THEN {_literal(time + ' is missing')} "
            f"ELSE {_said(time, 'fk_time')} || ', which is no time (years 1 to 9999)' END"
        )
    nobody = " AND ".join(f"{name} IS NULL" for name in IDS if name in event) or "true"
    tests = [
        "WHEN event_type IS NULL THEN 'event_type is missing or empty'",
        f"WHEN event_time IS NULL OR NOT {is_time('epoch_us(event_time)')} THEN {said}",
        f"WHEN {nobody} THEN 'no user: amplitude_id, user_id and device_id are missing'",
    ]
    tests += [
        f"WHEN NOT starts_with({name}, '{{') "
        f"THEN {_said(name, name)} || ', which is no JSON object'"
        for name in ("event_properties", "user_properties")
        if name in event
    ]
    if "amplitude_id" in event:
        own = "amplitude_id"
        tests.append(f"WHEN {own} < 0 THEN {_said(own, own + '::VARCHAR')} || ', which is no id'")
    return tests


def _merge_tests() -> list[str]:
    return [
        f"WHEN {name} IS NULL THEN {_literal(name + ' is missing')}"
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
    return _differs(keys, spelt)


def _differs(keys: Sequence[str], spelt: Mapping[str, str]) -> str | None:
    for key in keys:
        other = spelt.get(key.lower(), key)
        if other != key:
            return f"the key {key!r} differs only in case from {other!r} of other events"
    return None


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
