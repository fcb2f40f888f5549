"""How many processors there are for us: fewer than the machine has, where somebody said so."""

from __future__ import annotations

import os


def processors() -> int:
    """Return on how many processors this process may run: `taskset` and batch systems limit them.

    `os.cpu_count()` counts those of the machine.
    """
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows know no such limit
        return os.cpu_count() or 1
