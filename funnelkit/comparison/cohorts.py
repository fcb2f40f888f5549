"""Who is asked for: the entries of one side, and the two sides of one comparison."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from funnelkit.engine.entry import Entry

if TYPE_CHECKING:
    from funnelkit.engine.entrants import Entrants
    from funnelkit.engine.rows import StepRows

SECOND = 1_000_000
HOUR = 3_600 * SECOND
DAY = 24 * HOUR
WEEK = 7 * DAY


@dataclass(frozen=True, slots=True)
class Cohort:
    """Entries in [`start`, `end`), microseconds since 1970 UTC, that belong to a segment."""

    start: int
    end: int
    segment: int

    @property
    def length(self) -> int:
        """The length of the period in microseconds."""
        return self.end - self.start

    @property
    def middle(self) -> int:
        """The middle of the period."""
        return (self.start + self.end) // 2

    def moved(self, microseconds: int) -> Cohort:
        """Return the same cohort so much later."""
        return Cohort(self.start + microseconds, self.end + microseconds, self.segment)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two cohorts, and the instant (exclusive) at which the data ends for both."""

    baseline: Cohort
    against: Cohort
    data_end: int

    @property
    def time_after(self) -> int:
        """The time that both sides could be observed for after their own end."""
        return max(0, min(self.data_end - side.end for side in self.sides))

    @property
    def sides(self) -> tuple[Cohort, Cohort]:
        """Both cohorts."""
        return self.baseline, self.against

    @property
    def simultaneous(self) -> bool:
        """Whether both sides are the same days."""
        one, other = self.sides
        return (one.start, one.end) == (other.start, other.end)

    @property
    def shorter(self) -> int:
        """The length of the shorter side."""
        return min(side.length for side in self.sides)

    @property
    def distance(self) -> int:
        """The time between the middles of the sides."""
        return abs(self.against.middle - self.baseline.middle)

    def moved(self, microseconds: int) -> Pair:
        """Return the same pair so much later, the end of the data with it."""
        baseline, against = (side.moved(microseconds) for side in self.sides)
        return Pair(baseline, against, self.data_end + microseconds)

    def for_everybody(self, segment: int) -> Pair:
        """Return the same periods with one segment on both sides."""
        baseline, against = (replace(side, segment=segment) for side in self.sides)
        return replace(self, baseline=baseline, against=against)


def enter(
    rows: StepRows,
    cohort: Cohort,
    *,
    window: int,
    until: int | None = None,
    first_only: bool = False,
) -> Entrants:
    """Return the units of a cohort; see `Entry` for the meaning of the options."""
    return rows.match(
        Entry(
            window=window,
            segment=cohort.segment,
            start=cohort.start,
            end=cohort.end,
            until=until,
            first_only=first_only,
        )
    )
