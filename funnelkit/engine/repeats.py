"""A kernel: how often a step was done before the next one (specification A11e)."""

from __future__ import annotations

from collections.abc import MutableSequence, Sequence

Ints = Sequence[int]
Slots = MutableSequence[int]


def count_repeats(
    us: Ints, mask: Ints, steps: int, tick: int, reach: Ints, rows: Ints, counts: Slots
) -> int:
    """Write for each line and step how many ticks have an event that fits it before the next step.

    The ticks are counted from the one in which the step was filled up to, but without, that of the
    next step; the first counts even where both are filled in it. Steps after the last but one that
    was reached have 0. Return the number of lines. The columns are those of `match.py`.

    That a second counts once is an assumption, after "two events of the same type in one second
    count once" (specification A10).
    """
    for line in range(len(reach)):
        for k in range(reach[line] - 1, steps):
            counts[line * steps + k] = 0
        for k in range(reach[line] - 1):
            row = rows[line * steps + k]
            after = us[rows[line * steps + k + 1]] // tick * tick
            counts[line * steps + k] = 1
            uncounted = us[row] // tick * tick + tick
            row += 1
            while row < len(us) and us[row] < after:
                if mask[row] >> k & 1 != 0 and us[row] >= uncounted:
                    counts[line * steps + k] += 1
                    uncounted = us[row] // tick * tick + tick
                row += 1
    return len(reach)
