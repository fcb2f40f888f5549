"""On the driver: charts to Spark, finished series back."""

from __future__ import annotations

import pickle
from collections import defaultdict
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from funnelkit.engine.bucket import NO_ROWS
from funnelkit.engine.labels import SEPARATOR
from funnelkit.engine.rows import StepRows
from funnelkit.engine.spark.finishing import FINISHED, RowsSeen, finish, nobody
from funnelkit.engine.spark.jobs import LEAST_ROWS, MOST_ROWS, job_of
from funnelkit.engine.spark.matching import (
    ANY,
    COUNTS,
    GROUP,
    KEY,
    NOT_REACHED,
    SERIES_KEY,
    SIZE,
    WHOLE,
    count_units,
)
from funnelkit.engine.spark.reading import LETTERS, ROWS, open_letters, read_letters, read_rows
from funnelkit.engine.spark.session import worker_errors
from funnelkit.engine.summarise import DID_NOT_REACH, largest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

    from funnelkit.engine.chart import Chart, Question
    from funnelkit.engine.spark.jobs import Job, Split
    from funnelkit.events.table import EventTable
    from funnelkit.result import Series

Found = dict[tuple[int, str, int], "Series"]
"""The series of a question, by whom they are of, the label, and the interval."""


def answers(
    asked: Sequence[tuple[Chart, EventTable]], session: SparkSession
) -> list[tuple[tuple[Series, ...], StepRows]]:
    """Return for each chart a series per segment, and what was read; without the rows themselves.

    All charts go through Spark together.

    Raises:
        DataError: the events cannot be read, here or on a worker.
    """
    tasks = session.sparkContext.defaultParallelism
    jobs = {
        number: job_of(number, chart, table, tasks=tasks)
        for number, (chart, table) in enumerate(asked)
    }
    events = sum(table.rows for _, table in asked)
    parts = max(tasks, -(-events // MOST_ROWS))
    with worker_errors():
        finished, groups = _Run(session, jobs, parts).finished()
    by_chart: dict[int, dict[int, Found]] = defaultdict(lambda: defaultdict(dict))
    read: dict[int, RowsSeen] = {}
    for line in finished.to_pylist():
        found = pickle.loads(line["found"])  # noqa: S301 - our own task wrote it
        if line["question"] < 0:
            read[line["chart"]] = found
        else:
            key = line["of"], line["label"], line["interval"]
            by_chart[line["chart"]][line["question"]][key] = found
    answered = []
    for number, job in jobs.items():
        series = tuple(
            _assembled(job, question, by_chart[number][place], groups.get((number, place)))
            for place, question in enumerate(job.chart.questions())
        )
        answered.append((series, _rows(job, read.get(number, RowsSeen()))))
    return answered


class _Groups:
    """The groups of a question: the sizes of the largest, by label, and how many there are."""

    def __init__(self) -> None:
        self.sizes: dict[str, int] = {}
        self.all = 0


class _Run:
    """The data frames of one run."""

    def __init__(self, session: SparkSession, jobs: Mapping[int, Job], parts: int) -> None:
        self.session = session
        self.jobs = jobs
        self.parts = parts
        self.grouped = any(job.rules.grouped_at is not None for job in jobs.values())

    def finished(self) -> tuple[pa.Table, Mapping[tuple[int, int], _Groups]]:
        """Return the pickled series, and the groups of each question."""
        from pyspark.sql import functions as F  # noqa: N812 - everybody calls it so

        kept = counts = self._counts().groupBy(*KEY).agg(F.sum("n").alias("n"))
        groups: Mapping[tuple[int, int], _Groups] = {}
        if self.grouped:
            kept.persist()
            groups, shown = self._groups(kept)
            counts = kept.where(F.col("measure") != SIZE)
            others = counts.where(F.col("of") != GROUP)
            named = counts.where(F.col("of") == GROUP).join(
                F.broadcast(shown), ["chart", "question", "label"], "left_semi"
            )
            counts = others.unionByName(named)
        table = (
            counts.repartition(self.parts, *SERIES_KEY)
            .sortWithinPartitions(*SERIES_KEY)
            .mapInArrow(partial(finish, jobs=self.jobs), _spark_schema(FINISHED))
            .toArrow()
        )
        if self.grouped:
            kept.unpersist()
        return table, groups

    def _counts(self) -> DataFrame:
        """Return what the kernel found, counted bucket by bucket."""
        order = ["chart", "unit", "us"]
        order += ["tie"] if any(job.has_tie for job in self.jobs.values()) else []
        return (
            self._rows()
            .repartition(self.parts, "chart", "unit")
            .sortWithinPartitions(*order)
            .drop("tie")
            .mapInArrow(partial(count_units, jobs=self.jobs), _spark_schema(COUNTS))
        )

    def _rows(self) -> DataFrame:
        """Return the rows of all charts."""
        near = [(job, split) for job in self._jobs(around=False) for split in job.splits]
        around = [(job, split) for job in self._jobs(around=True) for split in job.splits]
        frames = []
        if near or not around:
            read = partial(read_rows, tasks=near)
            frames.append(self._tasks(near).mapInArrow(read, _spark_schema(ROWS)))
        if around:
            send = partial(read_letters, tasks=around, parts=self.parts)
            letters = self._tasks(around).mapInArrow(send, _spark_schema(LETTERS))
            opened = partial(open_letters, jobs=self.jobs)
            frames.append(
                letters.repartition(self.parts, "chart", "part").mapInArrow(
                    opened, _spark_schema(ROWS)
                )
            )
        both = frames[0]
        for frame in frames[1:]:
            both = both.unionByName(frame)
        used = ["chart", "unit", "us", "mask"]
        used += ["flags"] if any(job.flagged for job in self.jobs.values()) else []
        used += ["label"] if self.grouped else []
        used += ["amount"] if any(job.rules.summed for job in self.jobs.values()) else []
        used += ["tie"] if any(job.has_tie for job in self.jobs.values()) else []
        return both.select(*used)

    def _jobs(self, *, around: bool) -> list[Job]:
        return [job for job in self.jobs.values() if job.looks_around is around]

    def _tasks(self, tasks: Sequence[tuple[Job, Split]]) -> DataFrame:
        """Return the numbers of the tasks, one in each partition unless they are short."""
        rows = sum(split.rows for _, split in tasks)
        enough = max(2 * self.session.sparkContext.defaultParallelism, rows // LEAST_ROWS)
        return self.session.range(0, len(tasks), 1, max(1, min(len(tasks), enough)))

    def _groups(self, counts: DataFrame) -> tuple[Mapping[tuple[int, int], _Groups], DataFrame]:
        """Return the largest groups of each question, here and as a frame.

        What is larger is said by `largest`, which sorts again; Spark only leaves out what cannot be
        among them, since there may be as many groups as users.
        """
        from pyspark.sql import Window
        from pyspark.sql import functions as F  # noqa: N812 - everybody calls it so

        most = max(
            by.most for job in self.jobs.values() if (by := job.chart.funnel.group_by) is not None
        )
        sizes = counts.where(F.col("measure") == SIZE)
        question = ["chart", "question"]
        found: dict[tuple[int, int], _Groups] = defaultdict(_Groups)
        for row in sizes.groupBy(*question).count().collect():
            found[row["chart"], row["question"]].all = row["count"]
        ranked = Window.partitionBy(*question).orderBy(F.desc("n"), "label")
        top = (
            sizes.where(F.col("of") == GROUP)
            .withColumn("rank", F.row_number().over(ranked))
            .where(F.col("rank") <= most)
        )
        kept = top.select(*question, "label", "n").collect()
        for row in kept:
            found[row["chart"], row["question"]].sizes[row["label"]] = row["n"]
        shown = self.session.createDataFrame(
            [(row["chart"], row["question"], row["label"]) for row in kept],
            "chart int, question int, label string",
        )
        return found, shown


def _assembled(
    job: Job,
    question: Question,
    found: Mapping[tuple[int, str, int], Series],
    groups: _Groups | None,
) -> Series:
    """Return the series of a question with its groups and intervals."""
    chart = job.chart

    def of(whom: int, label: str, name: str) -> Series:
        one = found.get((whom, label, ANY))
        one = replace(nobody(job, ANY) if one is None else one, name=name)
        if question.by_interval is None:
            return one
        intervals = {
            number: series
            for (other, text, number), series in found.items()
            if (other, text) == (whom, label) and number != ANY
        }
        return replace(one, intervals=chart.intervals(intervals, nobody=nobody(job, 0)))

    whole = of(WHOLE, "", question.name)
    if chart.funnel.group_by is None or groups is None:
        return whole
    by_value = []
    for label in largest(groups.sizes, chart.funnel):
        values = tuple(label.split(SEPARATOR))
        by_value.append(replace(of(GROUP, label, "; ".join(values)), values=values))
    if (NOT_REACHED, "", ANY) in found:
        by_value.append(of(NOT_REACHED, "", DID_NOT_REACH))
    return replace(whole, groups=tuple(by_value), groups_left_out=groups.all - len(by_value))


def _rows(job: Job, read: RowsSeen) -> StepRows:
    steps = job.rules.steps
    return StepRows(
        rules=job.rules,
        buckets=[NO_ROWS],
        seen=tuple(bool(read.steps >> k & 1) for k in range(steps)),
        step_one=read.step_one,
        step_one_without_user_id=read.without_user_id,
        unit_name=job.unit_name,
    )


def _spark_schema(schema: pa.Schema) -> Any:
    from pyspark.sql.pandas.types import from_arrow_schema

    return from_arrow_schema(schema)
