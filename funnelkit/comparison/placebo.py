"""Placebo: how far does this data move with nothing to compare?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from funnelkit.comparison.cohorts import WEEK, Cohort, Pair
from funnelkit.comparison.likeness import likeness

if TYPE_CHECKING:
    from collections.abc import Iterator

    from funnelkit.comparison.estimate import Estimate
    from funnelkit.engine.rows import StepRows

Kind = Literal["earlier periods", "halves of the baseline"]

MOST_PAIRS = 5
FEWEST_UNITS = 10
"""A placebo with fewer units on a side says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One comparison of two periods between which nothing is supposed to have happened.

    `start`, `middle` and `end` bound its sides, in microseconds. `answers` are its estimates as
    counted, at a common follow-up and of first entries. `stretch` is how many times further apart
    the compared periods lie than these: what drifts, drifts by so much more between them.
    """

    start: int
    middle: int
    end: int
    answers: tuple[Estimate | None, Estimate | None, Estimate | None]
    stretch: float

    def to_dict(self) -> dict[str, Any]:
        """Return the trial as plain JSON values; times are microseconds since 1970 UTC."""
        counted, common, first = (answer and answer.to_dict() for answer in self.answers)
        return {
            "start_us": self.start,
            "middle_us": self.middle,
            "end_us": self.end,
            "as_counted": counted,
            "common_follow_up": common,
            "first_entry": first,
            "stretch": self.stretch,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Placebo:
    """The same definition where there is nothing to compare."""

    name: ClassVar[str] = "placebo"

    kind: Kind
    trials: tuple[Trial, ...]

    @property
    def widest(self) -> Trial:
        """The trial whose counted difference is the largest."""
        return max(self.trials, key=lambda trial: _size(trial.answers[0]))

    @property
    def movement(self) -> float:
        """The largest difference as counted, a fraction without a sign."""
        return _size(self.widest.answers[0])

    @property
    def movement_alike(self) -> float | None:
        """The largest difference of first entries; None where there is none."""
        sizes = [_size(trial.answers[2]) for trial in self.trials if trial.answers[2]]
        return max(sizes, default=None)

    def to_dict(self) -> dict[str, Any]:
        """Return the line as plain JSON values."""
        return {
            "kind": self.kind,
            "movement": self.movement,
            "movement_of_first_entries": self.movement_alike,
            "trials": [trial.to_dict() for trial in self.trials],
        }


def placebo(rows: StepRows, pair: Pair, *, window: int, first: int) -> Placebo | None:
    """Return the line; None where the data is too small for any trial. `first` is its first event.

    Earlier pairs of periods lie apart as the compared ones do, by whole weeks where the data reach
    back so far, and the data "end" as much earlier for them. Else the halves of the baseline are
    compared, and the data ends as long after the baseline as it does after the later period.
    """
    earlier = tuple(_trials(rows, _earlier(pair, first), pair, window=window))
    if earlier:
        return Placebo(kind="earlier periods", trials=earlier)
    halves = tuple(_trials(rows, [_halves(pair)], pair, window=window))
    return Placebo(kind="halves of the baseline", trials=halves) if halves else None


def _earlier(pair: Pair, first: int) -> list[Pair]:
    """Return pairs of the same lengths that end before the later period begins, nearest first."""
    before, after = sorted(pair.sides, key=lambda side: side.start)
    shift = max(after.start - before.start, after.length)
    in_weeks = -(-shift // WEEK) * WEEK
    for step in (in_weeks, shift):
        room = (before.start - first) // step
        if room > 0:
            return [pair.moved(-step * k) for k in range(1, min(room, MOST_PAIRS) + 1)]
    return []


def _halves(pair: Pair) -> Pair:
    baseline = pair.baseline
    middle = baseline.middle
    return Pair(
        Cohort(baseline.start, middle, baseline.segment),
        Cohort(middle, baseline.end, baseline.segment),
        baseline.end + pair.time_after,
    )


def _trials(rows: StepRows, pairs: list[Pair], real: Pair, *, window: int) -> Iterator[Trial]:
    for pair in pairs:
        answers = _answers(rows, pair, window=window)
        if answers is None and pair.against.segment != pair.baseline.segment:
            # The filter of the other side may name what did not exist yet.
            one_filter = replace(pair, against=replace(pair.against, segment=pair.baseline.segment))
            answers = _answers(rows, one_filter, window=window)
        if answers is not None:
            yield Trial(
                start=min(side.start for side in pair.sides),
                middle=max(side.start for side in pair.sides),
                end=max(side.end for side in pair.sides),
                answers=answers,
                stretch=max(1.0, real.distance / pair.distance) if pair.distance else 1.0,
            )


def _answers(
    rows: StepRows, pair: Pair, *, window: int
) -> tuple[Estimate | None, Estimate | None, Estimate | None] | None:
    found = likeness(rows, pair, window=window).answers
    enough = (
        answer is not None and min(answer.baseline.entered, answer.against.entered) >= FEWEST_UNITS
        for answer in found
    )
    return found if all(enough) else None


def _size(answer: Estimate | None) -> float:
    return abs(answer.difference) if answer else 0.0
