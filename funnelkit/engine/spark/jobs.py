"""What a task has to know of one funnel, and the pieces of the files that tasks read."""

from __future__ import annotations

import tempfile
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

import funnelkit
from funnelkit.engine.query import compose
from funnelkit.engine.sqlfiles import read_sql
from funnelkit.errors import FunnelkitError
from funnelkit.events.connection import connect, data_errors
from funnelkit.events.files import partition_keys
from funnelkit.events.sql import Parameters, quote_identifier
from funnelkit.events.table import literally, read_parquet

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from funnelkit.engine.chart import Chart
    from funnelkit.engine.rules import Rules
    from funnelkit.events.table import EventTable

MOST_ROWS = 4_000_000
"""Events that one task reads, and so about how many it keeps at once: 160 MB where all count."""

LEAST_ROWS = 100_000
ROW_NUMBER = "file_row_number"
EVENTS = "{fk_events}"
"""Stands in the SELECT of a job for what a task reads."""
EVERYTHING = (0, 2**62)


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Events of a table: some whole files, or the rows from `first` up to `last` of one."""

    files: tuple[str, ...]
    rows: int
    first: int = EVERYTHING[0]
    last: int = EVERYTHING[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One funnel over one table, as it is sent to the tasks.

    `sql` is the SELECT of `compose`, `relation` the FROM item of all events; in both `EVENTS` is
    what a task reads of the files. `values` are those of their placeholders, but for `$merges`, a
    file whose content is `merges`. `needed` are the columns that are read. `form` is a Parquet
    file without rows, in which every column has the type that it has over all files, where there
    are several: a task does not see the others. It stands in the `form_folder`, whose name has the
    keys that stand in the files' paths.
    """

    number: int
    chart: Chart
    rules: Rules
    sql: str
    relation: str
    in_parts: bool
    merges: bytes | None
    values: Mapping[str, Any]
    types: Mapping[str, str]
    needed: tuple[str, ...]
    columns: tuple[str, ...]
    flagged: bool
    lacks: int | None
    all_lack: bool
    unit_name: str
    user: str
    looks_around: bool
    form: bytes | None
    form_folder: str
    splits: tuple[Split, ...]
    hive: bool
    versions: tuple[str, str] = (funnelkit.__version__, duckdb.__version__)

    def check_versions(self) -> None:
        """Raise where this machine has other versions than the driver: keys would not agree."""
        here = (funnelkit.__version__, duckdb.__version__)
        if here != self.versions:
            names = [f"funnelkit {kit} with DuckDB {base}" for kit, base in (self.versions, here)]
            raise FunnelkitError(
                f"the driver has {names[0]}, a worker {names[1]}; they must be the same"
            )

    def piece(self) -> str:
        """Return the FROM item of a split; its placeholders are files, first and last."""
        events = read_parquet("$files", hive=self.hive)
        if not self.in_parts:
            return events
        return (
            f"(SELECT *, {ROW_NUMBER} FROM {events} "
            f"WHERE {ROW_NUMBER} >= $first AND {ROW_NUMBER} < $last)"
        )

    @property
    def has_tie(self) -> bool:
        """Whether it matters which of several events at one microsecond comes first."""
        return self.rules.must_settle


def job_of(number: int, chart: Chart, table: EventTable, *, tasks: int) -> Job:
    """Return what the tasks have to know; `tasks` is how many can run at once."""
    with closing(connect()) as connection, data_errors("cannot read the events"):
        connection.execute(read_sql("properties")).fetchall()
        query = compose(chart.funnel, table, connection, exact=False, scattered=True)
        lengths = connection.execute(
            "SELECT file_name, num_rows FROM parquet_file_metadata($files)",
            {"files": list(table.files)},
        ).fetchall()
        form, folder = _form(connection, table)
    bind = Parameters()
    relation = table.relation(bind)
    values = query.values
    in_parts = ROW_NUMBER not in map(str.lower, table.types)
    return Job(
        number=number,
        chart=chart,
        rules=query.rules,
        sql=_without_files(query.sql, values, table),
        relation=_without_files(relation, bind.values, table),
        in_parts=in_parts,
        hive=table.hive,
        merges=None if table.merges is None else Path(table.merges).read_bytes(),
        values={name: value for name, value in values.items() if not _is_files(value, table)},
        types=table.types,
        needed=tuple(column for column in table.types if quote_identifier(column) in query.sql),
        columns=query.columns,
        flagged=query.flagged,
        lacks=query.lacks_user_id,
        all_lack=query.all_lack_user_id,
        unit_name=query.unit.name,
        user=query.user,
        looks_around=query.looks_around,
        form=form,
        form_folder=folder,
        splits=tuple(splits(lengths, tasks=tasks, in_parts=in_parts)),
    )


def _is_files(value: object, table: EventTable) -> bool:
    merges = [] if table.merges is None else literally([table.merges])
    return value in (list(table.files), merges) and bool(value)


def _without_files(sql: str, values: Mapping[str, Any], table: EventTable) -> str:
    """Return SQL in which what reads the table's files is left to the task."""
    for name, value in values.items():
        if not _is_files(value, table):
            continue
        if value == list(table.files):
            sql = sql.replace(read_parquet(f"${name}", hive=table.hive), EVENTS)
        else:
            sql = sql.replace(
                read_parquet(f"${name}", hive=False), read_parquet("$merges", hive=False)
            )
    return sql


def splits(lengths: Sequence[tuple[str, int]], *, tasks: int, in_parts: bool) -> list[Split]:
    """Return the pieces of files of these names and numbers of rows.

    A file is cut where it is long, if it may be read `in_parts`; short ones go together.
    """
    total = sum(rows for _, rows in lengths)
    size = max(LEAST_ROWS, min(MOST_ROWS, -(-total // max(1, 2 * tasks))))
    found: list[Split] = []
    together: list[str] = []
    waiting = 0
    for name, rows in lengths:
        if not rows:  # the form knows its columns
            continue
        if in_parts and rows > size:
            pieces = -(-rows // size)
            edges = [rows * piece // pieces for piece in range(pieces + 1)]
            found += [
                Split(files=(name,), rows=last - first, first=first, last=last)
                for first, last in pairwise(edges)
            ]
            continue
        together.append(name)
        waiting += rows
        if waiting >= size:
            found.append(Split(files=tuple(together), rows=waiting))
            together, waiting = [], 0
    if together:
        found.append(Split(files=tuple(together), rows=waiting))
    return found


def _form(connection: duckdb.DuckDBPyConnection, table: EventTable) -> tuple[bytes | None, str]:
    """Return a Parquet file with the columns of all files and no rows, and the folder it needs."""
    if len(table.files) == 1:
        return None, ""
    source = read_parquet("$files", hive=False)
    with tempfile.TemporaryDirectory(prefix="funnelkit-") as folder:
        target = Path(folder, "form.parquet")
        connection.execute(
            f"COPY (FROM {source} LIMIT 0) TO '{target}' (FORMAT parquet)",
            {"files": list(table.files)},
        ).fetchall()
        form = target.read_bytes()
    keys = partition_keys(Path(table.files[0])) if table.hive else ()
    return form, "/".join(f"{key}=0" for key in keys)


def merges_beside(job: Job, folder: Path) -> dict[str, list[str]]:
    """Write the merges into a folder; return what their placeholder stands for."""
    if job.merges is None:
        return {}
    target = folder / "merges.parquet"
    target.write_bytes(job.merges)
    return {"merges": literally([str(target)])}


def form_beside(job: Job, folder: Path) -> list[str]:
    """Write the form below a folder; return its path, or nothing where there is none."""
    if job.form is None:
        return []
    target = folder / job.form_folder / "form.parquet"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(job.form)
    return literally([str(target)])
