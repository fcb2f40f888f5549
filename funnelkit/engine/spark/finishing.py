"""In a task: the counts of a series to the series itself, which is all that the driver sees."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from funnelkit.engine.spark.matching import (
    AMOUNT,
    ANY,
    DURATION,
    EXCLUDED,
    LACKING,
    REACH,
    REPEATS,
    SEEN,
    SERIES_KEY,
    STEP_ONE,
    TOTAL,
    WATCHED,
)
from funnelkit.engine.tally import Tallied, Tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from funnelkit.engine.spark.jobs import Job
    from funnelkit.result import Series

LINES = 1_000

FINISHED = pa.schema(
    [
        ("chart", pa.int32()), ("question", pa.int32()), ("of", pa.int32()), ("label", pa.string()),
        ("interval", pa.int32()), ("found", pa.binary()),
    ]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RowsSeen:
    """What was read for a chart: steps that any event fits, as bits, and events of step 1."""

    steps: int = 0
    step_one: int = 0
    without_user_id: int = 0


def finish(batches: Iterable[pa.RecordBatch], jobs: Mapping[int, Job]) -> Iterator[pa.RecordBatch]:
    """Yield each series of counts that lie in the order of their series, pickled."""
    lines: list[tuple[Any, ...]] = []
    for key, pieces in groupby(_series(batches), key=lambda piece: piece[0]):
        counts = _Counted(pa.Table.from_batches([batch for _, batch in pieces]))
        chart, question, _, _, interval = key
        found = counts.rows() if question < 0 else counts.series(jobs[chart], interval)
        lines.append((*key, pickle.dumps(found)))
        if len(lines) == LINES:
            yield _batch(lines)
            lines = []
    if lines:
        yield _batch(lines)


def _batch(lines: list[tuple[Any, ...]]) -> pa.RecordBatch:
    columns = zip(*lines, strict=True)
    arrays = [pa.array(column, kind) for column, kind in zip(columns, FINISHED.types, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=FINISHED)


def _series(
    batches: Iterable[pa.RecordBatch],
) -> Iterator[tuple[tuple[Any, ...], pa.RecordBatch]]:
    """Yield each series' part of each batch, with its key."""
    for batch in batches:
        if not batch.num_rows:
            continue
        changes = np.zeros(batch.num_rows - 1, bool)
        for name in SERIES_KEY:
            column = batch.column(name)
            changes |= pc.not_equal(column[1:], column[:-1]).to_numpy(zero_copy_only=False)
        edges = [0, *(np.flatnonzero(changes) + 1).tolist(), batch.num_rows]
        for first, last in pairwise(edges):
            yield (
                tuple(batch.column(name)[first].as_py() for name in SERIES_KEY),
                batch.slice(first, last - first),
            )


class _Counted:
    """All counts of one series."""

    def __init__(self, table: pa.Table) -> None:
        self.measure, self.step, self.value, self.n = (
            table.column(name).to_numpy() for name in ("measure", "step", "value", "n")
        )
        self.amount = table.column("amount")

    def tally(self, measure: int, step: int = 0) -> Tally:
        lines = (self.measure == measure) & (self.step == step) & (self.n > 0)
        order = np.argsort(self.value[lines], kind="stable")
        return Tally(self.value[lines][order], self.n[lines][order])

    def total(self, measure: int) -> int:
        return int(self.n[self.measure == measure].sum())

    def rows(self) -> RowsSeen:
        seen = self.value[self.measure == SEEN]
        return RowsSeen(
            steps=int(np.bitwise_or.reduce(seen)) if len(seen) else 0,
            step_one=self.total(STEP_ONE),
            without_user_id=self.total(LACKING),
        )

    def series(self, job: Job, interval: int) -> Series:
        chart, rules = job.chart, job.rules
        steps = rules.steps
        pairs = range(steps - 1)
        whole = interval == ANY
        amounts = None
        if whole and rules.summed:
            lines = np.flatnonzero(self.measure == AMOUNT)
            numbers = self.amount.take(pa.array(lines)).to_pylist()
            times = self.n[lines].tolist()
            amounts = [
                one for number, n in zip(numbers, times, strict=True) for one in [number] * n
            ]
        tallied = Tallied(
            steps=steps,
            reach=self.tally(REACH),
            excluded=self.tally(EXCLUDED) if rules.tells_excluded else None,
            durations=tuple(self.tally(DURATION, step) for step in pairs),
            totals=self.tally(TOTAL),
            repeats=(
                tuple(self.tally(REPEATS, step) for step in pairs)
                if whole and rules.frequency
                else None
            ),
            amount=amounts,
            watched=self.tally(WATCHED),
        )
        return chart.series(tallied, "") if whole else chart.counts(tallied)


def nobody(job: Job, interval: int) -> Series:
    """Return the series in which nobody entered."""
    empty = pa.table(
        {
            "measure": np.empty(0, np.int32),
            "step": np.empty(0, np.int32),
            "value": np.empty(0, np.int64),
            "n": np.empty(0, np.int64),
            "amount": np.empty(0, np.float64),
        }
    )
    return _Counted(empty).series(job, interval)
