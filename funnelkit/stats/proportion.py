"""A conversion as a proportion, and its Wilson interval."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist
from typing import NamedTuple

CONFIDENCE = 0.95
"""The confidence of every interval unless another one is asked for."""


class Interval(NamedTuple):
    """A confidence interval; both bounds are in the unit of what was estimated."""

    lower: float
    upper: float

    def __contains__(self, value: object) -> bool:
        return isinstance(value, int | float) and self.lower <= value <= self.upper


@dataclass(frozen=True, slots=True)
class Proportion:
    """`converted` of `entered` units; there is at least one."""

    converted: int
    entered: int

    def __post_init__(self) -> None:
        if self.entered < 1 or not 0 <= self.converted <= self.entered:
            raise ValueError(f"{self.converted} of {self.entered} is no proportion")

    @property
    def share(self) -> float:
        """The proportion itself, from 0 to 1."""
        return self.converted / self.entered

    @property
    def variance(self) -> float:
        """The estimated variance of the share, p(1 - p) ÷ n: 0 where nobody or everybody did."""
        return self.share * (1 - self.share) / self.entered


def z_value(confidence: float) -> float:
    """Return the two-sided normal quantile: 1.96 for a confidence of 0.95."""
    if not 0 < confidence < 1:
        raise ValueError(f"a confidence lies between 0 and 1; got {confidence}")
    return NormalDist().inv_cdf((1 + confidence) / 2)


def wilson(proportion: Proportion, *, confidence: float = CONFIDENCE) -> Interval:
    """Return the Wilson score interval of a proportion; it never leaves 0 to 1.

    Wilson (1927), Journal of the American Statistical Association 22, 209-212.
    """
    z2 = z_value(confidence) ** 2
    n, p = proportion.entered, proportion.share
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = sqrt(z2 * (p * (1 - p) + z2 / (4 * n)) / n) / (1 + z2 / n)
    # At the edges the bound is the edge itself; the formula misses it by rounding only.
    lower = 0.0 if proportion.converted == 0 else max(0.0, centre - half)
    upper = 1.0 if proportion.converted == n else min(1.0, centre + half)
    return Interval(lower, upper)
