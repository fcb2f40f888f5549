"""How much faster a report that reads the store is with two processors than with one.

Each report is timed in a process of its own that may run on so many processors only, after a first
one that warms up; the two run in turns.
"""

from __future__ import annotations

import os
import sys

from generate import events_argument
from memory import in_own_process
from turns import Contender, Target, Times, take_turns

GAIN = Target(least=1.7)
REPORTS = 3


def seconds(events: int, processors: int) -> tuple[list[float], list[float]]:
    """Report several times on so many processors; return what each took by the clock and in CPU."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:processors])
    from contenders import ours
    from stored import store

    (times,) = take_turns([ours(store(events, kept=False))], REPORTS)
    return times.clock, times.cpu


def main() -> int:
    """Compare one with two; return 1 if the second brings too little."""
    parser = events_argument(__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="how often each runs (default: 3)")
    chosen = parser.parse_args()
    if not hasattr(os, "sched_setaffinity") or len(os.sched_getaffinity(0)) == 1:
        print("not measured: this machine does not let a process choose among processors")
        return 0
    one, two = (Times(Contender(name, "store", lambda: None)) for name in ("one", "two"))
    for _ in range(chosen.rounds):
        for times, processors in ((one, 1), (two, 2)):
            clock, cpu = in_own_process(seconds, chosen.events, processors)
            times.clock.extend(clock)
            times.cpu.extend(cpu)
    gain = one.over(two)
    print(f"one processor  {one.seconds:7.3f} s, {one.cpu_seconds:7.3f} s of CPU")
    print(
        f"two            {two.seconds:7.3f} s, {two.cpu_seconds:7.3f} s of CPU: "
        f"{gain:.2f} times as fast  {GAIN.verdict(gain)}"
    )
    return 0 if GAIN.kept_by(gain) else 1


if __name__ == "__main__":
    sys.exit(main())
