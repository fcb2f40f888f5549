"""How much memory each contender takes, in a process of its own.

A fresh process runs once; what counts is its peak above what bare Python held at the start, with
the libraries. What a report on plain Parquet keeps grows with the events: it has a bound per event
that is a step.
"""

from __future__ import annotations

import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from generate import STEPS, by_user, events_argument
from turns import Target

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_MIB = 1500 * 10**6 / 2**20
PER_STEP_EVENT = Target(most=40)
WHOLE = Target(most=round(MOST_MIB))
"""For funnelkit, in MiB: 1.5 GB."""


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


def in_own_process(function: Callable[..., Any], *arguments: Any) -> Any:
    """Return what a function of a module returns in a new process, which ends then."""
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=fresh) as pool:
        return pool.submit(function, *arguments).result()


def measure(events: int, number: int) -> int:
    """Run one of the contenders once; return the peak above the start, in bytes."""
    start = peak()
    from contenders import everybody

    everybody(events)[number].run()
    return peak() - start


def step_events(path: Path) -> int:
    """Return how many events of the file are steps."""
    import duckdb

    query = f"SELECT count(*) FROM read_parquet('{path}') WHERE event_type IN {STEPS}"  # noqa: S608
    ((count,),) = duckdb.connect().execute(query).fetchall()
    return count


def main() -> int:
    """Measure everybody; return 1 if funnelkit takes too much."""
    from contenders import everybody

    events = events_argument(__doc__).parse_args().events
    contenders = everybody(events)
    count = step_events(by_user(events).path)
    kept = True
    for number, contender in enumerate(contenders):
        taken = in_own_process(measure, events, number)
        mib = round(taken / 2**20)
        line = f"{contender.name:25} {contender.data:34} {mib:7,} MiB"
        if contender.name == "funnelkit":
            each = taken / count
            line += f"  {WHOLE.verdict(mib)}"
            line += f"  {each:5.1f} bytes a step event"
            kept &= WHOLE.kept_by(mib)
            if not contender.data.startswith("store"):
                line += f"  {PER_STEP_EVENT.verdict(each)}"
                kept &= PER_STEP_EVENT.kept_by(each)
        print(line, flush=True)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
