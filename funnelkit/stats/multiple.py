"""Many comparisons at once: how many of those that stand out do so by chance."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def adjusted(p_values: Sequence[float]) -> list[float]:
    """Return the p-values adjusted for their number, in the same order.

    Of all comparisons whose adjusted p-value is at most q, no more than the share q is expected to
    stand out by chance alone: the false discovery rate of Benjamini and Hochberg (1995), Journal of
    the Royal Statistical Society B 57, 289-300. It holds for independent comparisons and for
    positively dependent ones.

    Raises:
        ValueError: a value is no probability.
    """
    for p in p_values:
        if not 0 <= p <= 1:
            raise ValueError(f"a p-value lies between 0 and 1; got {p}")
    m = len(p_values)
    falling = sorted(range(m), key=lambda k: p_values[k], reverse=True)
    steps = accumulate((p_values[k] * m / (m - above) for above, k in enumerate(falling)), min)
    found = dict(zip(falling, steps, strict=True))
    return [min(1.0, found[k]) for k in range(m)]
