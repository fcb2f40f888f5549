"""Streams of rows grouped by unit: cut where they lie in order, partitioned where they do not.

A global sort of the events would cost more than everything else together. Rows that already lie in
the order of an integer key are only cut at unit boundaries; any other stream is scattered into
partitions by the bits of its key, and each partition is grouped by counting. Both keep the order of
the rows inside a unit, so a stream in time order needs no sort; a partition that is not in time
order is sorted alone.
"""

from __future__ import annotations

from mmap import mmap
from typing import TYPE_CHECKING, Any, NamedTuple

import numba
import numpy as np

from funnelkit.engine.bucket import Bucket, frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

PARTITION_BITS = 6
PARTITIONS = 1 << PARTITION_BITS
TRAY = 1 << 14  # lines
LEAST_MAPPED = 1 << 16  # bytes
_NO_LABEL = np.empty(0, np.int32)
_NO_AMOUNT = np.empty(0, np.float64)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # 2**64 / golden ratio: spreads consecutive keys


class Rows(NamedTuple):
    """Columns of equal length, one line per event; those from `flags` on may be None."""

    unit: Any
    us: Any
    mask: Any
    flags: Any = None
    label: Any = None
    amount: Any = None

    def pick(self, index: Any) -> Rows:
        """Return the lines at `index` (a slice or an array of positions)."""
        return Rows(*(None if column is None else column[index] for column in self))

    def solid(self) -> list[Any]:
        """Return all columns as the compiled functions take them: none is missing."""
        flags = self.mask[:0] if self.flags is None else self.flags
        label = _NO_LABEL if self.label is None else self.label
        amount = _NO_AMOUNT if self.amount is None else self.amount
        return [self.unit.view(np.uint64), self.us, self.mask, flags, label, amount]

    def frozen(self) -> list[Any]:
        """Return `solid` columns that are read-only."""
        return [frozen(column) for column in self.solid()]

    def like(self, lines: int) -> Rows:
        """Return so many empty lines of the same columns."""
        return Rows(*(None if c is None else np.empty(lines, c.dtype) for c in self))

    def replaced(self, columns: Sequence[Any]) -> Rows:
        """Return `solid` columns with the keys of these rows, and those missing that are here."""
        us, mask, flags, label, amount = columns
        return Rows(
            self.unit,
            us,
            mask,
            None if self.flags is None else flags,
            None if self.label is None else label,
            None if self.amount is None else amount,
        )

    def copy(self) -> Rows:
        """Return the lines in memory of their own, so that the batch they came from can go."""
        return Rows(*(None if column is None else _own(column) for column in self))


def others(unit: Any, some: Any) -> Any:
    """Return which rows are of other units than `some`, an ascending array: a slice or an array."""
    keep, kept = _others(frozen(unit), frozen(some))
    return slice(None) if kept == len(unit) else keep


def joined(parts: list[Rows]) -> Rows:
    """Return the lines of all parts, in their order."""
    if len(parts) == 1:
        return parts[0]
    return Rows(
        *(
            None if columns[0] is None else np.concatenate(columns)
            for columns in zip(*parts, strict=True)
        )
    )


def _own(column: Any) -> Any:
    """Return a copy in pages of its own: what malloc frees, it may keep, and pages go at once."""
    if column.nbytes < LEAST_MAPPED:
        return column.copy()
    try:
        copied = np.frombuffer(mmap(-1, column.nbytes), column.dtype)
    except OSError:  # the system has a limit to the number of mappings
        return column.copy()
    copied[:] = column
    return copied


class NotClusteredError(Exception):
    """The stream is not in the order of its key; it has to be partitioned."""


def cut(stream: Iterable[Rows]) -> Iterator[Bucket]:
    """Yield buckets of whole units of a stream that is in the order of (unit, time).

    A bucket may lie in the memory of its batch: whoever keeps it makes a copy.

    Raises:
        NotClusteredError: it is not.
    """
    rest: list[Rows] = []  # the last unit so far, which may go on in the next batch
    for batch in stream:
        starts = _unit_starts(frozen(batch.unit), frozen(batch.us))
        if not len(starts) or (rest and not _follows(rest[-1], batch)):
            raise NotClusteredError
        first, last = 0, starts[-2]
        if rest and batch.unit[0] == rest[-1].unit[-1]:
            first = starts[1]
            rest.append(batch.pick(slice(0, first)).copy())
            starts = starts[1:]
        if len(starts) > 1:
            if rest:
                yield _whole(joined(rest))
            if last > first:
                yield _bucket(batch.pick(slice(first, last)), starts[:-1] - first)
            rest = [batch.pick(slice(last, None)).copy()]
    if rest:
        yield _whole(joined(rest))


def _follows(before: Rows, after: Rows) -> bool:
    ended, begins = before.unit[-1], after.unit[0]
    return bool(ended < begins or (ended == begins and before.us[-1] <= after.us[0]))


def _whole(rows: Rows) -> Bucket:
    return _bucket(rows, np.array([0, len(rows.unit)], np.int64))


def partition(stream: Iterable[Rows]) -> list[list[Rows]]:
    """Return the lines of a stream in any order by partition: no unit is in two of them."""
    parts: list[list[Rows]] = [[] for _ in range(PARTITIONS)]
    filled = np.zeros(PARTITIONS, np.int64)
    trays: Rows | None = None  # one tray of TRAY lines per partition, side by side

    def empty_tray(number: int) -> None:
        assert trays is not None  # noqa: S101 - a tray was filled
        first = number * TRAY
        parts[number].append(trays.pick(slice(first, first + filled[number])).copy())
        filled[number] = 0

    for batch in stream:
        if trays is None:
            trays = batch.like(PARTITIONS * TRAY)
        row, full = 0, 0
        while full >= 0:
            row, full = _scatter(row, filled, *batch.frozen(), *trays.solid())
            if full >= 0:
                empty_tray(full)
    for number in range(PARTITIONS):
        if filled[number]:
            empty_tray(number)
    return [part for part in parts if part]


def grouped(part: list[Rows]) -> Bucket:
    """Return the lines of a partition by unit and time, and empty the partition."""
    rows = joined(part)
    part.clear()
    starts, units, in_order, *columns = _group(*rows.frozen())
    rows = rows.replaced(columns)
    if not in_order:
        order = np.lexsort((rows.us, np.repeat(np.arange(len(units)), np.diff(starts))))
        rows = rows.pick(order)
    return _bucket(rows, starts, units.view(rows.unit.dtype))


def _bucket(rows: Rows, starts: Any, units: Any = None) -> Bucket:
    return Bucket(
        units=rows.unit[starts[:-1]] if units is None else units,
        starts=starts,
        us=rows.us,
        mask=rows.mask,
        flags=rows.mask if rows.flags is None else rows.flags,
        label=rows.label,
        amount=rows.amount,
    )


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def _unit_starts(unit: Any, us: Any) -> Any:
    """Return where each unit starts, and the end; nothing where (unit, time) is not ascending."""
    starts = np.empty(len(unit) + 1, np.int64)
    found = 1
    starts[0] = 0
    for row in range(1, len(unit)):
        if unit[row] != unit[row - 1]:
            if unit[row] < unit[row - 1]:
                return starts[:0]
            starts[found] = row
            found += 1
        elif us[row] < us[row - 1]:
            return starts[:0]
    starts[found] = len(unit)
    return starts[: found + 1].copy()


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def _others(unit: Any, some: Any) -> Any:
    """Return for each row whether its unit is not among `some`, which ascend, and how many are not.

    Rows of one unit follow each other as a rule: each unit is looked for once.
    """
    keep = np.ones(len(unit), np.bool_)
    kept = 0
    for row in range(len(unit)):
        if row and unit[row] == unit[row - 1]:
            keep[row] = keep[row - 1]
        else:
            place = np.searchsorted(some, unit[row])
            keep[row] = place == len(some) or some[place] != unit[row]
        kept += keep[row]
    return keep, kept


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def _scatter(
    row: int, filled: Any,
    unit: Any, us: Any, mask: Any, flags: Any, label: Any, amount: Any,
    to_unit: Any, to_us: Any, to_mask: Any, to_flags: Any, to_label: Any, to_amount: Any,
) -> Any:  # fmt: skip
    """Put the lines from `row` on into the trays of their partitions, until one tray is full.

    Return the next line and the number of the full tray, or -1 where all lines are in.
    """
    shift = np.uint64(64 - PARTITION_BITS)
    while row < len(unit):
        number: Any = np.int64((unit[row] * _GOLDEN) >> shift)
        if filled[number] == TRAY:
            return row, number
        to = number * TRAY + filled[number]
        filled[number] += 1
        to_unit[to] = unit[row]
        to_us[to] = us[row]
        to_mask[to] = mask[row]
        if len(flags):
            to_flags[to] = flags[row]
        if len(label):
            to_label[to] = label[row]
        if len(amount):
            to_amount[to] = amount[row]
        row += 1
    return row, -1


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def _group(unit: Any, us: Any, mask: Any, flags: Any, label: Any, amount: Any) -> Any:
    """Return where each unit starts, its key, whether time ascends, and the columns by unit.

    The keys go through a hash table of open addresses; the rows keep their order inside a unit.
    """
    size = 1024
    while size < 2 * len(unit):
        size *= 2
    slot_number = np.zeros(size, np.int32)  # number of the unit + 1; 0 is free
    number_of = np.empty(len(unit), np.int32)
    keys = np.empty_like(unit)
    last_us = np.empty_like(us)
    count = np.zeros(len(unit) + 1, np.int64)
    units = 0
    in_order = True
    bits = np.uint64(size - 1)
    for row in range(len(unit)):
        key = unit[row]
        # The partition took the top bits of this product: take lower ones here.
        slot = ((key * _GOLDEN) >> np.uint64(24)) & bits
        while slot_number[slot] != 0 and keys[slot_number[slot] - 1] != key:
            slot = (slot + np.uint64(1)) & bits
        number = int(slot_number[slot]) - 1
        if number < 0:
            number = units
            units += 1
            slot_number[slot] = units
            keys[number] = key
        elif us[row] < last_us[number]:
            in_order = False
        last_us[number] = us[row]
        number_of[row] = number
        count[number + 1] += 1
    for part in range(units):
        count[part + 1] += count[part]
    starts = count[: units + 1].copy()
    to_us, to_mask = np.empty_like(us), np.empty_like(mask)
    to_flags, to_label = np.empty_like(flags), np.empty_like(label)
    to_amount = np.empty_like(amount)
    for row in range(len(unit)):
        number = number_of[row]
        to = count[number]
        count[number] += 1
        to_us[to] = us[row]
        to_mask[to] = mask[row]
        if len(flags):
            to_flags[to] = flags[row]
        if len(label):
            to_label[to] = label[row]
        if len(amount):
            to_amount[to] = amount[row]
    keys = keys[:units].copy()
    return starts, keys, in_order, to_us, to_mask, to_flags, to_label, to_amount
