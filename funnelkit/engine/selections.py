"""What a query selected from a bucket of a store, kept on disk for the next report.

Files of a store never change, and a query that reads the same files by the same words selects the
same rows. So a selection is known by both, and is right after any import: new events come in new
files. What is asked of the rows (windows, intervals, measures) is no part of it.

A selection is a file of Arrow's IPC format: a batch for each piece that was read, a row for each
unit, which has its events as a list. It is mapped into memory, not read.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import duckdb
import numba
import numpy as np
import pyarrow as pa

from funnelkit import __version__
from funnelkit.engine.bucket import Bucket, frozen, together
from funnelkit.engine.sqlfiles import read_sql
from funnelkit.events.store.selections import UNFINISHED
from funnelkit.events.table import paths_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from funnelkit.engine.query import Query

FORMAT = 2
COLUMNS = ("us", "mask", "flags", "label", "amount")
NAME = b"name"
SUM = b"sum"
_NONE = np.empty(0, np.int64)
SHORT = 10_000
"""Rows of a bucket that is not worth a call of each function that reads it."""


class NotKeptError(Exception):
    """There is no such selection, or it is damaged: the events have to be read."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The rows that a query selects from some files, and the file in which they are kept.

    Labels that have a number for all reports are below `labels`.
    """

    path: Path
    files: tuple[Path, ...]
    labels: int

    def read(self) -> Iterator[Bucket]:
        """Yield the buckets that were kept, as read-only arrays in the memory of the file.

        Raises:
            NotKeptError: there are none, or one is damaged, which may not be the first.
        """
        try:
            with suppress(OSError):  # in a place that cannot be written it is used all the same
                os.utime(self.path)  # it was used: what was not is erased first
            reader = pa.ipc.open_file(pa.memory_map(str(self.path)))
            if (reader.schema.metadata or {}).get(NAME) != self.path.name.encode():
                raise NotKeptError  # it was put here under another's name
            for number in range(reader.num_record_batches):
                batch, told = reader.get_batch_with_custom_metadata(number)
                bucket = _bucket(batch)
                if told is None or told.get(SUM) != _sum(bucket):
                    raise NotKeptError
                yield bucket
        except (OSError, pa.ArrowException, KeyError) as error:
            raise NotKeptError from error

    def kept(self, buckets: Iterable[Bucket]) -> Iterator[Bucket]:
        """Yield the buckets, and keep them once all have gone by.

        Where that cannot be done, as in a folder that nobody may write, it is not.
        """
        file = _Unfinished(self)
        try:
            for bucket in buckets:
                file.add(bucket)
                yield bucket
            file.finish()
        finally:
            file.drop()


class _Unfinished:
    """The file of a selection while it is written; after a failure it takes nothing more."""

    def __init__(self, selection: Selection) -> None:
        self.selection = selection
        self.path = selection.path.with_name(f"{uuid4().hex}{UNFINISHED}")
        self.writer: Any = None
        self.failed = False
        self.short: list[Bucket] = []

    def add(self, bucket: Bucket) -> None:
        """Write one more bucket, those of few rows together at the end."""
        if self.failed:
            return
        if bucket.label is not None and bucket.label.max(initial=-1) >= self.selection.labels:
            self.failed = True  # a text that has its number for this report only
        elif len(bucket.us) < SHORT:
            self.short.append(bucket.copy())
        else:
            self._write(bucket)

    def _write(self, bucket: Bucket) -> None:
        try:
            batch = _batch(bucket)
            if self.writer is None:
                self._open(batch.schema)
            self.writer.write_batch(batch, custom_metadata={SUM: _sum(bucket)})
        except (OSError, pa.ArrowException):
            self.failed = True

    def _open(self, schema: pa.Schema) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        named = schema.with_metadata({NAME: self.selection.path.name.encode()})
        sink = pa.OSFile(str(self.path), "wb")
        # Whoever forgets a user erases files of events first, and then what is kept of them: either
        # he finds this file, or they are gone.
        if not all(file.exists() for file in self.selection.files):
            raise FileNotFoundError
        self.writer = pa.ipc.new_file(sink, named)

    def finish(self) -> None:
        """Put the file into its place."""
        if self.short and not self.failed:
            self._write(together(self.short))
        if self.failed:
            return
        with suppress(OSError, pa.ArrowException):
            if self.writer is None:  # no event was selected, which is worth to be kept, too
                self._open(pa.schema([]))
            self.writer.close()
            self.path.replace(self.selection.path)

    def drop(self) -> None:
        """Erase what was not finished."""
        with suppress(OSError):
            self.path.unlink(missing_ok=True)


def selection_of(query: Query, without: Any) -> Selection | None:
    """Return the selection of a query that reads some files, the units `without` left out.

    None where nothing is to be kept, since labels have no numbers that are good for other reports.
    """
    grouped = query.rules.grouped_at is not None
    if query.selections is None or (grouped and query.labels is None):
        return None
    files = paths_of(query.files)
    try:
        read = [(file.name, (told := file.stat()).st_size, told.st_mtime_ns) for file in files]
    except OSError:  # whoever reads them says so better
        return None
    own = list(query.files)
    values = {name: value for name, value in query.values.items() if value != own}
    said = [FORMAT, __version__, duckdb.__version__, read_sql("properties"), query.sql, values]
    ids = b"" if without is None else without.tobytes()
    name = sha256(repr([*said, read]).encode() + ids).hexdigest()
    path = query.selections.path / f"{name}.arrow"
    return Selection(path, tuple(files), 0 if query.labels is None else len(query.labels.texts))


def _batch(bucket: Bucket) -> pa.RecordBatch:
    """Return a row per unit, its events as a list; nothing is copied."""
    names = [name for name in COLUMNS if getattr(bucket, name) is not None]
    if bucket.flags is bucket.mask:
        names.remove("flags")
    columns = [_arrow(getattr(bucket, name)) for name in names]
    row = pa.struct([pa.field(n, c.type) for n, c in zip(names, columns, strict=True)])
    rows = pa.Array.from_buffers(row, len(bucket.us), [None], children=columns)
    units = _arrow(bucket.units)
    starts = pa.py_buffer(np.ascontiguousarray(bucket.starts, np.int64))
    lists = pa.large_list(row)
    of_units = pa.Array.from_buffers(lists, len(units), [None, starts], children=[rows])
    return pa.record_batch([units, of_units], names=["unit", "rows"])


def _bucket(batch: pa.RecordBatch) -> Bucket:
    lists = batch.column("rows")
    rows = lists.values
    found = {field.name: _numpy(rows.field(field.name)) for field in rows.type}
    return Bucket(
        units=_numpy(batch.column("unit")),
        starts=np.frombuffer(lists.buffers()[1], np.int64, len(lists) + 1),
        us=found["us"],
        mask=found["mask"],
        flags=found.get("flags", found["mask"]),
        label=found.get("label"),
        amount=found.get("amount"),
    )


def _arrow(column: Any) -> pa.Array:
    """Return an array over the same memory; `pa.array` would load pandas first."""
    kind = pa.from_numpy_dtype(column.dtype)
    return pa.Array.from_buffers(
        kind, len(column), [None, pa.py_buffer(np.ascontiguousarray(column))]
    )


def _numpy(column: pa.Array) -> Any:
    return column.to_numpy(zero_copy_only=True)


def _sum(bucket: Bucket) -> bytes:
    """Return a number that shows damage: a power failure may leave pages of zeros."""
    columns = [
        bucket.units.view(np.int64),
        bucket.starts,
        bucket.us,
        bucket.mask,
        bucket.mask[:0] if bucket.flags is bucket.mask else bucket.flags,
        _NONE if bucket.label is None else bucket.label,
        _NONE if bucket.amount is None else bucket.amount.view(np.int64),
    ]
    return b"%d" % _added(*map(frozen, columns))


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def _added(units: Any, starts: Any, us: Any, mask: Any, flags: Any, label: Any, amount: Any) -> int:
    found = len(starts)
    for unit in units:
        found += unit
    for start in starts:
        found += start
    for row in range(len(us)):
        found += us[row] + mask[row]
    for flag in flags:
        found += flag
    for code in label:
        found += code
    for bits in amount:
        found += bits
    return found
