"""What reads the events: DuckDB on this machine, or Spark on many."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Literal, get_args

from funnelkit.errors import DefinitionError, UnsupportedError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from funnelkit.engine.chart import Chart
    from funnelkit.engine.rows import StepRows
    from funnelkit.events.table import EventTable
    from funnelkit.result import Series

    Reader = Callable[[Sequence[Chart], EventTable], list[tuple[tuple[Series, ...], StepRows]]]
    """Answers charts over the same events: of each its series, and what was read for them."""

Engine = Literal["duckdb", "spark"]


def check_engine(engine: str, master: str | None) -> Callable[[], AbstractContextManager[Reader]]:
    """Return how to open an engine.

    Raises:
        DefinitionError: there is no such engine, or one without a master is given one.
    """
    if engine not in get_args(Engine):
        known = get_args(Engine)
        raise DefinitionError(
            f"there is no engine {engine!r}: duckdb or spark.{did_you_mean(engine, known)}"
        )
    if engine == "spark":
        return partial(_spark, master)
    if master is not None:
        raise DefinitionError(f"--master {master} is Spark's: say --engine spark with it")
    return _duckdb


def on_this_machine(
    charts: Sequence[Chart], table: EventTable
) -> list[tuple[tuple[Series, ...], StepRows]]:
    """Return the answers of DuckDB and the kernel."""
    return [chart.read(table) for chart in charts]


@contextmanager
def _duckdb() -> Iterator[Reader]:
    yield on_this_machine


@contextmanager
def _spark(master: str | None) -> Iterator[Reader]:
    from funnelkit.engine.spark.session import spark_session

    with spark_session(master) as session:

        def read(
            charts: Sequence[Chart], table: EventTable
        ) -> list[tuple[tuple[Series, ...], StepRows]]:
            from funnelkit.engine.spark.answers import answers

            _check_in_sight(table, str(session.sparkContext.master))
            return answers([(chart, table) for chart in charts], session)

        yield read


def _check_in_sight(table: EventTable, master: str) -> None:
    """Raise where other machines would not find the files, which were converted for this one."""
    import tempfile

    if master.startswith("local"):
        return
    ours = f"{tempfile.gettempdir()}/funnelkit-"
    if any(file.startswith(ours) for file in table.files):
        raise UnsupportedError(
            f"--engine spark on {master} reads Parquet that every machine can see; some of "
            f"{', '.join(table.labels)} was converted on this one. Write it as Parquet, or put it "
            "into a store: funnelkit import"
        )
