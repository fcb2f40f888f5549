"""Whether units were split between two sides as planned."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist

ALARM = 0.001
"""Below this p-value a split is called a mismatch: one false alarm in a thousand experiments."""


def split_p_value(baseline: int, against: int, *, share: float = 0.5) -> float:
    """Return the two-sided p-value of so uneven a split where `share` was planned for `against`.

    Normal approximation of the binomial, which is the chi-square test with one degree of freedom.
    Fabijan and others (2019), KDD, 2156-2164, on the sample ratio mismatch.
    """
    n = baseline + against
    if n == 0:
        return 1.0
    z = (against - n * share) / sqrt(n * share * (1 - share))
    return 2 * NormalDist().cdf(-abs(z))
