"""A ratio of two rates that compares like with like: stratum by stratum, and then combined."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING

from funnelkit.stats.proportion import CONFIDENCE, Interval, z_value

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class RateRatio:
    """The rate of group 1 as a multiple of that of group 0, over all strata.

    `one` and `other` are the weighted events of the groups, whose quotient is the ratio: with e
    events in a time n at risk, and N = n₁ + n₀, they are Σ e₁n₀/N and Σ e₀n₁/N. `variance` is that
    of `one` - `other` where the rates are equal and all events independent, Σ (e₁ + e₀)n₁n₀/N².
    `expected` are the events that each group would have had at equal rates. Where events come in
    clusters the variance is a multiple of it, the *dispersion*, which every method asks for.

    Mantel and Haenszel (1959), Journal of the National Cancer Institute 22, 719-748, for times at
    risk by Rothman and Boice (1979); the variance at a ratio r, which is r times `variance`, is
    that of Greenland and Robins (1985), Biometrics 41, 55-68.
    """

    one: float
    other: float
    variance: float
    expected: tuple[float, float]

    @property
    def ratio(self) -> float | None:
        """The ratio; infinite where group 0 has no event, None where neither group has."""
        if not self.other:
            return inf if self.one else None
        return self.one / self.other

    def p_value(self, dispersion: float) -> float:
        """Return the two-sided p-value of equal rates, by the score test."""
        if not self.variance:
            return 1.0
        z = (self.one - self.other) / sqrt(dispersion * self.variance)
        return 2 * NormalDist().cdf(-abs(z))

    def interval(self, dispersion: float, *, confidence: float = CONFIDENCE) -> Interval:
        """Return the ratios r that the score test does not reject.

        These are those with (`one` - r·`other`)² ≤ z²·dispersion·r·`variance`, so the interval
        leaves out 1 exactly where the p-value is below 1 - `confidence`.
        """
        slack = z_value(confidence) ** 2 * dispersion * self.variance
        if not slack:
            return Interval(0.0, inf)
        # other²·r² - (2·one·other + slack)·r + one² = 0, solved without a difference of equals.
        half = self.one * self.other + slack / 2
        root = sqrt(max(0.0, half * half - (self.one * self.other) ** 2))
        high = (half + root) / self.other**2 if self.other else inf
        return Interval(self.one**2 / (half + root), high)


def mantel_haenszel(
    events_one: Sequence[int],
    events_other: Sequence[int],
    time_one: Sequence[float],
    time_other: Sequence[float],
) -> RateRatio:
    """Return the ratio of two rates over strata, of each of which the columns hold one value.

    A stratum in which a group has no time at risk says nothing, and is passed over.
    """
    one = other = variance = expected_one = expected_other = 0.0
    for e1, e0, n1, n0 in zip(events_one, events_other, time_one, time_other, strict=True):
        if not (n1 and n0):
            continue
        share = n1 / (n1 + n0)
        one += e1 * (1 - share)
        other += e0 * share
        variance += (e1 + e0) * share * (1 - share)
        expected_one += (e1 + e0) * share
        expected_other += (e1 + e0) * (1 - share)
    return RateRatio(
        one=one, other=other, variance=variance, expected=(expected_one, expected_other)
    )
