"""What views cost beside the plain report: groups, times, intervals, frequencies; each, and all.

Last comes the question that asks for much at once: filtered by a property, in groups, by day, with
the distributions of times. ClickHouse answers the part of it that `windowFunnel` can, for
information: counts of those who pass the filter, and for each group those who can enter in it.

None may take more than twice as long as the plain report: it walks the events once, and the data
once. That holds where all read their events. Where a store has kept what they select, only the
views are left, and their times are for information.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from contenders import LEVELS, WINDOW_SECONDS, clickhouse_session, numbers, ours
from generate import FEATURES, STEPS, by_time, by_user, events_argument
from stored import store
from turns import Contender, Target, take_turns

if TYPE_CHECKING:
    from generate import Dataset
    from turns import Counts

TWICE = Target(most=2.0)
"""The time of a report with views over that of the plain one."""

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
FILTERED = "filter, groups, days"
CATEGORY = "tools"
VIEWS_OF_FILTERED: dict[str, Any] = {
    "where_every_step": f"category is not {CATEGORY}",
    "group_by": "feature",
    "interval": "day",
    "time_to_convert": True,
}


def filtered_by_clickhouse(events: int) -> Contender:
    """One `windowFunnel` for all, and one per feature that asks for it at step 1."""
    first, *others = (f"event_type = '{step}'" for step in STEPS)
    entries = [first, *(f"({first} AND feature = '{feature}')" for feature in FEATURES)]
    levels = ", ".join(
        f"windowFunnel({WINDOW_SECONDS})(toDateTime(event_time), {entry}, {', '.join(others)}) "
        f"AS level{number}"
        for number, entry in enumerate(entries)
    )
    counts = ", ".join(
        f"countIf(level{number} >= {level})" for number in range(len(entries)) for level in LEVELS
    )
    query = (
        f"SELECT {counts} FROM (SELECT {levels} FROM as_numbers WHERE event_type IN {STEPS} "  # noqa: S608
        f"AND category <> '{CATEGORY}' GROUP BY amplitude_id)"
    )

    def run() -> Counts:
        return numbers(clickhouse_session(events).query(query, "CSV"))[: len(STEPS)]

    return Contender("ClickHouse, filter, groups", "MergeTree", run, FILTERED)


def compare(data: Dataset, rounds: int, *more: Contender, bound: bool = True) -> bool:
    """Print all times; return whether all reports are within the limit, if there is one."""
    reports = [ours(data, name=name, **views) for name, views in VIEWS.items()]
    reports.append(ours(data, name=FILTERED, question=FILTERED, **VIEWS_OF_FILTERED))
    plain, *others = take_turns([*reports, *more], rounds)
    print(f"\n{data.name}")
    print(f"  {plain.contender.name:27} {plain.seconds:7.3f} s  {plain.cpu_seconds:7.3f} s of CPU")
    kept = True
    for times in others:
        ratio = times.over(plain)
        line = (
            f"  {times.contender.name:27} {times.seconds:7.3f} s  {times.cpu_seconds:7.3f} s of CPU"
            f"  {ratio:5.2f} x plain  ({times.cpu_over(plain):.2f} x its CPU)"
        )
        if bound and times.contender not in more:
            line += f"  {TWICE.verdict(ratio)}"
            kept &= TWICE.kept_by(ratio)
        print(line, flush=True)
    return kept


def main() -> int:
    """Compare on the store and both files; return 1 if the limit is missed."""
    parser = events_argument(__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often each runs (default: 5)")
    chosen = parser.parse_args()
    events, rounds = chosen.events, chosen.rounds
    print(f"{' > '.join(STEPS)}; medians of {rounds} turns")
    kept = [
        compare(store(events, kept=False), rounds, filtered_by_clickhouse(events)),
        compare(store(events), rounds, bound=False),
        compare(by_time(events), rounds),
        compare(by_user(events), rounds),
    ]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
