"""In a task: the rows of whole units, in time order, to counts of what the kernel found."""

from __future__ import annotations

import math
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from funnelkit.engine.answer import answer
from funnelkit.engine.chart import watched_for
from funnelkit.engine.partition import Rows, cut, joined
from funnelkit.engine.pieces import best_of_units
from funnelkit.engine.stream import count_rows
from funnelkit.engine.summarise import ranked_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from funnelkit.engine.bucket import Bucket
    from funnelkit.engine.chart import Question
    from funnelkit.engine.entrants import Entrants
    from funnelkit.engine.entry import Entry
    from funnelkit.engine.spark.jobs import Job

BUCKET_ROWS = 1_000_000

REACH, EXCLUDED, DURATION, TOTAL, REPEATS, WATCHED, AMOUNT, SIZE = range(8)
"""What is counted of a series: see `Tallied`. SIZE is the number by which a group is ranked."""

SEEN, STEP_ONE, LACKING = range(10, 13)
"""What is counted of a chart, under question -1: steps seen as bits, and events of step 1."""

WHOLE, GROUP, NOT_REACHED = range(3)
"""Of whom: everybody, those with a label, those who did not get to the grouped step."""

ANY = -1
"""The interval where intervals are not told apart."""

COUNTS = pa.schema(
    [
        ("chart", pa.int32()), ("question", pa.int32()), ("of", pa.int32()), ("label", pa.string()),
        ("interval", pa.int32()), ("measure", pa.int32()), ("step", pa.int32()),
        ("value", pa.int64()), ("amount", pa.float64()), ("n", pa.int64()),
    ]
)  # fmt: skip
SERIES_KEY = ("chart", "question", "of", "label", "interval")
KEY = (*SERIES_KEY, "measure", "step", "value", "amount")


def count_units(
    batches: Iterable[pa.RecordBatch], jobs: Mapping[int, Job]
) -> Iterator[pa.RecordBatch]:
    """Yield what the kernel found in rows that lie in the order of (chart, unit, us)."""
    for number, pieces in groupby(_charts(batches), key=lambda piece: piece[0]):
        job = jobs[number]
        job.check_versions()
        labels: dict[str, int] = {}
        rows = (_rows(job, batch, labels) for _, batch in pieces)
        for bucket in cut(_gathered(rows)):
            yield _Counts(job, bucket, list(labels)).batch()


def _charts(batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Yield each chart's part of each batch, with its number."""
    for batch in batches:
        if not batch.num_rows:
            continue
        charts = batch.column(0).to_numpy()
        edges = [0, *(np.flatnonzero(np.diff(charts)) + 1).tolist(), len(charts)]
        for first, last in pairwise(edges):
            yield int(charts[first]), batch.slice(first, last - first)


def _rows(job: Job, batch: pa.RecordBatch, labels: dict[str, int]) -> Rows:
    """Return a batch as rows; `labels` numbers the texts that came so far."""
    found = dict(zip(batch.schema.names, batch.columns, strict=True))

    def column(name: str) -> Any:
        return found[name].to_numpy(zero_copy_only=False)

    label = None
    if job.rules.grouped_at is not None:
        encoded = found["label"].dictionary_encode()
        codes = [labels.setdefault(text, len(labels)) for text in encoded.dictionary.to_pylist()]
        index = encoded.indices.cast("int32").fill_null(-1).to_numpy(zero_copy_only=False)
        label = np.array([*codes, -1], np.int32)[index]
    return Rows(
        column("unit"),
        column("us"),
        column("mask"),
        column("flags") if job.flagged else None,
        label,
        column("amount") if job.rules.summed else None,
    )


def _gathered(stream: Iterable[Rows]) -> Iterator[Rows]:
    """Yield the rows in fewer, longer pieces: the kernel is called for each."""
    waiting: list[Rows] = []
    lines = 0
    for rows in stream:
        waiting.append(rows)
        lines += len(rows.unit)
        if lines >= BUCKET_ROWS:
            yield joined(waiting)
            waiting, lines = [], 0
    if waiting:
        yield joined(waiting)


class _Counts:
    """The answers about one bucket, counted: columns of `COUNTS` in pieces of equal length."""

    def __init__(self, job: Job, bucket: Bucket, labels: list[str]) -> None:
        self.job = job
        self.bucket = bucket
        self.labels = labels
        self.pieces: list[pa.Table] = []
        self.amounts: list[dict[str, Any]] = []

    def batch(self) -> pa.RecordBatch:
        """Return all counts of the bucket."""
        self._of_rows()
        for number, question in enumerate(self.job.chart.questions()):
            self._of_question(number, question)
        names = ["question", "of", "code", "interval", "measure", "step", "value"]
        counted = pa.concat_tables(self.pieces).group_by(names).aggregate([("n", "sum")])
        code = counted.column("code").to_numpy()
        texts = pa.array([*self.labels, ""], pa.string()).take(
            pa.array(np.where(code < 0, len(self.labels), code))
        )
        lines = counted.num_rows
        table = pa.table(
            {
                "chart": np.full(lines, self.job.number, np.int32),
                "question": counted.column("question"),
                "of": counted.column("of"),
                "label": texts,
                "interval": counted.column("interval"),
                "measure": counted.column("measure"),
                "step": counted.column("step"),
                "value": counted.column("value"),
                "amount": pa.nulls(lines, pa.float64()),
                "n": counted.column("n_sum"),
            },
            schema=COUNTS,
        )
        amounts = pa.Table.from_pylist(self.amounts, COUNTS)
        return pa.concat_tables([table, amounts]).combine_chunks().to_batches()[0]

    def _of_rows(self) -> None:
        job, bucket = self.job, self.bucket
        lacks = None if job.all_lack else job.lacks
        bits = (bucket.mask, 0) if lacks is None else (bucket.flags, 1 << lacks)
        seen, step_one, lacking = count_rows(bucket.mask, *bits)
        lacking = step_one if job.all_lack else lacking
        for measure, value, n in (
            (SEEN, seen, 1),
            (STEP_ONE, 0, step_one),
            (LACKING, 0, lacking),
        ):
            self._add(-1, measure, np.array([value], np.int64), n=np.array([n], np.int64))

    def _entrants(self, entry: Entry) -> Entrants:
        return self.job.chart.counted(answer(self.bucket, entry, self.job.rules))

    def _of_question(self, number: int, question: Question) -> None:
        by_interval = None
        if question.by_interval is not None:
            by_interval = self._entrants(question.by_interval)
        if by_interval is not None and question.whole_follows:
            whole = best_of_units(by_interval)
        else:
            whole = self._entrants(question.whole)
        grouped = self.job.rules.grouped_at is not None
        for with_label in (False, True) if grouped else (False,):
            self._measures(number, whole, with_label=with_label)
            if by_interval is not None:
                self._steps(number, by_interval, with_label=with_label, with_interval=True)
        if grouped:
            self._sizes(number, whole)

    def _measures(self, number: int, entrants: Entrants, *, with_label: bool) -> None:
        """Count what a series shows of its units."""
        self._steps(number, entrants, with_label=with_label, with_interval=False)
        chart, steps = self.job.chart, entrants.steps
        reach: Any = entrants.reach
        label = entrants.label if with_label else None
        for step, times in enumerate(entrants.repeats or ()):
            self._add(number, REPEATS, times, step=step, label=_at(label, reach > step + 1))
        if chart.funnel.measures.by_age and chart.extent is not None and steps > 1:
            watched = watched_for(entrants, chart.extent.data_end, chart.funnel.window_microseconds)
            self._add(number, WATCHED, watched, label=_at(label, reach < steps))
        if entrants.amount is not None:
            self._amounts(number, entrants.amount, _at(label, reach == steps))

    def _steps(
        self, number: int, entrants: Entrants, *, with_label: bool, with_interval: bool
    ) -> None:
        """Count how far units got, and the times between steps."""
        reach: Any = entrants.reach
        label = entrants.label if with_label else None
        interval = entrants.interval if with_interval else None

        def add(measure: int, values: Any, lines: Any = slice(None), step: int = 0) -> None:
            self._add(
                number,
                measure,
                values,
                step=step,
                label=_at(label, lines),
                interval=_at(interval, lines),
            )

        add(REACH, reach)
        if entrants.excluded is not None:
            excluded: Any = np.asarray(entrants.excluded) > 0
            add(EXCLUDED, reach[excluded], excluded)
        for step, times in enumerate(entrants.durations):
            add(DURATION, times, reach > step + 1, step)
        if entrants.steps > 1:
            add(TOTAL, entrants.totals, reach == entrants.steps)

    def _sizes(self, number: int, entrants: Entrants) -> None:
        """Count each group's size, also where it is 0: the group is one all the same."""
        label: Any = entrants.label
        reach: Any = entrants.reach
        codes, which = np.unique(label, return_inverse=True)
        sizes = np.bincount(which, reach >= ranked_at(self.job.chart.funnel), len(codes))
        zeros = np.zeros(len(codes), np.int64)
        self._add(number, SIZE, zeros, label=codes, n=sizes.astype(np.int64))

    def _amounts(self, number: int, amount: Any, label: Any) -> None:
        parts = {None: amount}
        if label is not None and not len(label):
            return
        if label is not None:
            order = np.argsort(label, kind="stable")
            codes, starts = np.unique(label[order], return_index=True)
            parts = dict(zip(codes.tolist(), np.split(amount[order], starts[1:]), strict=True))
        for code, numbers in parts.items():
            of = WHOLE if code is None else NOT_REACHED if code < 0 else GROUP
            text = self.labels[code] if of == GROUP and code is not None else ""
            self.amounts += [
                {
                    "chart": self.job.number,
                    "question": number,
                    "of": of,
                    "label": text,
                    "interval": ANY,
                    "measure": AMOUNT,
                    "step": 0,
                    "value": 0,
                    "amount": part,
                    "n": 1,
                }
                for part in exact_parts(numbers.tolist())
            ]

    def _add(
        self,
        question: int,
        measure: int,
        values: Any,
        *,
        step: int = 0,
        label: Any = None,
        interval: Any = None,
        n: Any = None,
    ) -> None:
        lines = len(values)
        of = np.full(lines, WHOLE, np.int32)
        if label is not None:
            of = np.where(np.asarray(label) < 0, NOT_REACHED, GROUP).astype(np.int32)

        def column(values: Any) -> Any:
            if isinstance(values, int):
                return np.full(lines, values, np.int32)
            return np.asarray(values, np.int32)

        self.pieces.append(
            pa.table(
                {
                    "question": column(question),
                    "of": of,
                    "code": column(-1 if label is None else label),
                    "interval": column(ANY if interval is None else interval),
                    "measure": column(measure),
                    "step": column(step),
                    "value": np.asarray(values, np.int64),
                    "n": np.ones(lines, np.int64) if n is None else n,
                }
            )
        )


def _at(column: Any, lines: Any) -> Any:
    return None if column is None else np.asarray(column)[lines]


def exact_parts(numbers: list[float]) -> list[float]:
    """Return a few numbers whose sum is exactly that of all `numbers`, which are finite.

    The first is that sum as it is rounded, the next what that lacks, and so on until nothing does;
    sums of sums would be rounded twice.
    """
    found: list[float] = []
    while part := math.fsum([*numbers, *(-each for each in found)]):
        found.append(part)
    return found
