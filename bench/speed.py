"""How fast a report is, beside ClickHouse on the same Parquet file and a bare scan of it.

All run in this one process, in turns, several times; what counts is the median of each. Before a
time is printed, all have given the same counts. A ratio is the other's time over funnelkit's.
"""

from __future__ import annotations

import statistics
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from generate import STEPS, datasets, events_argument

if TYPE_CHECKING:
    from collections.abc import Callable

    from generate import Dataset

Counts = tuple[int, ...]

WINDOW_DAYS = 7
TARGETS = {"user_id": 1.0, "amplitude_id": 1.5}
"""ClickHouse's time over funnelkit's, at least, by the column that says who."""


@dataclass(frozen=True, slots=True)
class Contender:
    """Something that runs, and the units per step that it finds (None: it finds no such thing)."""

    name: str
    run: Callable[[], Counts | None]


def funnelkit(data: Dataset) -> Contender:
    """The default report: counts, conversions, average and median times."""
    import funnelkit as fk

    def run() -> Counts:
        return fk.report(data.path, steps=" > ".join(STEPS), window=f"{WINDOW_DAYS}d").counts

    return Contender("funnelkit", run)


def clickhouse(data: Dataset) -> Contender:
    """Counts by `windowFunnel`; no two events of a user are in one second, so any mode will do."""
    from chdb.session import Session

    session = Session()
    steps = ", ".join(f"event_type = '{step}'" for step in STEPS)
    levels = ", ".join(f"countIf(level >= {step})" for step in range(1, len(STEPS) + 1))
    query = f"""
        SELECT {levels} FROM (
            SELECT windowFunnel({WINDOW_DAYS * 86_400})(toDateTime(event_time), {steps}) AS level
            FROM file('{data.path.absolute()}', Parquet)
            WHERE event_type IN {STEPS}
            GROUP BY {data.user}
        )"""  # noqa: S608 - our own names and path

    def run() -> Counts:
        return tuple(map(int, str(session.query(query, "CSV")).strip().split(",")))

    return Contender("ClickHouse windowFunnel", run)


def bare_scan(data: Dataset) -> Contender:
    """DuckDB reads the three columns and folds them into one number each; nothing is skipped."""
    import duckdb

    connection = duckdb.connect()
    folded = ", ".join(
        f"bit_xor(hash({column}))" for column in (data.user, "event_time", "event_type")
    )
    query = f"SELECT {folded} FROM read_parquet('{data.path}')"  # noqa: S608 - our own names

    def run() -> None:
        connection.execute(query).fetchall()

    return Contender("DuckDB, bare scan", run)


def medians(contenders: list[Contender], rounds: int) -> dict[str, list[float]]:
    """Run all in turns; return the seconds of each, without the first turn, which warms up.

    Raises:
        SystemExit: they do not agree.
    """
    seconds: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    for turn in range(rounds + 1):
        answers = {}
        for contender in contenders:
            start = time.perf_counter()
            counts = contender.run()
            if turn:
                seconds[contender.name].append(time.perf_counter() - start)
            if counts is not None:
                answers[contender.name] = counts
        if len(set(answers.values())) != 1:
            raise SystemExit(f"the answers differ: {answers}")
    return seconds


def compare(data: Dataset, rounds: int) -> bool:
    """Print how the contenders did on one file; return whether funnelkit reached its target."""
    contenders = [funnelkit(data), clickhouse(data), bare_scan(data)]
    seconds = medians(contenders, rounds)
    ours = statistics.median(seconds["funnelkit"])
    target = TARGETS[data.user]
    print(f"\n{data.name} ({data.path.stat().st_size / 2**20:,.0f} MiB)")
    reached = True
    for name, times in seconds.items():
        median = statistics.median(times)
        line = f"  {name:24} {median:7.3f} s ({min(times):.3f} to {max(times):.3f})"
        if name != "funnelkit":
            line += f" {median / ours:6.2f} x funnelkit"
        if name.startswith("ClickHouse"):
            reached = median / ours >= target
            line += f"  (target {target:.1f}: {'reached' if reached else 'MISSED'})"
        print(line)
    return reached


def main() -> int:
    """Compare on both files; return 1 if a target is missed."""
    parser = events_argument(__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often each runs (default: 5)")
    chosen = parser.parse_args()
    by_user, by_time = datasets(chosen.events)
    print(f"{' > '.join(STEPS)}, window {WINDOW_DAYS} days; median of {chosen.rounds}")
    return 0 if all([compare(by_time, chosen.rounds), compare(by_user, chosen.rounds)]) else 1


if __name__ == "__main__":
    sys.exit(main())
