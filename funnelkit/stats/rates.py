"""Two rates of events, compared unit by unit: events of one unit do not happen independently.

The rate of a group is its events ÷ its time at risk. How far it may be off follows from how units
differ in their events and their times, not from the number of events alone: one unit with a
thousand events is one observation.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, inf, log, sqrt
from statistics import NormalDist

from funnelkit.stats.proportion import CONFIDENCE, Interval, z_value

FEWEST_EVENTS = 5
"""So many independent events a group must have, or be expected to have, to be compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RateSums:
    """Sums over the units of a group, those without an event included.

    With c the events of a unit and e its time at risk, in any unit of time that both groups share:
    `count` is Σc, `exposure` Σe, `count_squared` Σc², `exposure_squared` Σe², `product` Σce.
    """

    units: int
    count: int
    exposure: float
    count_squared: int
    exposure_squared: float
    product: float

    @property
    def rate(self) -> float | None:
        """Events by unit of time; None where nobody was at risk."""
        return self.count / self.exposure if self.exposure > 0 else None

    def scatter(self, rate: float) -> float:
        """Return Σ(c - rate·e)², how far units are from what the rate lets expect."""
        return max(
            0.0,
            self.count_squared - 2 * rate * self.product + rate * rate * self.exposure_squared,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RateRatio:
    """The rate of one group ÷ that of the baseline, its interval, and the two-sided p-value.

    `standard_error` is that of the ratio's logarithm. Where a group is too small to tell, there is
    neither interval, standard error nor p-value; among many comparisons such a one counts as p = 1,
    because whether it was made depends on its events. `ratio` is None where the baseline has no
    event; the interval is then open above.
    """

    ratio: float | None
    interval: Interval | None = None
    standard_error: float | None = None
    p_value: float | None = None


def rate_ratio(
    baseline: RateSums, against: RateSums, *, confidence: float = CONFIDENCE
) -> RateRatio:
    """Compare two rates on the scale of the logarithm, where they are nearest to normal.

    The variance of a group's log rate is Σ(c - r·e)² n ÷ (n - 1) ÷ (Σc)², the linearised variance
    of a ratio of means (Cochran 1977, Sampling Techniques, section 6.3); at least 1 ÷ Σc, that of
    independent events (Poisson). Its inverse is the number of independent events that the group is
    worth. Both groups must be worth 5, or could have been expected to be if their rates were equal;
    a group that was, and had no event at all, counts half a one.

    Tried on random events (gamma-distributed rates and times, 10 to 20,000 units a group): equal
    rates are told apart at 5 % in at most 7 % of all cases, at 0.1 % in at most 0.4 %.
    """
    one, other = baseline.rate, against.rate
    if one is None or other is None:
        return RateRatio(ratio=None)
    ratio = other / one if one else None
    if not baseline.count and not against.count:
        return RateRatio(ratio=None)
    equal = (baseline.count + against.count) / (baseline.exposure + against.exposure)
    scatter = baseline.scatter(equal) + against.scatter(equal)
    events_at_once = max(1.0, scatter / (baseline.count + against.count))
    variance = 0.0
    for group in (baseline, against):
        expected = group.exposure * equal / events_at_once
        own = _variance(group) if group.count else 2 * events_at_once
        if max(1 / own, expected) < FEWEST_EVENTS:
            return RateRatio(ratio=ratio)
        variance += own
    middle = log((against.count or 0.5) / against.exposure)
    middle -= log((baseline.count or 0.5) / baseline.exposure)
    error = sqrt(variance)
    half = z_value(confidence) * error
    lower = exp(middle - half) if against.count else 0.0
    upper = exp(middle + half) if baseline.count else inf
    return RateRatio(
        ratio=ratio,
        interval=Interval(lower, upper),
        standard_error=error,
        p_value=2 * NormalDist().cdf(-abs(middle) / error),
    )


def _variance(group: RateSums) -> float:
    """Return the variance of the logarithm of a rate that is not 0."""
    scatter = group.scatter(group.count / group.exposure)
    return max(scatter * group.units / max(1, group.units - 1), group.count) / group.count**2
