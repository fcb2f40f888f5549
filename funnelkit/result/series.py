"""The steps of a funnel for one segment or group, with raw counts and full-precision fractions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from funnelkit.result.views import AgePoint, Frequency, IntervalResult, TimeToConvert


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """One step of one series.

    `count` is the number of units whose chosen conversion got at least this far; `drop_off` is a
    count too: units lost since the previous step. Conversions are fractions, None where nobody was
    there to convert. Times are seconds from the previous step over the units that reached this
    one (specification A11a, A11b); the median is exact. `excluded_drop_off` is the part of
    `drop_off` that is due to excluded events; None where the funnel excludes none (A6).
    """

    step: int
    event: str
    count: int
    conversion_from_start: float | None
    conversion_from_previous: float | None
    drop_off: int
    average_seconds: float | None
    median_seconds: float | None
    excluded_drop_off: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the step as plain JSON values; what the funnel does not ask for is left out."""
        found = {name: getattr(self, name) for name in self.__slots__}
        if self.excluded_drop_off is None:
            del found["excluded_drop_off"]
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """The steps of a segment, or of one group of a segment.

    `conversion` is the fraction of entrants that reached the last step; the times are those of the
    whole funnel over the units that did. A group's `name` is the text of its `values`; of many
    groups the largest are kept, and `groups_left_out` counts the others. The fields from
    `intervals` on are filled where the funnel's measures ask for them.
    """

    name: str
    steps: tuple[StepResult, ...]
    conversion: float | None
    average_seconds: float | None
    median_seconds: float | None
    values: tuple[str, ...] = ()
    groups: tuple[Series, ...] = ()
    groups_left_out: int = 0
    intervals: tuple[IntervalResult, ...] = ()
    time_to_convert: tuple[TimeToConvert, ...] = ()
    frequency: tuple[Frequency, ...] = ()
    property_sum: float | None = None
    by_age: tuple[AgePoint, ...] = ()

    @property
    def counts(self) -> tuple[int, ...]:
        """Units per step."""
        return tuple(step.count for step in self.steps)

    def to_dict(self) -> dict[str, Any]:
        """Return the series as plain JSON values; measures that were not asked for are left out."""
        found: dict[str, Any] = {
            "name": self.name,
            "steps": [step.to_dict() for step in self.steps],
            "conversion": self.conversion,
            "average_seconds": self.average_seconds,
            "median_seconds": self.median_seconds,
        }
        if self.values:
            found["values"] = list(self.values)
        if self.property_sum is not None:
            found["property_sum"] = self.property_sum
        for name in ("intervals", "time_to_convert", "frequency", "by_age"):
            if records := getattr(self, name):
                found[name] = [record.to_dict() for record in records]
        if self.groups:
            found["groups"] = [group.to_dict() for group in self.groups]
            found["groups_left_out"] = self.groups_left_out
        return found
