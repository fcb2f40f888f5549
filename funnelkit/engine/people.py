"""The units behind a bar of a chart: the very lines that the chart counted, with their names."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from funnelkit.engine.answer import matched
from funnelkit.engine.doubts import doubts
from funnelkit.engine.entrants import NOT_REACHED, from_arrays, from_lists
from funnelkit.engine.labels import SEPARATOR
from funnelkit.engine.names import names_of
from funnelkit.engine.query import compose
from funnelkit.engine.select import select
from funnelkit.engine.sqlfiles import read_sql
from funnelkit.engine.summarise import DID_NOT_REACH
from funnelkit.events.connection import connect, data_errors
from funnelkit.result.people import Column, UserList

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from funnelkit.engine.bars import ChosenBar
    from funnelkit.engine.bucket import Bucket
    from funnelkit.engine.entrants import Entrants
    from funnelkit.engine.names import Names
    from funnelkit.engine.rows import StepRows
    from funnelkit.events.table import EventTable

NEVER = -(2**63)
"""The time of a step that was not reached."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lines:
    """Those behind a bar, as lists or arrays; `times` has a column of microseconds per step."""

    unit: Any
    steps: Any
    times: tuple[Any, ...]
    label: Any
    excluded: Any


def people(chosen: ChosenBar, table: EventTable, *, small: bool | None = None) -> UserList:
    """Return everybody behind a bar: as many as the report counts there.

    The events are read as for the report and the kernel is asked the same question, but its lines
    are kept instead of counted; a second query finds the names. `small` is that of `select`.

    Raises:
        DefinitionError: there is no such group.
        DataError: the events cannot be read.
    """
    rows = select(chosen.chart.funnel, table, small=small)
    code = chosen.group_code(rows.labels)
    lines = [_behind(bucket, rows, chosen, code) for bucket in rows.buckets]
    is_small = rows.buckets[0].is_small
    with closing(connect()) as connection, data_errors("cannot read the events"):
        connection.execute(read_sql("properties")).fetchall()
        query = compose(chosen.chart.funnel, table, connection, exact=is_small)
        names = names_of(query, table, connection)
        make = _lists if is_small else _series
        found = make(lines, names, rows, connection)
    if chosen.bar.interval is not None:
        interval = Column("interval", "text", [chosen.bar.interval] * len(found[0].values))
        found.insert(len(names.columns), interval)
    return UserList(
        funnel=chosen.chart.funnel,
        bar=chosen.bar,
        columns=tuple(found),
        who=len(names.columns),
        warnings=tuple(doubts(chosen.chart.funnel, table, rows.seen)),
        notes=table.notes,
    )


def _behind(bucket: Bucket, rows: StepRows, chosen: ChosenBar, code: int | None) -> _Lines:
    """Return the lines of one bucket that belong to the bar."""
    found = matched(bucket, chosen.entry, rows.rules)
    entrants = (from_lists if bucket.is_small else from_arrays)(bucket, found, rows.rules)
    picked = _picked(entrants, chosen, code)
    added = rows.rules.added

    def pick(column: Any) -> Any:
        if isinstance(column, list):
            return [column[line] for line in picked]
        return None if column is None else column[picked]

    def times(step: int) -> Any:
        filled = pick(found.rows[step :: rows.steps])
        if isinstance(filled, list):
            return [NEVER if row < 0 else bucket.us[row] - added for row in filled]
        import numpy as np

        return np.where(filled < 0, NEVER, bucket.us[filled] - added)

    return _Lines(
        unit=pick(entrants.unit),
        steps=pick(entrants.reach),
        times=tuple(times(step) for step in range(rows.steps)),
        label=pick(entrants.label),
        excluded=pick(entrants.excluded),
    )


def _picked(entrants: Entrants, chosen: ChosenBar, code: int | None) -> Any:
    """Return the positions of the lines that belong to the bar."""
    least, most = chosen.bar.steps
    tests: list[tuple[Any, int, int]] = [
        (entrants.reach, max(least, chosen.chart.least_steps), most or entrants.steps)
    ]
    if code is not None:
        tests.append((entrants.label, code, code))
    if chosen.interval is not None:
        tests.append((entrants.interval, chosen.interval, chosen.interval))
    if isinstance(entrants.reach, list):
        return [
            line
            for line in range(len(entrants))
            if all(low <= column[line] <= high for column, low, high in tests)
        ]
    import numpy as np

    keep = [(column >= low) & (column <= high) for column, low, high in tests]
    return np.flatnonzero(np.logical_and.reduce(keep))


def _lists(
    parts: list[_Lines], names: Names, rows: StepRows, connection: DuckDBPyConnection
) -> list[Column]:
    """Return the columns of a small input: lists of plain values, in the order of entry."""
    (lines,) = parts
    sql = names.sql()
    found = connection.execute(sql, names.query.bind.used_in(sql)).fetchall()
    name_of = {unit: name for unit, *name in found}
    columns: list[Column] = []
    for i, column in enumerate(names.columns):
        values = [name_of[unit][i] for unit in lines.unit]
        if column.kind == "time":
            values = [_moment(us) for us in values]
        columns.append(Column(column.name, column.kind, values))
    if lines.label is not None:
        columns.append(Column("group", "text", [_group(rows.labels, c) for c in lines.label]))
    columns.append(Column("steps", "number", lines.steps))
    for k, times in enumerate(lines.times, 1):
        columns.append(Column(f"step_{k}", "time", [_moment(us) for us in times]))
    if lines.excluded is not None:
        columns.append(Column("excluded", "truth", [bool(each) for each in lines.excluded]))

    def rank(line: int) -> list[tuple[bool, Any]]:
        keys = (column.values[line] for column in columns)
        return [(key is None, 0 if key is None else key) for key in keys]

    order = sorted(range(len(lines.unit)), key=lambda line: (lines.times[0][line], rank(line)))
    return [Column(c.name, c.kind, [c.values[line] for line in order]) for c in columns]


def _moment(us: int) -> datetime | None:
    return None if us == NEVER else _EPOCH + timedelta(microseconds=us)


def _group(labels: Any, code: int) -> str:
    return DID_NOT_REACH if code == NOT_REACHED else "; ".join(labels[code].split(SEPARATOR))


def _series(
    parts: list[_Lines], names: Names, rows: StepRows, connection: DuckDBPyConnection
) -> list[Column]:
    """Return the columns of a large input: Polars series, in the order of entry.

    The keys that are wanted go back into DuckDB as a Parquet file.
    """
    import numpy as np
    import polars as pl

    def column(name: str) -> Any:
        return np.concatenate([getattr(part, name) for part in parts])

    frame = {"unit": column("unit")}
    kinds = {each.name: each.kind for each in names.columns}
    if parts[0].label is not None:
        frame["group"] = column("label")
        kinds["group"] = "text"
    frame["steps"] = column("steps")
    kinds["steps"] = "number"
    for k in range(rows.steps):
        name = f"step_{k + 1}"
        frame[name] = np.concatenate([part.times[k] for part in parts])
        kinds[name] = "time"
    if parts[0].excluded is not None:
        frame["excluded"] = column("excluded").astype(bool)
        kinds["excluded"] = "truth"
    lines = pl.DataFrame(frame)
    with TemporaryDirectory(prefix="funnelkit-") as folder:
        wanted = Path(folder, "units.parquet")
        lines.select(pl.col("unit").unique()).write_parquet(wanted)
        bind = names.query.bind
        file = bind.bind(str(wanted))
        sql = names.sql(f"{names.query.unit.sql} IN (SELECT unit FROM read_parquet({file}))")
        found = connection.sql(sql, params=bind.used_in(sql)).to_arrow_table()
    named = pl.DataFrame(found)
    named.columns = ["unit", *(each.name for each in names.columns)]
    lines = lines.join(named, on="unit", how="left")
    if "group" in kinds:
        texts = pl.Series([_group(rows.labels, code) for code in range(-1, len(rows.labels))])
        lines = lines.with_columns(texts.gather(lines["group"] + 1).alias("group"))
    moments = [name for name, kind in kinds.items() if kind == "time"]
    lines = lines.with_columns(
        pl.when(pl.col(name) != NEVER).then(pl.col(name)).cast(pl.Datetime("us", "UTC"))
        for name in moments
    )
    lines = lines.select(list(kinds)).sort("step_1", *kinds, nulls_last=True)
    return [Column(name, kind, lines[name]) for name, kind in kinds.items()]
