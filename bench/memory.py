"""How much memory a report takes on plain Parquet: bytes per step event.

One fresh process reports once; what counts is its peak above what bare Python held at the start,
libraries included.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from generate import STEPS, datasets, events_argument

MOST_BYTES_PER_STEP_EVENT = 40


def peak() -> int:
    """Return the most memory that this process has held, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def measure(path: str) -> int:
    """Report on the file; return the peak above the start, in bytes."""
    start = peak()
    import funnelkit as fk

    fk.report(path, steps=" > ".join(STEPS), window="7d")
    return peak() - start


def step_events(path: Path) -> int:
    """Return how many events of the file are steps."""
    import duckdb

    query = f"SELECT count(*) FROM read_parquet('{path}') WHERE event_type IN {STEPS}"  # noqa: S608
    ((count,),) = duckdb.connect().execute(query).fetchall()
    return count


def main() -> int:
    """Measure both files, each in a process of its own; return 1 if one takes too much."""
    reached = True
    for data in datasets(events_argument(__doc__).parse_args().events)[::-1]:
        program = f"from memory import measure; print(measure({str(data.path.absolute())!r}))"
        done = subprocess.run(
            [sys.executable, "-c", program],
            cwd=Path(__file__).parent,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        taken, count = int(done.stdout), step_events(data.path)
        good = taken / count <= MOST_BYTES_PER_STEP_EVENT
        reached = reached and good
        print(
            f"{data.name:24} {taken / 2**20:7,.0f} MiB, {taken / count:5.1f} bytes a step event"
            f"  (target {MOST_BYTES_PER_STEP_EVENT}: {'reached' if good else 'MISSED'})"
        )
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
