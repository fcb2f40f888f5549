"""Intervals of the difference between two conversions. Always `against` minus `baseline`."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

from funnelkit.stats.proportion import CONFIDENCE, Interval, wilson

if TYPE_CHECKING:
    from funnelkit.stats.proportion import Proportion


def newcombe(
    baseline: Proportion,
    against: Proportion,
    *,
    covariance: float = 0.0,
    confidence: float = CONFIDENCE,
) -> Interval:
    """Return Newcombe's interval of `against` minus `baseline`: Wilson's, squared and added.

    `covariance` is that of the two shares where the same people stand on both sides; with it the
    interval follows p₁q₁/n₁ + p₂q₂/n₂ - 2·covariance, and at 0 it is Newcombe's method 10.

    Newcombe (1998), Statistics in Medicine 17, 873-890, for independent proportions; Zou and
    Donner (2008), Statistics in Medicine 27, 1693-1702, for the term of the correlation.
    """
    p1, p2 = baseline.share, against.share
    (l1, u1), (l2, u2) = (wilson(side, confidence=confidence) for side in (baseline, against))
    together = sqrt(baseline.variance * against.variance)
    # A side where nobody or everybody converted has no spread that could go with the other's.
    correlation = max(-1.0, min(1.0, covariance / together)) if together else 0.0
    below = _added(p2 - l2, u1 - p1, correlation)
    above = _added(u2 - p2, p1 - l1, correlation)
    return Interval(max(-1.0, p2 - p1 - below), min(1.0, p2 - p1 + above))


def _added(one: float, other: float, correlation: float) -> float:
    return sqrt(max(0.0, one * one + other * other - 2 * correlation * one * other))


def standard_error(baseline: Proportion, against: Proportion, *, covariance: float = 0.0) -> float:
    """Return √(p₁q₁/n₁ + p₂q₂/n₂ - 2·covariance), the standard error of the difference."""
    return sqrt(max(0.0, baseline.variance + against.variance - 2 * covariance))
