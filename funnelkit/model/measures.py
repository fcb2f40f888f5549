"""What a report tells beside the counts of the steps (specification A11)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from funnelkit.errors import DefinitionError
from funnelkit.model.choices import check_choice

if TYPE_CHECKING:
    from funnelkit.model.filters import Property

Interval = Literal["5min", "hour", "day", "week", "month"]


@dataclass(frozen=True, slots=True)
class Bins:
    """Bins of equal `size` from `least` to `most`, all in seconds (specification A11d)."""

    least: float
    most: float
    size: float

    def __post_init__(self) -> None:
        if not (self.size > 0 and 0 <= self.least < self.most):
            raise DefinitionError(
                f"bins go from one time up to another in steps: got {self.least:g} to "
                f"{self.most:g} seconds in steps of {self.size:g}"
            )
        if (self.most - self.least) / self.size > MOST_BINS:
            raise DefinitionError(f"there are at most {MOST_BINS:,} bins")


MOST_BINS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """What is computed beside counts, conversions, average and median times.

    `interval`: conversion over time, by the interval of entry (A11c). `time_to_convert`: the
    distribution of times, in automatic bins or in those of `bins` (A11d). `frequency`: how often a
    step was done before the next one (A11e). `sum_of`: the sum of a property of the last step's
    event (A11i). `by_age`: conversion by the time since entry, with those whose window is not over
    counted as long as they were watched (Kaplan and Meier 1958).
    """

    interval: Interval | None = None
    time_to_convert: bool = False
    bins: Bins | None = None
    frequency: bool = False
    sum_of: Property | None = None
    by_age: bool = False

    def __post_init__(self) -> None:
        if self.interval is not None:
            check_choice("an interval", self.interval, get_args(Interval))
