"""On which terms numbers hold: exactly, unless somebody allowed a difference and said why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from funnelkit.errors import DefinitionError

SETTLE: Final = timedelta(days=14)
"""Late uploads raise counts of the past, and merged users lower them, for about so long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """At a step there may be up to so many users fewer (`missing`), or more, than expected."""

    step: int
    users: int
    missing: bool
    reason: str

    def __post_init__(self) -> None:
        if self.users < 1 or self.step < 1:
            raise DefinitionError(
                f"an allowance is of 1 user or more, at a step from 1 on; got {self.users} users "
                f"at step {self.step}"
            )
        if not self.reason.strip():
            raise DefinitionError("an allowed difference has a reason")

    def covers(self, step: int | None, difference: int) -> bool:
        """Whether a count of `step` that is off by `difference` (found - expected) is allowed."""
        off = -difference if self.missing else difference
        return self.step == step and 0 < off <= self.users


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """More than so many users, or than this share of the expected ones."""

    users: int = 0
    share: float = 0.0

    def is_passed_by(self, difference: int, expected: int) -> bool:
        """Whether the difference, either way, is larger than the threshold."""
        return abs(difference) > max(self.users, self.share * expected)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownDifference:
    """The numbers differ, somebody knows why, and it will be looked at until a day (inclusive)."""

    reason: str
    until: date

    def __post_init__(self) -> None:
        if not self.reason.strip():
            raise DefinitionError("a known difference has a reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How a result is held to the expected numbers.

    A count that is off fails; up to `fail_over` it only warns, up to `warn_over` it passes, as in
    dbt's tests. There is no tolerance for sampling: both numbers come from the same events.
    `settle` is how long numbers of Amplitude's may still change after the last conversion could
    have happened. `allow` names the doubts (`AmplitudeAnswer.doubts`) that are put up with.
    """

    allowances: tuple[Allowance, ...] = ()
    warn_over: Threshold = Threshold()
    fail_over: Threshold = Threshold()
    settle: timedelta = SETTLE
    known_difference: KnownDifference | None = None
    allow: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        sides = (self.warn_over, self.fail_over)
        if any(max(warn, fail) > fail for warn, fail in zip(*map(_pair, sides), strict=True)):
            raise DefinitionError(
                "warn_over is not above fail_over: what fails has no need to be warned of; give "
                "both, as in warn_over = 0, fail_over = 5"
            )


def _pair(threshold: Threshold) -> tuple[float, float]:
    return threshold.users, threshold.share
