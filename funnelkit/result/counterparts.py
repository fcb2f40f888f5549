"""Series beside what they are compared with: an earlier period, or a group (specification A11g)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from funnelkit.model import Period


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDifference:
    """One step of a series, and of the one with which it is compared.

    Conversions are fractions of step 1, None where nobody was there to convert.
    """

    step: int
    event: str
    count: int
    compared_count: int
    conversion: float | None
    compared_conversion: float | None

    @property
    def difference(self) -> float | None:
        """The absolute difference, a fraction: 0.068 is 6.8 points."""
        if self.conversion is None or self.compared_conversion is None:
            return None
        return self.conversion - self.compared_conversion

    @property
    def relative_difference(self) -> float | None:
        """The difference as a fraction of that with which is compared; None where that is 0."""
        if self.difference is None or not self.compared_conversion:
            return None
        return self.difference / self.compared_conversion

    def to_dict(self) -> dict[str, Any]:
        """Return the step with both differences as plain JSON values."""
        found = {name: getattr(self, name) for name in self.__slots__}
        differences = ("difference", "relative_difference")
        return found | {name: getattr(self, name) for name in differences}


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalDifference:
    """An interval, and the one at the same place in the period with which it is compared.

    `complete` tells whether nothing more can arrive for either.
    """

    name: str
    start: datetime
    compared_start: datetime
    complete: bool
    steps: tuple[StepDifference, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "name": self.name,
            "start": self.start.isoformat(),
            "compared_start": self.compared_start.isoformat(),
            "complete": self.complete,
            "steps": [step.to_dict() for step in self.steps],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterpart:
    """One series, or a group of one, beside that with which it is compared.

    `name` is what the other is called: `[Previous] NAME` of the period before, `[Previous 2] NAME`
    of the one before that, else the name of a group. `period` holds the earlier dates; None where
    the other is a group, which has those of the report. `values` are those of the group `group`.
    """

    segment: str
    group: str | None
    name: str
    period: Period | None
    steps: tuple[StepDifference, ...]
    intervals: tuple[IntervalDifference, ...] = ()
    values: tuple[str, ...] = ()

    @property
    def dates(self) -> str:
        """The earlier dates as `FROM..TO`; nothing for a group."""
        from funnelkit.specs.text import format_period

        return "" if self.period is None else format_period(self.period)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        from funnelkit.specs.text import format_moment

        found: dict[str, Any] = {"segment": self.segment, "group": self.group, "name": self.name}
        if self.period is not None:
            for word, moment in (("from", self.period.start), ("to", self.period.end)):
                found[word] = None if moment is None else format_moment(moment)
        found["steps"] = [step.to_dict() for step in self.steps]
        if self.intervals:
            found["intervals"] = [interval.to_dict() for interval in self.intervals]
        return found
