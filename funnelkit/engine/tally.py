"""What is left of entrants that were counted elsewhere: how often each number came.

A tally of times is exact, and two tallies are merged by adding their counts. It has one line per
distinct number: of a window of seven days no more than 604,801, however many users there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Tally:
    """Whole numbers in ascending order, each with how often it came: int64 arrays.

    `values` are distinct, `counts` are > 0. As a sequence it is all numbers in order with their
    repetitions: `tally[0]` is the least, and `len` how many there are.
    """

    values: Any
    counts: Any

    def __len__(self) -> int:
        return int(self.counts.sum())

    def __getitem__(self, rank: int) -> int:
        return int(self.values[self.counts.cumsum().searchsorted(rank, "right")])

    def total(self) -> int:
        """Return the sum of all numbers, which may be larger than 64 bits."""
        pairs = zip(self.values.tolist(), self.counts.tolist(), strict=True)
        return sum(value * count for value, count in pairs)

    def count_of(self, value: int) -> int:
        """Return how often a number came."""
        return int(self.counts[self.values == value].sum())


def no_tally() -> Tally:
    """Return the tally of no number."""
    import numpy as np

    return Tally(np.empty(0, np.int64), np.empty(0, np.int64))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tallied:
    """Entrants without their users; the columns are those of `Entrants`, as tallies.

    `excluded` holds the reaches of those who would have gone on but for an excluded event.
    `amount` are a few numbers whose sum is exactly that of all amounts. `watched` are the
    microseconds for which those were watched who did not convert.
    """

    steps: int
    reach: Tally
    excluded: Tally | None
    durations: tuple[Tally, ...]
    totals: Tally
    repeats: tuple[Tally, ...] | None
    amount: list[float] | None
    watched: Tally
