"""What a chart shows beside the steps: times, frequency, intervals, age (specification A11)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from funnelkit.result.series import Series

PERCENTILES = (25, 75, 90, 95, 99)
"""The percentiles of Amplitude's typed charts (specification A11d)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """So many units took at least `start` and less than `end` seconds; None: no upper end."""

    start: float
    end: float | None
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeToConvert:
    """The distribution of the times from one step to another, over the units that got there.

    `units` counts those between the first and the last bin's ends: shares are relative to them.
    Average, median and percentiles (at `PERCENTILES`) are over all, in seconds (A11d).
    """

    from_step: int
    to_step: int
    units: int
    bins: tuple[Bin, ...]
    average_seconds: float | None
    median_seconds: float | None
    percentile_seconds: tuple[float | None, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "from_step": self.from_step,
            "to_step": self.to_step,
            "units": self.units,
            "bins": [{"start": b.start, "end": b.end, "count": b.count} for b in self.bins],
            "average_seconds": self.average_seconds,
            "median_seconds": self.median_seconds,
            "percentile_seconds": {
                str(p): s for p, s in zip(PERCENTILES, self.percentile_seconds, strict=True)
            },
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Frequency:
    """How often units did a step before they first did the next one (A11e).

    `counts[n - 1]` units did it n times, over the units that reached the next step.
    """

    step: int
    counts: tuple[int, ...]
    average: float | None
    median: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values; `units_by_times` leaves out the numbers of times nobody did."""
        return {
            "step": self.step,
            "units_by_times": {str(n): units for n, units in enumerate(self.counts, 1) if units},
            "average": self.average,
            "median": self.median,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalResult:
    """The units that entered in one interval, each counted once in it (A11c).

    `name` is the local day of the start, `2024-01-31`, with the time of day for intervals shorter
    than a day. `start` and `end` are its instants, in UTC; the range of dates may cut it short.
    `complete` tells whether nothing more can arrive.
    """

    name: str
    start: datetime
    end: datetime
    complete: bool
    series: Series

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
            "complete": self.complete,
            **self.series.to_dict(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class AgePoint:
    """The share of entrants that would have converted so many seconds after entering.

    `at_risk` entrants had not converted just before and were still watched; `converted` of them did
    now. `conversion` is 1 minus the Kaplan–Meier estimate (Kaplan and Meier 1958, JASA 53,
    457-481), with its 95 % interval by Greenwood's formula on the log(-log) scale.
    """

    seconds: float
    at_risk: int
    converted: int
    conversion: float
    low: float
    high: float

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {name: getattr(self, name) for name in self.__slots__}
