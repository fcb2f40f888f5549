"""Whether the cost of an event stays the same as the events become more, and the memory bounded.

Each size is a store of its own, read in a process of its own. `--sizes 10000000,40000000,200000000`
names others; 200 million events need about 8 GB of disk and half an hour until they are imported.
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


def cost(events: int) -> Cost:
    """Report on a store several times."""
    start = peak()
    from contenders import ours
    from stored import files, store

    stored = store(events)
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
    from stored import store

    kept, first = True, None
    for size in sizes:
        store(size)  # what importing holds does not count
        found = in_own_process(cost, size)
        mib = round(found.memory / 2**20)
        line = (
            f"{size:12,} events: {found.clock * 1000:6.1f} ms a million, "
            f"{found.cpu * 1000:6.1f} of CPU; {mib:5,} MiB {WHOLE.verdict(mib)}"
        )
        kept &= WHOLE.kept_by(mib)
        if first is None:
            first = found
        else:
            growth = found.clock / first.clock
            line += (
                f"; {growth:.2f} times the first, by the CPU {found.cpu / first.cpu:.2f}  "
                f"{GROWTH.verdict(growth)}"
            )
            kept &= GROWTH.kept_by(growth)
        print(line, flush=True)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
