"""Everybody who counts the funnel, and the floors below which nobody can get.

Each imports what it needs when it runs first, so that a process that runs one of them holds nothing
of the others.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from generate import STEPS, Dataset, by_time, by_user
from stored import TABLES, files, store
from stored import clickhouse as clickhouse_session
from turns import Contender, Counts

if TYPE_CHECKING:
    from collections.abc import Sequence

WINDOW_DAYS = 7
WINDOW_SECONDS = WINDOW_DAYS * 86_400
LEVELS = range(1, len(STEPS) + 1)
SQL = Path(__file__).parent / "windows.sql"


def ours(data: Dataset, *, name: str = "funnelkit", question: str = "", **views: Any) -> Contender:
    """The default report: counts, conversions, average and exact median times; or more `views`."""

    def run() -> Counts:
        import funnelkit as fk

        steps, window = " > ".join(STEPS), f"{WINDOW_DAYS}d"
        source = data.path if data.kept else fk.store(data.path, cache=False)
        return fk.report(source, steps=steps, window=window, **views).counts

    return Contender(name, data.name, run, question)


def window_funnel(rows: str, user: str, data: str, events: int) -> Contender:
    """Counts by ClickHouse's `windowFunnel` on a table or a file.

    No two events of a user are in one second, so any of its modes gives the same.
    """
    steps = ", ".join(f"event_type = '{step}'" for step in STEPS)
    levels = ", ".join(f"countIf(level >= {level})" for level in LEVELS)
    query = f"""
        SELECT {levels} FROM (
            SELECT windowFunnel({WINDOW_SECONDS})(toDateTime(event_time), {steps}) AS level
            FROM {rows} WHERE event_type IN {STEPS} GROUP BY {user}
        )"""  # noqa: S608 - our own names and path

    def run() -> Counts:
        return numbers(clickhouse_session(events).query(query, "CSV"))

    return Contender("ClickHouse windowFunnel", data, run)


def numbers(csv: object) -> Counts:
    """Return the numbers in a line of CSV."""
    return tuple(map(int, str(csv).strip().split(",")))


def join_asof(data: Dataset) -> Contender:
    """Counts by Polars: from each event of step 1 to the next of step 2 after it, and so on.

    User and second are one integer key, in whose order the rows are, so that no join has to look
    for users; that takes half of what `by=` takes. Bucket by bucket is faster than all at once.
    """

    def count(path: Path) -> Counts:
        import polars as pl

        user = pl.col("key") // 2**32
        key = pl.col("amplitude_id") * 2**32 + pl.col("event_time").dt.epoch("s")
        events = (
            pl.scan_parquet(path, hive_partitioning=False)
            .filter(pl.col("event_type").is_in(STEPS))
            .select("event_type", key=key.set_sorted())
            .collect()
        )
        first, *others = (
            events.filter(pl.col("event_type") == step).select("key") for step in STEPS
        )
        reached = first.with_columns(now=pl.col("key").set_sorted())
        counts = [reached.select(user.n_unique()).item()]
        for step in others:
            joined = reached.join_asof(
                step.rename({"key": "next"}), left_on="now", right_on="next", strategy="forward"
            )
            # The next event of another user is later than any window.
            within = pl.col("next") - pl.col("key") <= WINDOW_SECONDS
            reached = joined.filter(within).select("key", now=pl.col("next").set_sorted())
            counts.append(reached.select(user.n_unique()).item())
        return tuple(counts)

    def run() -> Counts:
        return tuple(map(sum, zip(*map(count, files(data)), strict=True)))

    return Contender("Polars join_asof", f"files of the {data.name}", run)


@cache
def duckdb_connection() -> Any:
    """Return a connection that all of DuckDB's contenders share."""
    import duckdb

    return duckdb.connect()


def windows(data: Dataset) -> Contender:
    """Counts by DuckDB with window functions, as one would write it for a warehouse."""
    query = SQL.read_text()

    def run() -> Counts:
        found = duckdb_connection().execute(query, {"files": paths(data)})
        return found.fetchall()[0]

    return Contender("DuckDB, window functions", f"files of the {data.name}", run, most_rounds=2)


def paths(data: Dataset) -> list[str]:
    """Return the files of a store as texts."""
    return [str(path) for path in files(data)]


READ = "FROM read_parquet($files, hive_partitioning = false)"
COLUMNS = ("amplitude_id", "event_time", "event_type")


def bare_scan(data: Dataset) -> Contender:
    """DuckDB reads the three columns and folds each into one number; nothing is skipped."""
    folded = ", ".join(f"bit_xor(hash({column}))" for column in COLUMNS)

    def run() -> None:
        duckdb_connection().execute(f"SELECT {folded} {READ}", {"files": paths(data)}).fetchall()

    return Contender("floor: DuckDB, bare scan", f"files of the {data.name}", run)


def to_arrow(data: Dataset) -> Contender:
    """DuckDB gives the three columns away as batches of Arrow, and nobody looks at them."""
    query = f"SELECT {', '.join(COLUMNS)} {READ}"

    def run() -> None:
        found = duckdb_connection().sql(query, params={"files": paths(data)})
        for batch in found.to_arrow_reader(1_000_000):
            assert batch.num_columns == len(COLUMNS)  # noqa: S101 - it was made

    return Contender("floor: DuckDB to Arrow", f"files of the {data.name}", run)


def everybody(events: int) -> Sequence[Contender]:
    """Return all contenders; what they read is made if it is not there."""
    stored, time, key = store(events), by_time(events), by_user(events)
    return (
        ours(stored),
        ours(store(events, kept=False)),
        ours(time),
        ours(key),
        window_funnel(f"file('{time.path}', Parquet)", time.user, time.name, events),
        window_funnel(f"file('{key.path}', Parquet)", key.user, key.name, events),
        *(
            window_funnel(table, "amplitude_id", f"MergeTree, {kind}", events)
            for table, kind in TABLES.items()
        ),
        join_asof(stored),
        windows(stored),
        bare_scan(stored),
        to_arrow(stored),
    )
