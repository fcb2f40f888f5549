"""How often units did a step before they first did the next one (specification A11e)."""

from __future__ import annotations

from typing import Any

from funnelkit.engine.tally import Tally
from funnelkit.result import Frequency


def frequency(times: Any, *, step: int) -> Frequency:
    """Return the distribution of `times`: per unit, how often it did `step`; a list or an array.

    Each is at least 1, because only units count that went on to the next step.
    """
    if not len(times):
        return Frequency(step=step, counts=(), average=None, median=None)
    if isinstance(times, list):
        counts = [0] * (max(times) + 1)
        for number in times:
            counts[number] += 1
    elif isinstance(times, Tally):
        counts = [times.count_of(number) for number in range(int(times.values[-1]) + 1)]
    else:
        import numpy as np

        counts = np.bincount(times).tolist()
    if counts[0]:
        raise ValueError(f"a unit reached step {step + 1} without step {step}")
    n = len(times)
    total = sum(number * units for number, units in enumerate(counts))
    middle = (_ranked(counts, (n - 1) // 2) + _ranked(counts, n // 2)) / 2
    return Frequency(step=step, counts=tuple(counts[1:]), average=total / n, median=middle)


def _ranked(counts: list[int], rank: int) -> int:
    """Return the number of times at a rank, from 0 up."""
    seen = 0
    for number, units in enumerate(counts):
        seen += units
        if seen > rank:
            return number
    raise IndexError(rank)
