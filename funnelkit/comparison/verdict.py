"""The closing sentence: what the numbers allow to be said, and no more."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Any, Literal

from funnelkit.stats.proportion import CONFIDENCE, z_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from funnelkit.comparison.estimate import Estimate
    from funnelkit.comparison.likeness import Likeness
    from funnelkit.comparison.placebo import Placebo, Trial

Call = Literal["no change", "undecided", "larger than usual", "randomised"]
Reason = Literal[
    "the interval includes 0",
    "not at a common follow-up",
    "not with first entries",
    "the other way at a common follow-up",
    "the other way with first entries",
    "nobody left at a common follow-up",
    "nobody left with first entries",
    "too little data for a placebo",
    "no more than the placebo",
    "beyond the usual movement",
    "randomised",
]


Judged = Literal["as counted", "at a common follow-up", "first entries"]


@dataclass(frozen=True, slots=True, kw_only=True)
class UsualMovement:
    """How far one answer may move by itself, as the placebo trial that moved furthest has it.

    `judged` is the answer, and `difference` its size. `seen` is the trial's difference and
    `drift` the part of it that its sampling error does not explain; both are sizes without a sign.
    `stretch` is how many times further apart the compared periods lie than the trial's.
    `chance_error` is that of the answer and of the trial together, half a 95 % interval.
    """

    judged: Judged
    difference: float
    seen: float
    drift: float
    stretch: float
    chance_error: float

    @property
    def size(self) -> float:
        """The difference that would have to be exceeded."""
        return self.stretch * self.drift + self.chance_error

    @property
    def surplus(self) -> float:
        """By how much the difference exceeds it; not above 0 where it does not."""
        return abs(self.difference) - self.size

    def to_dict(self) -> dict[str, Any]:
        """Return the movement as plain JSON values."""
        return {
            "judged": self.judged,
            "difference": self.difference,
            "size": self.size,
            "placebo_difference": self.seen,
            "placebo_drift": self.drift,
            "stretch": self.stretch,
            "chance_error": self.chance_error,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One of four calls, and the test that decided it.

    * "no change": an interval includes 0, as counted, at a common follow-up or of first entries.
    * "undecided": no interval does, but that is no evidence: the answers contradict each other, or
      the data moves as far by itself, or is too small to know how far it moves.
    * "larger than usual": nobody was randomised, so the cause stays open.
    * "randomised": chance assigned the sides; the interval of the lift says the rest.

    `scatter` is the variance from day to day as a multiple of chance, by which the intervals were
    widened; `usual` is None where nothing was judged against the placebo.
    """

    call: Call
    reason: Reason
    scatter: float = 1.0
    usual: UsualMovement | None = None

    @property
    def needed(self) -> float | None:
        """The difference that would have been larger than the usual movement, a fraction."""
        return self.usual.size if self.usual else None

    def to_dict(self) -> dict[str, Any]:
        """Return the verdict as plain JSON values."""
        return {
            "call": self.call,
            "reason": self.reason,
            "scatter": self.scatter,
            "needed_difference": self.needed,
            "usual_movement": self.usual and self.usual.to_dict(),
        }


RANDOMISED = Verdict(call="randomised", reason="randomised")


def judge(alike: Likeness, placebo: Placebo | None, *, scatter: float) -> Verdict:
    """Return whether a difference that nobody randomised is larger than the usual movement.

    It is where each of the three answers (as counted, at a common follow-up, of first entries)
    excludes 0 on the same side, and the two that are alike are larger than each placebo trial's
    answer by more than the sampling error of both. Where one of the three includes 0 it is
    consistent with no change; anything else is undecided.
    """
    if reason := _includes_0(alike):
        return Verdict(call="no change", reason=reason, scatter=scatter)
    if reason := _unlike(alike):
        return Verdict(call="undecided", reason=reason, scatter=scatter)
    if placebo is None:
        return Verdict(call="undecided", reason="too little data for a placebo", scatter=scatter)
    _, common, first = alike.answers
    judged: tuple[tuple[Judged, Estimate | None, int], ...] = (
        ("first entries", first, 2),
        ("as counted" if alike.complete else "at a common follow-up", common, 1),
    )
    movements = [
        movement
        for name, answer, kind in judged
        if answer is not None
        for movement in _movements(name, answer, placebo.trials, kind=kind, scatter=scatter)
    ]
    usual = min(movements, key=lambda movement: movement.surplus)
    if usual.surplus <= 0:
        return Verdict(
            call="undecided", reason="no more than the placebo", scatter=scatter, usual=usual
        )
    return Verdict(
        call="larger than usual", reason="beyond the usual movement", scatter=scatter, usual=usual
    )


def _includes_0(alike: Likeness) -> Reason | None:
    """Return which answer's interval includes 0, the first of the three."""
    reasons: tuple[Reason, ...] = (
        "the interval includes 0", "not at a common follow-up", "not with first entries",
    )  # fmt: skip
    for answer, reason in zip(alike.answers, reasons, strict=True):
        if answer is not None and not answer.excludes_no_change:
            return reason
    return None


def _unlike(alike: Likeness) -> Reason | None:
    """Return which answer is not there, or lies on the other side of 0 than the counted one."""
    counted, common, first = alike.answers
    if counted is None or common is None:
        return "nobody left at a common follow-up"
    if first is None:
        return "nobody left with first entries"
    if common.difference * counted.difference < 0:
        return "the other way at a common follow-up"
    if first.difference * counted.difference < 0:
        return "the other way with first entries"
    return None


def _movements(
    judged: Judged, answer: Estimate, trials: tuple[Trial, ...], *, kind: int, scatter: float
) -> Iterator[UsualMovement]:
    """Yield how far the answer may move by itself, as each trial has it.

    A trial's drift is its difference less what its sampling error explains. It is stretched to the
    distance between the compared periods; the sampling errors of both come on top.
    """
    z = z_value(CONFIDENCE)
    for trial in trials:
        other = trial.answers[kind]
        if other is not None:
            noise = _half(other)
            yield UsualMovement(
                judged=judged,
                difference=answer.difference,
                seen=abs(other.difference),
                drift=sqrt(max(0.0, other.difference**2 - (noise / z) ** 2)),
                stretch=trial.stretch,
                chance_error=sqrt(_half(answer) ** 2 * scatter + noise**2),
            )


def _half(answer: Estimate) -> float:
    """Return half the width of the interval: unlike the standard error it is never 0."""
    lower, upper = answer.interval
    return (upper - lower) / 2
