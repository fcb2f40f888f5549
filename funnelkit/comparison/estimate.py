"""What two sides converted, and the difference between them with its interval."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

from funnelkit.stats.difference import newcombe, standard_error
from funnelkit.stats.proportion import Proportion
from funnelkit.stats.ratio import relative_lift, relative_lift_interval

if TYPE_CHECKING:
    from funnelkit.engine.entrants import Entrants
    from funnelkit.stats.proportion import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """The conversion of two sides and the lift from one to the other.

    Shares and differences are fractions (0.068 is 6.8 points). `shared` counts the units on both
    sides, and `covariance` is that of the two shares which they cause, n₁₂c₁₂ ÷ (n₁n₂); with 0 the
    sides are taken as independent.
    """

    baseline: Proportion
    against: Proportion
    shared: int = 0
    covariance: float = 0.0

    @property
    def difference(self) -> float:
        """The lift, `against` minus `baseline`: 0.068 is 6.8 points."""
        return self.against.share - self.baseline.share

    @property
    def interval(self) -> Interval:
        """The 95 % interval of the difference: Newcombe's, with the covariance."""
        return newcombe(self.baseline, self.against, covariance=self.covariance)

    @property
    def standard_error(self) -> float:
        """The standard error of the difference, √(p₁q₁/n₁ + p₂q₂/n₂ - 2n₁₂c₁₂/(n₁n₂))."""
        return standard_error(self.baseline, self.against, covariance=self.covariance)

    @property
    def relative(self) -> float | None:
        """The lift in percent of the baseline, as a fraction; None where nobody converted there."""
        return relative_lift(self.baseline, self.against)

    @property
    def relative_interval(self) -> Interval:
        """The 95 % interval of the relative lift, by the log ratio."""
        return relative_lift_interval(self.baseline, self.against, covariance=self.covariance)

    @property
    def excludes_no_change(self) -> bool:
        """Whether the interval of the difference lies on one side of 0."""
        return 0 not in self.interval

    def to_dict(self) -> dict[str, Any]:
        """Return the estimate as plain JSON values; a bound at infinity is null."""
        return {
            "baseline": share_to_dict(self.baseline),
            "against": share_to_dict(self.against),
            "units_on_both_sides": self.shared,
            "difference": self.difference,
            "difference_interval": list(self.interval),
            "standard_error": self.standard_error,
            "relative": self.relative,
            "relative_interval": [
                bound if isfinite(bound) else None for bound in self.relative_interval
            ],
        }


def share_to_dict(share: Proportion) -> dict[str, Any]:
    """Return a conversion as plain JSON values."""
    return {
        "entered": share.entered,
        "converted": share.converted,
        "conversion": share.share,
    }


def estimate(baseline: Entrants, against: Entrants) -> Estimate | None:
    """Return the lift of reaching the last step; None where a side is empty."""
    return estimate_of(baseline, against, step=baseline.steps) if baseline and against else None


def estimate_of(baseline: Entrants, against: Entrants, *, step: int) -> Estimate:
    """Return the lift of reaching `step` (from 1) between two sides that are not empty.

    Units on both sides are looked up, and their covariance enters the intervals. It is that of the
    influence of each unit on either share, Σ (x₁ - p₁)(x₂ - p₂) ÷ (n₁n₂) over the shared units,
    with x = 1 for a conversion.
    """
    n1, n2 = len(baseline), len(against)
    p1, p2 = (Proportion(side.counts()[step - 1], len(side)) for side in (baseline, against))
    both, (first, second), shared = _on_both_sides(baseline, against, step)
    product = both - p2.share * first - p1.share * second + shared * p1.share * p2.share
    return Estimate(baseline=p1, against=p2, shared=shared, covariance=product / (n1 * n2))


def units_on_both_sides(baseline: Entrants, against: Entrants) -> int:
    """Return how many units entered on both sides."""
    return _on_both_sides(baseline, against, 1)[2]


def _on_both_sides(
    baseline: Entrants, against: Entrants, step: int
) -> tuple[int, tuple[int, int], int]:
    """Count the shared units: converted on both sides, on each of the sides, and all of them."""
    if isinstance(baseline.unit, list):
        reached = dict(zip(baseline.unit, baseline.reach, strict=True))
        pairs = [
            (reached[unit] >= step, far >= step)
            for unit, far in zip(against.unit, against.reach, strict=True)
            if unit in reached
        ]
        first = sum(one for one, _ in pairs)
        second = sum(other for _, other in pairs)
        return sum(one and other for one, other in pairs), (first, second), len(pairs)
    import numpy as np

    shared, left, right = np.intersect1d(
        np.asarray(baseline.unit), np.asarray(against.unit), assume_unique=True, return_indices=True
    )
    one, other = np.asarray(baseline.reach)[left] >= step, np.asarray(against.reach)[right] >= step
    return int((one & other).sum()), (int(one.sum()), int(other.sum())), len(shared)
