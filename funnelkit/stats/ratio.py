"""The lift in percent of the baseline: a ratio of two conversions, less one."""

from __future__ import annotations

from math import exp, inf, log, sqrt
from typing import TYPE_CHECKING

from funnelkit.stats.proportion import CONFIDENCE, Interval, wilson, z_value

if TYPE_CHECKING:
    from funnelkit.stats.proportion import Proportion


def relative_lift(baseline: Proportion, against: Proportion) -> float | None:
    """Return (p₂ - p₁) ÷ p₁, Amplitude's improvement (specification A11f).

    None where nobody converted on the side of the baseline.
    """
    return against.share / baseline.share - 1 if baseline.converted else None


def relative_lift_interval(
    baseline: Proportion,
    against: Proportion,
    *,
    covariance: float = 0.0,
    confidence: float = CONFIDENCE,
) -> Interval:
    """Return the interval of (p₂ - p₁) ÷ p₁, symmetric on the scale of the logarithm.

    `covariance` is that of the two shares. Where nobody or everybody converted on a side the
    logarithm says nothing, and the interval is put together from Wilson's (MOVER-R); a baseline
    without a conversion leaves it open above.

    Katz and others (1978), Biometrics 34, 469-474; Newcombe (2016), Statistical Methods in Medical
    Research 25, 1774-1778.
    """
    x1, n1, x2, n2 = baseline.converted, baseline.entered, against.converted, against.entered
    z = z_value(confidence)
    if 0 < x1 < n1 and 0 < x2 < n2:
        middle = log(against.share / baseline.share)
        together = covariance / (baseline.share * against.share)
        variance = 1 / x1 - 1 / n1 + 1 / x2 - 1 / n2 - 2 * together
        half = z * sqrt(max(0.0, variance))
        return Interval(exp(middle - half) - 1, exp(middle + half) - 1)
    return _from_wilson(baseline, against, confidence=confidence)


def _from_wilson(baseline: Proportion, against: Proportion, *, confidence: float) -> Interval:
    """Return the interval where a logarithm or its variance is missing."""
    p1, p2 = baseline.share, against.share
    (l1, u1), (l2, u2) = (wilson(side, confidence=confidence) for side in (baseline, against))
    lower, upper = -1.0, inf
    if against.converted:
        lower = _bound(p1 * p2, l2 * (2 * p2 - l2), u1 * (2 * p1 - u1), sign=-1) - 1
    if baseline.converted:
        upper = _bound(p1 * p2, u2 * (2 * p2 - u2), l1 * (2 * p1 - l1), sign=1) - 1
    return Interval(lower, upper)


def _bound(product: float, top: float, bottom: float, *, sign: int) -> float:
    if bottom == 0:  # the quadratic equation is a linear one
        return top / (2 * product)
    return (product + sign * sqrt(max(0.0, product * product - top * bottom))) / bottom
