"""What views cost beside the plain report: groups, times, intervals, frequencies; each, and all.

A turn runs the plain report and then the others, in this one process; what counts is the median of
the ratios inside a turn. None may take more than twice as long as the plain report: it walks the
events once, and the data once.
"""

from __future__ import annotations

import statistics
import sys
import time
from typing import TYPE_CHECKING, Any

from generate import STEPS, datasets, events_argument
from speed import WINDOW_DAYS

if TYPE_CHECKING:
    from generate import Dataset

MOST = 2.0
"""The time of a report with views over that of the plain one, at most."""

VIEWS: dict[str, dict[str, Any]] = {
    "plain report": {},
    "by feature": {"group_by": "feature"},
    "by day": {"interval": "day"},
    "times to convert": {"time_to_convert": True},
    "frequencies": {"frequency": True},
    "with every view": {
        "group_by": "feature",
        "interval": "day",
        "time_to_convert": True,
        "frequency": True,
    },
}


def turn(data: Dataset) -> list[tuple[float, float]]:
    """Run every report once; return the seconds and the CPU seconds of each.

    Raises:
        SystemExit: they do not agree on the counts.
    """
    import funnelkit as fk

    spent, counts = [], set()
    for views in VIEWS.values():
        clock, cpu = time.perf_counter(), time.process_time()
        report = fk.report(data.path, steps=" > ".join(STEPS), window=f"{WINDOW_DAYS}d", **views)
        spent.append((time.perf_counter() - clock, time.process_time() - cpu))
        counts.add(report.counts)
    if len(counts) != 1:
        raise SystemExit(f"the answers differ: {counts}")
    return spent


def compare(data: Dataset, rounds: int) -> bool:
    """Print all times; return whether all reports are within the limit."""
    turn(data)  # warms up
    turns = [turn(data) for _ in range(rounds)]
    print(f"\n{data.name}")
    kept = True
    for number, name in enumerate(VIEWS):
        clock, cpu = (statistics.median(spent[number][i] for spent in turns) for i in (0, 1))
        ratio, cpu_ratio = (
            statistics.median(spent[number][i] / spent[0][i] for spent in turns) for i in (0, 1)
        )
        line = f"  {name:18} {clock:7.3f} s  {cpu:7.3f} s of CPU"
        if number:
            line += f"  {ratio:5.2f} x plain  ({cpu_ratio:.2f} x its CPU)"
            line += "" if ratio <= MOST else "  MISSED"
            kept &= ratio <= MOST
        print(line, flush=True)
    return kept


def main() -> int:
    """Compare on both files; return 1 if the limit is missed."""
    parser = events_argument(__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often each runs (default: 5)")
    chosen = parser.parse_args()
    by_user, by_time = datasets(chosen.events)
    print(f"{' > '.join(STEPS)}; limit {MOST:.1f} x plain; median of {chosen.rounds}")
    return 0 if all([compare(by_time, chosen.rounds), compare(by_user, chosen.rounds)]) else 1


if __name__ == "__main__":
    sys.exit(main())
