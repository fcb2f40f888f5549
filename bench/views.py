"""What a report with every view costs beside the plain one: groups, times, intervals, frequencies.

Both run in this one process, in turns; what counts is the median of each. The full report must not
take more than twice as long: it walks the events once, and the data once.
"""

from __future__ import annotations

import statistics
import sys
from typing import TYPE_CHECKING

from generate import STEPS, datasets, events_argument
from speed import WINDOW_DAYS, Contender, medians

if TYPE_CHECKING:
    from generate import Dataset

MOST = 2.0
"""The time of the full report over that of the plain one, at most."""


def plain(data: Dataset) -> Contender:
    """Counts, conversions, average and median times."""
    import funnelkit as fk

    def run() -> tuple[int, ...]:
        return fk.report(data.path, steps=" > ".join(STEPS), window=f"{WINDOW_DAYS}d").counts

    return Contender("plain report", run)


def full(data: Dataset) -> Contender:
    """The same, by feature and by day, with distributions of times and frequencies."""
    import funnelkit as fk

    def run() -> tuple[int, ...]:
        return fk.report(
            data.path,
            steps=" > ".join(STEPS),
            window=f"{WINDOW_DAYS}d",
            group_by="feature",
            interval="day",
            time_to_convert=True,
            frequency=True,
        ).counts

    return Contender("with every view", run)


def compare(data: Dataset, rounds: int) -> bool:
    """Print both times; return whether the full report is within its limit."""
    seconds = medians([plain(data), full(data)], rounds)
    one, all_views = (statistics.median(times) for times in seconds.values())
    within = all_views <= MOST * one
    print(f"\n{data.name}")
    print(f"  plain report             {one:7.3f} s")
    print(
        f"  with every view          {all_views:7.3f} s {all_views / one:6.2f} x plain"
        f"  (limit {MOST:.1f}: {'kept' if within else 'MISSED'})"
    )
    return within


def main() -> int:
    """Compare on both files; return 1 if the limit is missed."""
    parser = events_argument(__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often each runs (default: 5)")
    chosen = parser.parse_args()
    by_user, by_time = datasets(chosen.events)
    return 0 if all([compare(by_time, chosen.rounds), compare(by_user, chosen.rounds)]) else 1


if __name__ == "__main__":
    sys.exit(main())
