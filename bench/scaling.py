"""Whether the cost of an event stays the same as the events become more, and the memory bounded.

Each size is a store of its own, read in a process of its own, first as if nothing had been kept of
it, then again. `--sizes 10000000,40000000,200000000`
names others; 200 million events take hours to be imported, and two minutes by `tenfold.py`.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

from generate import events_argument
from memory import WHOLE, in_own_process, peak
from turns import Target, take_turns

GROWTH = Target(most=1.2)
"""The time per event of a size over that of the smallest."""
REPORTS = 5


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds for a million events, by the clock and in CPU, and the peak in bytes."""

    clock: float
    cpu: float
    memory: int


def cost(events: int, kept: bool) -> Cost:  # noqa: FBT001 - for another process
    """Report on a store several times."""
    start = peak()
    from contenders import ours
    from stored import files, store

    stored = store(events, kept=kept)
    (times,) = take_turns([ours(stored)], REPORTS)
    taken = peak() - start
    import pyarrow.parquet as pq

    millions = sum(pq.read_metadata(path).num_rows for path in files(stored)) / 1e6
    return Cost(times.seconds / millions, times.cpu_seconds / millions, taken)


def main() -> int:
    """Measure each size; return 1 if an event costs more, or the memory is too much."""
    parser = events_argument(__doc__)
    parser.add_argument("--sizes", help="sizes of stores (default: half of the events, and twice)")
    chosen = parser.parse_args()
    sizes = [chosen.events // 2, chosen.events * 2]
    if chosen.sizes is not None:
        sizes = [int(size) for size in chosen.sizes.split(",")]
    from stored import FIRST_TIME, store

    within, first = True, dict[bool, Cost]()
    for size in sizes:
        name = store(size).name  # what importing holds does not count
        for kept, title in ((False, FIRST_TIME), (True, name)):
            found = in_own_process(cost, size, kept)
            mib = round(found.memory / 2**20)
            line = (
                f"{size:12,} events, {title:17} {found.clock * 1000:6.1f} ms a million, "
                f"{found.cpu * 1000:6.1f} of CPU; {mib:5,} MiB {WHOLE.verdict(mib)}"
            )
            within &= WHOLE.kept_by(mib)
            if kept not in first:
                first[kept] = found
            else:
                growth = found.clock / first[kept].clock
                line += (
                    f"; {growth:.2f} times the first, by the CPU "
                    f"{found.cpu / first[kept].cpu:.2f}  {GROWTH.verdict(growth)}"
                )
                within &= GROWTH.kept_by(growth)
            print(line, flush=True)
    return 0 if within else 1


if __name__ == "__main__":
    sys.exit(main())
