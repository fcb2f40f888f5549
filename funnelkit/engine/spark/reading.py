"""In a task: events of some files, as the rows that the kernel needs."""

from __future__ import annotations

import re
import tempfile
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from funnelkit.engine.spark.jobs import EVENTS, form_beside, merges_beside
from funnelkit.engine.sqlfiles import read_sql
from funnelkit.errors import DataError
from funnelkit.events.connection import connect, data_errors
from funnelkit.events.ranges import read_remote
from funnelkit.events.sql import quote_identifier
from funnelkit.events.table import literally, read_parquet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from duckdb import DuckDBPyConnection

    from funnelkit.engine.spark.jobs import Job, Split

BATCH = 100_000
LETTER_ROWS = 8_192

ROWS = pa.schema(
    [
        ("chart", pa.int32()), ("unit", pa.int64()), ("us", pa.int64()), ("mask", pa.int64()),
        ("flags", pa.int64()), ("label", pa.string()), ("amount", pa.float64()),
        ("tie", pa.binary()),
    ]
)  # fmt: skip
"""Events that play a part; columns from `flags` on are null where a job has none."""

LETTERS = pa.schema([("chart", pa.int32()), ("part", pa.int32()), ("events", pa.binary())])
"""Parquet files with all events of some users, who are those of `part` out of so many."""


def read_rows(
    batches: Iterable[pa.RecordBatch], tasks: Sequence[tuple[Job, Split]]
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of the splits whose numbers come in."""
    for job, split in _of(batches, tasks):
        with _ready(job) as (connection, folder):
            known = _piece(job, split, connection, folder)
            yield from _selected(job, connection, job.piece(), known)


def read_letters(
    batches: Iterable[pa.RecordBatch], tasks: Sequence[tuple[Job, Split]], parts: int
) -> Iterator[pa.RecordBatch]:
    """Yield all events of the splits whose numbers come in, parted by user, with what is needed."""
    for job, split in _of(batches, tasks):
        with _ready(job) as (connection, folder):
            known = _piece(job, split, connection, folder)
            out = folder / "letters"
            columns = ", ".join(map(quote_identifier, job.needed))
            events = job.relation.replace(EVENTS, job.piece())
            part = f"coalesce(hash({job.user}) % {parts}, 0)"
            sql = (
                f"COPY (SELECT {columns}, CAST({part} AS INTEGER) AS fk_part FROM {events}) "
                f"TO '{out}' (FORMAT parquet, PARTITION_BY (fk_part), ROW_GROUP_SIZE {LETTER_ROWS})"
            )
            connection.execute(sql, _used(sql, known)).fetchall()
            for letter in sorted(out.rglob("*.parquet")):
                number = int(letter.parent.name.partition("=")[2])
                yield pa.RecordBatch.from_arrays(
                    [
                        pa.array([job.number], pa.int32()),
                        pa.array([number], pa.int32()),
                        pa.array([letter.read_bytes()], pa.binary()),
                    ],
                    schema=LETTERS,
                )
                letter.unlink()


def open_letters(
    batches: Iterable[pa.RecordBatch], jobs: Mapping[int, Job]
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of whole users, whose events come in as letters."""
    with tempfile.TemporaryDirectory(prefix="funnelkit-") as inbox:
        came: dict[tuple[int, int], list[str]] = {}
        for batch in batches:
            for letter in batch.to_pylist():
                group = came.setdefault((letter["chart"], letter["part"]), [])
                path = Path(inbox, f"{letter['chart']}-{letter['part']}-{len(group)}.parquet")
                path.write_bytes(letter["events"])
                group.append(str(path))
        for (number, _), files in sorted(came.items()):
            job = jobs[number]
            with _ready(job) as (connection, folder):
                known = {"files": files, **merges_beside(job, folder)}
                yield from _selected(job, connection, read_parquet("$files", hive=False), known)


def _of(
    batches: Iterable[pa.RecordBatch], tasks: Sequence[tuple[Job, Split]]
) -> Iterator[tuple[Job, Split]]:
    for batch in batches:
        for number in batch.column(0).to_pylist():
            yield tasks[number]


@contextmanager
def _ready(job: Job) -> Iterator[tuple[DuckDBPyConnection, Path]]:
    """Open a connection of one thread, since Spark runs a task for every core, and a folder."""
    job.check_versions()
    with (
        tempfile.TemporaryDirectory(prefix="funnelkit-") as folder,
        closing(connect()) as connection,
        data_errors("a worker cannot read the events"),
    ):
        connection.execute("SET threads = 1").fetchall()
        connection.execute(read_sql("properties")).fetchall()
        yield connection, Path(folder)


def _piece(job: Job, split: Split, connection: DuckDBPyConnection, folder: Path) -> dict[str, Any]:
    """Return what stands for the placeholders of the job's `events` in this split."""
    read_remote(connection, split.files)
    files = [*form_beside(job, folder), *literally(split.files)]
    known = {"files": files, "first": split.first, "last": split.last}
    return known | merges_beside(job, folder)


def _selected(
    job: Job, connection: DuckDBPyConnection, events: str, known: Mapping[str, Any]
) -> Iterator[pa.RecordBatch]:
    _check_types(job, connection, events, known)
    sql = job.sql.replace(EVENTS, events)
    relation = connection.sql(sql, params=_used(sql, {**job.values, **known}))
    names = [*job.columns, *(["tie"] if job.has_tie else [])]
    for batch in relation.to_arrow_reader(BATCH):
        lines = batch.num_rows
        if not lines:
            continue
        found = dict(zip(names, batch.columns, strict=True))
        columns = [pa.array([job.number], pa.int32()).take(pa.repeat(0, lines))]
        for field in list(ROWS)[1:]:
            column = found.get(field.name)
            if column is None:
                columns.append(pa.nulls(lines, field.type))
            elif column.type == pa.uint64():
                columns.append(column.view(pa.int64()))  # a key: its bits are what counts
            else:
                columns.append(column.cast(field.type))
        yield pa.RecordBatch.from_arrays(columns, schema=ROWS)


def _check_types(
    job: Job, connection: DuckDBPyConnection, events: str, known: Mapping[str, Any]
) -> None:
    """Raise where a column has another type here than over all files: a rule could differ."""
    sql = f"DESCRIBE FROM {events}"
    here = {name: kind for name, kind, *_ in connection.execute(sql, _used(sql, known)).fetchall()}
    for column in job.needed:
        if here.get(column) != job.types[column]:
            raise DataError(
                f"the column {column!r} is {here.get(column)} in {known['files'][-1]} and "
                f"{job.types[column]} over all files; write them with one type"
            )


def _used(sql: str, values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if re.search(rf"\${name}\b", sql)}
