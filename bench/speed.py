"""How fast a report is, beside others on the same events: a table of ratios.

All run in this one process, in turns, several times. Before a time is printed, all have given the
same counts.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from contenders import WINDOW_DAYS, everybody
from generate import STEPS, events_argument
from stored import FIRST_TIME
from turns import Target, take_turns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from turns import Times

OURS = "funnelkit"
CLICKHOUSE = "ClickHouse windowFunnel"


@dataclass(frozen=True, slots=True)
class Race:
    """One contender's time over another's, each known by its name and data, and its bound.

    Without a bound it is for information.
    """

    of: tuple[str, str]
    over: tuple[str, str]
    target: Target | None = None


FILES = "files of the store"
STORE = (OURS, "store")
FIRST = (OURS, FIRST_TIME)
TEXTS = (CLICKHOUSE, "MergeTree, String")
NUMBERS = (CLICKHOUSE, "MergeTree, LowCardinality(String)")
SCAN = ("floor: DuckDB, bare scan", FILES)
ARROW = ("floor: DuckDB to Arrow", FILES)
RACES = (
    Race(TEXTS, STORE, Target(least=2.0)),
    Race(NUMBERS, STORE, Target(least=2.0)),
    Race(STORE, SCAN, Target(most=1.8)),
    Race(STORE, ARROW, Target(most=1.3)),
    Race(TEXTS, FIRST),
    Race(NUMBERS, FIRST),
    Race(FIRST, SCAN),
    Race(FIRST, ARROW),
    Race((OURS, "Parquet by time"), (CLICKHOUSE, "Parquet by time"), Target(most=0.6)),
    Race((CLICKHOUSE, "Parquet by key"), (OURS, "Parquet by key"), Target(least=1.5)),
)


def table(found: Sequence[Times]) -> None:
    """Print what each took, the funnel on the store being 1."""
    ours = found[0]
    print(f"{'':25} {'':34} {'seconds':>23} {'of CPU':>9} {'x store':>8} {'x its CPU':>10}")
    for times in found:
        contender = times.contender
        spread = f"({min(times.clock):.2f} to {max(times.clock):.2f})"
        few = f"  {len(times.clock)} turns" if len(times.clock) < len(ours.clock) else ""
        print(
            f"{contender.name:25} {contender.data:34} {times.seconds:7.3f} {spread:>15} "
            f"{times.cpu_seconds:9.3f} {times.over(ours):8.2f} {times.cpu_over(ours):10.2f}{few}"
        )


def judge(found: Sequence[Times]) -> bool:
    """Print the ratios that have a bound; return whether all keep theirs."""
    by_name = {(times.contender.name, times.contender.data): times for times in found}
    kept = True
    for race in RACES:
        of, over = by_name[race.of], by_name[race.over]
        ratio = of.over(over)
        line = (
            f"{', '.join(race.of)}, over {', '.join(race.over)}: {ratio:.2f}; "
            f"by the CPU {of.cpu_over(over):.2f}"
        )
        if race.target is not None:
            kept &= race.target.kept_by(ratio)
            line += f"  {race.target.verdict(ratio)}"
        print(line)
    return kept


def main() -> int:
    """Compare all; return 1 if a target is missed."""
    parser = events_argument(__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often each runs (default: 5)")
    chosen = parser.parse_args()
    contenders = everybody(chosen.events)
    print(
        f"{' > '.join(STEPS)}, window {WINDOW_DAYS} days, {chosen.events:,} events; "
        f"medians of {chosen.rounds} turns",
        flush=True,
    )
    found = take_turns(contenders, chosen.rounds)
    table(found)
    print()
    return 0 if judge(found) else 1


if __name__ == "__main__":
    sys.exit(main())
