"""A large selection as arrays: Arrow batches in, buckets of whole units out."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from queue import Empty, SimpleQueue
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numba
import numpy as np

from funnelkit.engine.answer import answer, answer_with_best
from funnelkit.engine.bucket import Bucket, frozen
from funnelkit.engine.entrants import join
from funnelkit.engine.labels import MOST_NUMBERED, UnnumberedError
from funnelkit.engine.partition import NotClusteredError, Rows, cut, grouped, others, partition
from funnelkit.engine.pieces import for_series
from funnelkit.engine.selections import NotKeptError, selection_of
from funnelkit.engine.sqlfiles import read_sql
from funnelkit.events.connection import connect
from funnelkit.events.processors import processors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from concurrent.futures import Future

    from duckdb import DuckDBPyConnection

    from funnelkit.engine.entrants import Entrants
    from funnelkit.engine.entry import Asked, Entry
    from funnelkit.engine.query import Query
    from funnelkit.engine.rules import Rules
    from funnelkit.engine.selections import Selection

BATCH = 1_000_000
AHEAD = 16  # buckets
IN_ORDER = 2  # files of a bucket that lies in order: one, and the empty one that names all columns

Finished = TypeVar("Finished")


class Stream:
    """Reads a query once, groups its rows by unit, and counts what goes by.

    `labels` are the texts of the numbers of labels; `seen` has a bit per step that any
    event fits; `step_one` and `lacking` count events of step 1, and those without a user_id. Rows
    of units that are in `without`, an ascending array, are left out.
    """

    def __init__(
        self,
        query: Query,
        connection: DuckDBPyConnection,
        codes: Codes | None = None,
        without: Any = None,
    ) -> None:
        self.query = query
        self.without = without
        self.connection = connection
        listed = () if query.labels is None else query.labels.texts
        self.codes = Codes(len(listed)) if codes is None else codes
        self.reset()

    def reset(self) -> None:
        """Forget what was counted."""
        self.seen = 0
        self.step_one = 0
        self.lacking = 0

    @property
    def labels(self) -> list[str]:
        """The texts of the numbers of labels.

        Raises:
            UnnumberedError: there are too many, or two texts have one number.
        """
        numbers = self.query.labels
        if numbers is None:
            return list(self.codes)
        if not self.codes or numbers.unlisted is None:
            return list(numbers.texts)
        values = self.query.bind.used_in(numbers.unlisted)
        found = self.connection.execute(numbers.unlisted, values).fetchall()
        texts = dict(found)
        if len(texts) < len(found):
            raise UnnumberedError
        return [*numbers.texts, *(texts[number] for number in self.codes)]

    def buckets(self) -> list[Bucket]:
        """Return all rows in buckets of whole units."""
        found = self.each(lambda bucket: bucket, keep=True)
        return self._settled(found) if self.query.rules.must_settle else found

    def answers(self, asked: Sequence[Asked]) -> dict[Entry, Entrants]:
        """Return the answer to each question, found as the rows go by.

        What follows from another answer is taken from it while that is still in the cache. Only
        buckets with ties that have to be settled are kept until all rows are there.
        """
        rules = self.query.rules

        def answered(bucket: Bucket) -> dict[Entry, Entrants]:
            return dict(pair for one in asked for pair in _answers(bucket, one, rules))

        def finish(bucket: Bucket) -> Bucket | dict[Entry, Entrants]:
            settled = not (rules.must_settle and len(self._ties(bucket)))
            return answered(bucket) if settled else bucket.copy()

        found = self.each(finish)
        done = [one for one in found if not isinstance(one, Bucket)]
        kept = [one for one in found if isinstance(one, Bucket)]
        del found
        with ThreadPoolExecutor(processors()) as pool:
            done += pool.map(answered, self._settled(kept))
        if not done:
            return {}
        return {entry: join([part[entry] for part in done]) for entry in done[0]}

    def each(self, finish: Callable[[Bucket], Finished], *, keep: bool = False) -> list[Finished]:
        """Return what `finish` makes of each bucket of whole units, several at a time.

        With `keep`, a bucket is given memory of its own before.
        """
        if self.query.buckets:
            return self._each_of_store(finish, keep=keep)
        with ThreadPoolExecutor(processors()) as pool:
            if self.query.unit.ordered:
                try:
                    return self._each_cut(
                        lambda bucket: finish(bucket.copy() if keep else bucket), pool
                    )
                except NotClusteredError:
                    self.reset()  # the file is in another order: read it again and partition it
            parts = partition(self.batches())
            return list(pool.map(lambda part: finish(grouped(part)), parts))

    def _each_of_store(self, finish: Callable[[Bucket], Finished], *, keep: bool) -> list[Finished]:
        """Return what `finish` makes of each bucket of a store, read side by side."""
        merged = self.query.merged
        without = None if merged is None or not merged.ids else np.array(merged.ids, np.int64)
        # A connection takes some time to prepare: each is used again for another bucket.
        idle: SimpleQueue[DuckDBPyConnection] = SimpleQueue()
        # The pool ends first: a connection that another thread works with cannot be closed.
        with ExitStack() as opened, ThreadPoolExecutor(processors()) as pool:

            def read(files: Sequence[str]) -> tuple[Stream, list[Finished]]:
                stream = Stream(self.query.of_bucket(files), self.connection, self.codes, without)
                selection = selection_of(stream.query, without)
                if selection is not None:
                    with suppress(NotKeptError):
                        return stream, [finish(one) for one in stream.counted(selection.read())]
                    stream.reset()
                try:
                    stream.connection = idle.get_nowait()
                except Empty:
                    stream.connection = opened.enter_context(closing(connect()))
                    stream.connection.execute(read_sql("properties")).fetchall()
                done = stream.bucket(finish, selection, files=len(files), keep=keep)
                idle.put(stream.connection)
                return stream, done

            found = list(pool.map(read, self.query.buckets))
            if merged is not None:
                stream = Stream(merged.query, self.connection, self.codes)
                parts = partition(stream.batches())
                found.append((stream, list(pool.map(lambda part: finish(grouped(part)), parts))))
        if self.query.selections is not None:
            self.query.selections.prune()
        for one, _ in found:
            self.seen |= one.seen
            self.step_one += one.step_one
            self.lacking += one.lacking
        return [each for _, finished in found for each in finished]

    def bucket(
        self,
        finish: Callable[[Bucket], Finished],
        selection: Selection | None,
        *,
        files: int,
        keep: bool,
    ) -> list[Finished]:
        """Return what `finish` makes of the rows of one bucket of a store, in so many files.

        The rows are kept as `selection`, where there is one.
        """
        if self.query.unit.ordered and files <= IN_ORDER:
            try:
                found = _kept(cut(self.batches()), selection)
                return [finish(one.copy() if keep else one) for one in found]
            except NotClusteredError:
                self.reset()
        # Files of several months, each in order: only the units have to be brought together.
        rows = list(self.batches())
        return [finish(one) for one in _kept([grouped(rows)] if rows else [], selection)]

    def counted(self, buckets: Iterable[Bucket]) -> Iterator[Bucket]:
        """Yield buckets, and count their rows as if they had just been selected."""
        for bucket in buckets:
            self._count(bucket.mask, bucket.flags)
            yield bucket

    def _count(self, mask: Any, flags: Any) -> None:
        lacks = self.query.lacks_user_id
        bits = (mask, 0) if lacks is None else (flags, 1 << lacks)
        seen, step_one, lacking = count_rows(frozen(mask), frozen(bits[0]), bits[1])
        self.seen |= seen
        self.step_one += step_one
        self.lacking += lacking

    def _each_cut(
        self, finish: Callable[[Bucket], Finished], pool: ThreadPoolExecutor
    ) -> list[Finished]:
        found: list[Future[Finished]] = []
        for bucket in cut(self.batches()):
            found.append(pool.submit(finish, bucket))
            if len(found) > AHEAD:  # reading must not run away from the work, or memory fills up
                found[-AHEAD].result()
        return [future.result() for future in found]

    def batches(self) -> Iterator[Rows]:
        """Yield the rows as they come, as read-only arrays."""
        summed = self.query.rules.summed
        relation = self.connection.sql(self.query.sql, params=self.query.values)
        for batch, encoded in self._encoded(relation.to_arrow_reader(BATCH)):
            unit, us, mask = (_array(batch.column(i)) for i in range(3))
            flags = _array(batch.column(3)) if self.query.flagged else None
            last = batch.num_columns - 1
            amount = _array(batch.column(last)) if summed else None
            label = None
            if encoded is not None:
                label = self._codes(encoded)
            elif self.query.labels is not None:
                label = self._listed(_array(batch.column(self.query.columns.index("label"))))
            rows = Rows(unit, us, mask, flags, label, amount)
            if self.without is not None:
                rows = rows.pick(others(rows.unit, self.without))
            self._count(rows.mask, rows.mask if rows.flags is None else rows.flags)
            if len(rows.unit):
                yield rows

    def _encoded(self, reader: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
        """Yield each batch with its labels as an Arrow dictionary, where they are texts; else None.

        A thread makes the dictionary of one batch while DuckDB reads the next.
        """
        if self.query.rules.grouped_at is None or self.query.labels is not None:
            for batch in reader:
                if batch.num_rows:
                    yield batch, None
            return
        place = self.query.columns.index("label")
        with ThreadPoolExecutor(1) as encoder:
            waiting: tuple[Any, Future[Any]] | None = None
            for batch in reader:
                if not batch.num_rows:
                    continue
                following = batch, encoder.submit(batch.column(place).dictionary_encode)
                if waiting is not None:
                    yield waiting[0], waiting[1].result()
                waiting = following
            if waiting is not None:
                yield waiting[0], waiting[1].result()

    def _codes(self, encoded: Any) -> Any:
        """Return the code of each label in `encoded`, an Arrow dictionary."""
        own = self.codes.of(encoded.dictionary.to_pylist())
        index = encoded.indices.cast("int32").fill_null(-1).to_numpy(zero_copy_only=False)
        return np.array([*own, -1], np.int32)[index]  # the last one is what -1 takes: no label

    def _listed(self, label: Any) -> Any:
        """Return numbers of labels, those of texts that were not listed following the others."""
        if label.min() >= -1:
            return label
        unlisted = label < -1
        numbers, place = np.unique(label[unlisted], return_inverse=True)
        label = label.copy()
        label[unlisted] = np.array(self.codes.of(numbers.tolist()), np.int32)[place]
        if len(self.codes) > MOST_NUMBERED:
            raise UnnumberedError
        return label

    def _settled(self, buckets: list[Bucket]) -> list[Bucket]:
        """Put events of one unit at one microsecond into the order that every engine agrees on.

        Only labels, amounts and totals depend on it, so only ties between different events are
        looked at. They alone are read again, all at once, with everything that the order needs.
        """
        ties = [self._ties(bucket) for bucket in buckets]
        moments = {int(us) for b, tied in zip(buckets, ties, strict=True) for us in b.us[tied]}
        if not moments:
            return buckets
        found = self.connection.execute(
            f"{self.query.sql} AND {self.query.us} IN (SELECT unnest($moments))"
            f" ORDER BY {self.query.ties}",
            self.query.values | {"moments": sorted(moments)},
        ).fetchall()
        lines: dict[tuple[int, int], deque[_Line]] = {}
        for unit, us, mask, *more in found:
            amount = more.pop() if self.query.rules.summed else 0.0
            label = more.pop() if self.query.rules.grouped_at is not None else None
            line = _Line(
                mask=mask,
                flags=more[0] if more else mask,  # where nothing asks for flags, it is the mask
                label=self._code(label),
                amount=amount,
            )
            lines.setdefault((unit, us), deque()).append(line)
        return [_rewritten(b, tied, lines) for b, tied in zip(buckets, ties, strict=True)]

    def _code(self, label: str | int | None) -> int:
        if label is None:
            return -1
        return self.codes[label] if isinstance(label, str) or label < -1 else label

    def _ties(self, bucket: Bucket) -> Any:
        """Return the rows of a bucket whose order at one microsecond matters."""
        paired = self.query.rules.count_by == "totals"
        return _tied(
            bucket.starts,
            frozen(bucket.us),
            frozen(_or_none(bucket.label)),
            frozen(_or_none(bucket.amount)),
            frozen(bucket.mask if paired else bucket.mask[:0]),
            frozen(bucket.flags if paired else bucket.flags[:0]),
        )


class Codes(dict[Any, int]):
    """Numbers of labels from `first` on, in the order in which they came; several threads may ask.

    A label is a text, or the number of one that was not listed (see `labels.py`).
    """

    def __init__(self, first: int) -> None:
        super().__init__()
        self._first = first
        self._lock = Lock()

    def of(self, labels: Sequence[str | int | None]) -> list[int]:
        """Return the number of each label."""
        with self._lock:
            return [self.setdefault(label, self._first + len(self)) for label in labels]


def _kept(buckets: Iterable[Bucket], selection: Selection | None) -> Iterable[Bucket]:
    return buckets if selection is None else selection.kept(buckets)


def _answers(bucket: Bucket, asked: Asked, rules: Rules) -> Iterator[tuple[Entry, Entrants]]:
    whole, parted = asked.whole, asked.by_interval
    also = ("label", "repeats", "amount", *(["entered"] if asked.when else []))

    def shown(found: Entrants) -> Entrants:
        # With one interval both questions are the same, so the whole keeps its intervals.
        return found if asked.who else for_series(found, *also, *(["interval"] if parted else []))

    if parted is not None and asked.whole_follows:
        found, best = answer_with_best(bucket, parted, rules, who=asked.who)
        yield parted, for_series(found, "interval", "label")
        yield whole, shown(best)
        return
    if parted is not None:
        by_interval = answer(bucket, parted, rules, who=False)
        yield parted, for_series(by_interval, "interval", "label")
    yield whole, shown(answer(bucket, whole, rules, who=asked.who))


class _Line(NamedTuple):
    """What one event says, but for its unit and time."""

    mask: int
    flags: int
    label: int
    amount: float


def _or_none(column: Any) -> Any:
    return np.empty(0, np.int32) if column is None else column


def _rewritten(bucket: Bucket, tied: Any, lines: Mapping[tuple[int, int], deque[_Line]]) -> Bucket:
    """Return the bucket with its tied rows as `lines` has them: (unit, time) to what came when."""
    if not len(tied):
        return bucket
    rewritten = bucket.copy()
    unit_of = np.repeat(np.arange(len(bucket.units)), np.diff(bucket.starts))
    for row in tied.tolist():
        line = lines[int(bucket.units[unit_of[row]]), int(bucket.us[row])].popleft()
        rewritten.flags[row] = line.flags
        rewritten.mask[row] = line.mask
        if rewritten.label is not None:
            rewritten.label[row] = line.label
        if rewritten.amount is not None:
            rewritten.amount[row] = line.amount
    return rewritten


def _array(column: Any) -> Any:
    return column.to_numpy(zero_copy_only=True)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def count_rows(mask: Any, flags: Any, lacks: int) -> tuple[int, int, int]:
    """Return the steps that any row fits, as bits, and the rows of step 1: all, and with `lacks`.

    `lacks` is a bit of the flags.
    """
    seen = 0
    step_one = 0
    lacking = 0
    for row in range(len(mask)):
        seen |= mask[row]
        step_one += mask[row] & 1
        if flags[row] & lacks != 0:
            lacking += mask[row] & 1
    return seen, step_one, lacking


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def _tied(starts: Any, us: Any, label: Any, amount: Any, mask: Any, flags: Any) -> Any:
    """Return the rows that share unit and time with a row that differs in one of the columns.

    An empty column is one that does not matter.
    """
    found = np.empty(len(us), np.int64)
    count = 0
    for unit in range(len(starts) - 1):
        first = starts[unit]
        while first < starts[unit + 1]:
            stop = first + 1
            differs = False
            while stop < starts[unit + 1] and us[stop] == us[first]:
                if len(label) and label[stop] != label[first]:
                    differs = True
                if len(amount) and amount[stop] != amount[first]:
                    differs = True
                if len(mask) and mask[stop] != mask[first]:
                    differs = True
                if len(flags) and flags[stop] != flags[first]:
                    differs = True
                stop += 1
            if differs:
                for row in range(first, stop):
                    found[count] = row
                    count += 1
            first = stop
    return found[:count].copy()
