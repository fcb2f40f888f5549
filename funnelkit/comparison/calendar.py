"""Calendar: the days of the week on each side, and whole weeks one by one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, ClassVar
from zoneinfo import ZoneInfo

from funnelkit.comparison.cohorts import SECOND, WEEK, enter
from funnelkit.comparison.estimate import share_to_dict
from funnelkit.comparison.scatter import count_by
from funnelkit.stats.proportion import Proportion

if TYPE_CHECKING:
    from collections.abc import Iterator

    from funnelkit.comparison.cohorts import Cohort, Pair
    from funnelkit.comparison.likeness import Likeness
    from funnelkit.engine.entrants import Entrants
    from funnelkit.engine.rows import StepRows

QUARTER_HOUR = 900 * SECOND  # every zone's offset is a multiple of it
UNEQUAL = 0.05
"""Weekdays matter where at least 5 in 100 entries would have to move to make the mixes equal."""
FEWEST_WEEKS = 2
MOST_WEEKS = 6
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """The units that entered in one week, Monday to Sunday, all of them with the whole window."""

    monday: date
    conversion: Proportion

    def to_dict(self) -> dict[str, Any]:
        """Return the week as plain JSON values."""
        return {"monday": self.monday.isoformat()} | share_to_dict(self.conversion)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """The weekday mix of the entries, and the conversion of complete weekly cohorts.

    `weekdays` are the shares of Monday to Sunday on each side. A week is complete if it lies inside
    the period and its last entry had the window of `window_seconds` before the data end.
    """

    name: ClassVar[str] = "calendar"

    weekdays: tuple[tuple[float, ...], tuple[float, ...]]
    weeks: tuple[tuple[Week, ...], tuple[Week, ...]]
    window_seconds: float

    @property
    def distance(self) -> float:
        """The share of entries to move to other weekdays to make the mixes equal."""
        return sum(abs(one - other) for one, other in zip(*self.weekdays, strict=True)) / 2

    @property
    def unequal(self) -> bool:
        """Whether the weekday mixes differ enough to matter."""
        return self.distance >= UNEQUAL

    @property
    def weekend(self) -> tuple[float, float]:
        """The share of Saturday and Sunday on each side."""
        return sum(self.weekdays[0][5:]), sum(self.weekdays[1][5:])

    @property
    def most_unequal(self) -> int:
        """The weekday whose shares differ most, Monday is 0."""
        gaps = [abs(one - other) for one, other in zip(*self.weekdays, strict=True)]
        return gaps.index(max(gaps))

    def to_dict(self) -> dict[str, Any]:
        """Return the line as plain JSON values."""
        return {
            "weekdays": {"baseline": list(self.weekdays[0]), "against": list(self.weekdays[1])},
            "weekday_distance": self.distance,
            "window_seconds": self.window_seconds,
            "weeks": {
                "baseline": [week.to_dict() for week in self.weeks[0]],
                "against": [week.to_dict() for week in self.weeks[1]],
            },
        }


def calendar(rows: StepRows, pair: Pair, alike: Likeness, *, timezone: str) -> Calendar | None:
    """Return the line where the weekday mixes differ, or where weeks can back a difference up."""
    if alike.counted is None or pair.simultaneous:
        return None
    zone = ZoneInfo(timezone)
    window = alike.window if alike.complete else alike.short_window
    # The weeks nearest to the change: the last ones before it, the first ones after it.
    change = max(side.start for side in pair.sides)
    near = (change - (MOST_WEEKS + 1) * WEEK, change + (MOST_WEEKS + 1) * WEEK)
    bounds = (near[0], min(near[1], pair.data_end - window))
    baseline, against = (
        tuple(_weeks(rows, side, zone, bounds=bounds, window=window)) for side in pair.sides
    )
    if min(len(baseline), len(against)) < FEWEST_WEEKS:
        baseline = against = ()
    line = Calendar(
        weekdays=(
            _weekdays(alike.counted_entrants[0], zone),
            _weekdays(alike.counted_entrants[1], zone),
        ),
        weeks=(baseline, against),
        window_seconds=window / SECOND,
    )
    backs_up = bool(baseline) and alike.counted.excludes_no_change
    return line if backs_up or line.unequal else None


def _weekdays(entrants: Entrants, zone: ZoneInfo) -> tuple[float, ...]:
    """Return the shares of Monday to Sunday among the chosen entries."""
    days = [0] * 7
    for quarter, (entered, _) in count_by(entrants, origin=0, size=QUARTER_HOUR).items():
        days[_local_day(quarter * QUARTER_HOUR, zone).weekday()] += entered
    return tuple(day / len(entrants) for day in days)


def _weeks(
    rows: StepRows, cohort: Cohort, zone: ZoneInfo, *, bounds: tuple[int, int], window: int
) -> Iterator[Week]:
    """Yield the complete weeks of a cohort inside bounds (microseconds), in order."""
    start, end = max(cohort.start, bounds[0]), min(cohort.end, bounds[1])
    monday = _local_day(start, zone)
    monday -= timedelta(days=monday.weekday())
    for _ in range(MOST_WEEKS + 2):  # the first and the last may be cut
        opens, closes = (_midnight(monday + timedelta(days=days), zone) for days in (0, 7))
        if closes > end:
            return
        if opens >= start:
            found = enter(rows, replace(cohort, start=opens, end=closes), window=window)
            if len(found):
                conversion = Proportion(found.counts()[-1], len(found))
                yield Week(monday=monday, conversion=conversion)
        monday += timedelta(days=7)


def _local_day(microseconds: int, zone: ZoneInfo) -> date:
    return (EPOCH + timedelta(microseconds=microseconds)).astimezone(zone).date()


def _midnight(day: date, zone: ZoneInfo) -> int:
    return (datetime.combine(day, time(), zone) - EPOCH) // timedelta(microseconds=1)
