"""The closing sentence: what the numbers allow to be said, and no more."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Any, Literal

from funnelkit.stats.proportion import CONFIDENCE, z_value

if TYPE_CHECKING:
    from funnelkit.comparison.estimate import Estimate
    from funnelkit.comparison.likeness import Likeness
    from funnelkit.comparison.placebo import Placebo, Trial

Call = Literal["no change", "larger than usual", "randomised"]
Reason = Literal[
    "the interval includes 0",
    "not at a common follow-up",
    "not with first entries",
    "no more than the placebo",
    "too little data for a placebo",
    "beyond the usual movement",
    "randomised",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One of three calls, and the test that decided it.

    `scatter` is the variance from day to day as a multiple of chance, by which the intervals were
    widened; `needed` is the difference that would have been larger than the usual movement, a
    fraction; None where nothing was judged against the placebo.
    """

    call: Call
    reason: Reason
    scatter: float = 1.0
    needed: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the verdict as plain JSON values."""
        return {
            "call": self.call,
            "reason": self.reason,
            "scatter": self.scatter,
            "needed_difference": self.needed,
        }


RANDOMISED = Verdict(call="randomised", reason="randomised")


def judge(alike: Likeness, placebo: Placebo | None, *, scatter: float) -> Verdict:
    """Return whether a difference that nobody randomised is larger than the usual movement.

    It is where each of the three answers (as counted, at a common follow-up, of first entries)
    excludes 0 on the same side, and the two that are alike are larger than each placebo trial's
    answer by more than the sampling error of both. Anything else is consistent with no change.
    """
    counted, common, first = alike.answers
    if counted is None or not counted.excludes_no_change:
        return _no_change("the interval includes 0", scatter)
    if not _confirms(common, counted):
        return _no_change("not at a common follow-up", scatter)
    if not _confirms(first, counted):
        return _no_change("not with first entries", scatter)
    if placebo is None:
        return _no_change("too little data for a placebo", scatter)
    surplus = [
        (abs(answer.difference) - needed, needed)
        for k, answer in ((1, common), (2, first))
        if answer is not None
        for needed in [_needed(answer, placebo.trials, k, scatter)]
    ]
    smallest, needed = min(surplus)
    if smallest <= 0:
        return Verdict(
            call="no change", reason="no more than the placebo", scatter=scatter, needed=needed
        )
    return Verdict(
        call="larger than usual", reason="beyond the usual movement", scatter=scatter, needed=needed
    )


def _no_change(reason: Reason, scatter: float) -> Verdict:
    return Verdict(call="no change", reason=reason, scatter=scatter)


def _confirms(answer: Estimate | None, counted: Estimate) -> bool:
    return (
        answer is not None
        and answer.excludes_no_change
        and (answer.difference > 0) == (counted.difference > 0)
    )


def _needed(answer: Estimate, trials: tuple[Trial, ...], kind: int, scatter: float) -> float:
    """Return the size that a difference must exceed to be larger than every placebo trial.

    A trial's own movement is its difference less what its sampling error explains, stretched to the
    distance between the compared periods; the sampling errors of both come on top.
    """
    z = z_value(CONFIDENCE)
    own = _half(answer) * sqrt(scatter)
    needed = own
    for trial in trials:
        other = trial.answers[kind]
        if other is None:
            continue
        noise = _half(other)
        movement = trial.stretch * sqrt(max(0.0, other.difference**2 - (noise / z) ** 2))
        needed = max(needed, movement + sqrt(own**2 + noise**2))
    return needed


def _half(answer: Estimate) -> float:
    """Return half the width of the interval: unlike the standard error it is never 0."""
    lower, upper = answer.interval
    return (upper - lower) / 2
