"""Conversion by age: the Kaplan–Meier curve at a few ages."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from funnelkit.result.percent import percent
from funnelkit.result.tables.text_table import TextTable
from funnelkit.result.words import short_duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from funnelkit.model import Funnel
    from funnelkit.result.series import Series
    from funnelkit.result.views import AgePoint

MINUTE, HOUR, DAY = 60, 3_600, 86_400
AGES = (
    1, 10, MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR,
    DAY, 3 * DAY, 7 * DAY, 14 * DAY, 30 * DAY, 60 * DAY, 90 * DAY, 180 * DAY, 366 * DAY,
)  # fmt: skip
MOST_AGES = 6
MEANING = (
    "Kaplan–Meier: the share that converts within so long, if those who are still on their way "
    "count for as long as they were watched"
)


def age_tables(segment: Series, funnel: Funnel) -> Iterator[TextTable]:
    """Yield a row per age with its 95 % interval, and for groups a row for each."""
    if not segment.by_age:
        return
    ages = _ages(segment.by_age)
    rows = []
    for age in ages:
        point = at(segment.by_age, age)
        if point is not None:
            interval = f"{percent(point.low)} to {percent(point.high)}"
            rows.append((short_duration(age), percent(point.conversion), interval))
    yield TextTable(
        title=f"conversion by time since step 1 ({funnel.noun}s)",
        heads=("within", "converted", "95 % interval"),
        rows=tuple(rows),
        notes=(MEANING,),
    )
    groups = [group for group in segment.groups if group.values]
    if groups:
        few = ages[-MOST_AGES:]
        yield TextTable(
            title="conversion by time since step 1, of each group",
            heads=("group", *map(short_duration, few)),
            rows=tuple((g.name, *(_share(g.by_age, age) for age in few)) for g in groups),
        )


def at(points: Sequence[AgePoint], age: float) -> AgePoint | None:
    """Return the point of the curve that holds at an age; None before the first, after the last."""
    place = bisect_right(points, age, key=lambda point: point.seconds)
    if not place or age > points[-1].seconds:
        return None
    return points[place - 1]


def _share(points: Sequence[AgePoint], age: float) -> str:
    if points and age < points[0].seconds:
        return percent(0.0)
    point = at(points, age)
    return percent(None if point is None else point.conversion)


def _ages(points: Sequence[AgePoint]) -> list[float]:
    """Return the usual ages at which the curve has risen, and the last at which one was watched."""
    found: list[float] = []
    last, shown = points[-1], ""
    for age in AGES:
        if points[0].seconds <= age < last.seconds:
            point = at(points, age)
            text = "" if point is None else percent(point.conversion)
            if text != shown:
                found.append(age)
            shown = text
    return [*found, last.seconds]
