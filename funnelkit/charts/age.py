"""Conversion by age: the share that converts within so long, with its 95 % interval."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from funnelkit.charts.chart import Part
from funnelkit.charts.marks import by_series, color, key
from funnelkit.charts.theme import AXIS, DASHES, SERIES, WIDTH
from funnelkit.charts.words import counted
from funnelkit.result.percent import percent
from funnelkit.result.tables.age import AGES
from funnelkit.result.words import count, duration, short_duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from funnelkit.model import Funnel
    from funnelkit.result import AgePoint, Series

HEIGHT: Final = 220
LEAST: Final = 1.0
MOST_LINES: Final = len(SERIES)
MOST_POINTS: Final = 400


def age_part(lines: Sequence[Series], funnel: Funnel, *, left: int = 0, name: str = "") -> Part:
    """Return a curve per series on a scale of time that gives seconds and days equal room.

    A single curve has its 95 % interval as a band.
    """
    drawn = [one for one in lines if one.by_age]
    shown = drawn[:MOST_LINES]
    left += len(drawn) - len(shown)
    first, last = _ends([point.seconds for one in shown for point in one.by_age])
    points = [point for one in shown for point in _points(one, first)]
    band = ", band: its 95 % interval" if len(shown) == 1 else ""
    beside = [f"the share that converts within so long (Kaplan–Meier){band}", *counted(funnel)]
    if left:
        beside.append(f"{count(left)} more lines are not drawn")
    words = "Nobody entered"
    if len(shown) > 1:
        words = "Conversion by the time since step 1"
    elif shown:
        end = shown[0].by_age[-1]
        words = f"{percent(end.conversion)} converted within {short_duration(end.seconds)}"
    said = "; ".join(f"{one.name}: {percent(one.by_age[-1].conversion)}" for one in shown)
    return Part(
        words=f"{name}: {words}" if name else words,
        beside=tuple(beside),
        view=_view(points, [one.name for one in shown], (first, last)),
        alternative=f"{said}.",
    )


def _ends(ages: Sequence[float]) -> tuple[float, float]:
    """Return where the scale begins and ends: one point has room on its left."""
    last = max(*ages, LEAST * 10) if ages else LEAST * 10
    first = max(min(ages, default=LEAST), LEAST)
    return (last / 10 if first == last else first), last


def _points(series: Series, first: float) -> Iterator[dict[str, Any]]:
    """Yield the curve, of many points some: a step of a pixel is all that can be seen.

    It begins with nobody at the left end.
    """
    every = -(-len(series.by_age) // MOST_POINTS)
    last = len(series.by_age) - 1
    start = series.by_age[0]
    nobody = replace(start, seconds=first, conversion=0.0, low=0.0, high=0.0)
    yield {"series": key(series.name), **_place(nobody)}
    for k, point in enumerate(series.by_age):
        if k % every == 0 or k == last:
            yield {"series": key(series.name), **_place(point)}


def _place(point: AgePoint) -> dict[str, Any]:
    return {
        "seconds": max(point.seconds, LEAST),
        "conversion": point.conversion,
        "low": point.low,
        "high": point.high,
        "within": duration(point.seconds),
        "words": f"{percent(point.conversion)} ({percent(point.low)} to {percent(point.high)})",
    }


def _view(
    points: Sequence[dict[str, Any]], series: Sequence[str], ends: tuple[float, float]
) -> dict[str, Any]:
    first, last = ends
    ticks = [age for age in AGES if first <= age <= last]
    labels = ", ".join(f"'{age}': '{short_duration(age)}'" for age in ticks)
    x = {
        "field": "seconds",
        "type": "quantitative",
        "scale": {"type": "log", "domain": [first, last], "nice": False},
        "axis": {
            "title": "time since step 1", "values": ticks, "labelOverlap": "greedy",
            "labelExpr": f"{{{labels}}}[datum.value]" if ticks else "datum.label",
        },
    }  # fmt: skip
    axis = {"title": None, "format": ".3~p", "domain": False, "ticks": False, "tickCount": 5}
    y = {"type": "quantitative", "scale": {"zero": True}, "axis": axis}
    several = len(series) > 1
    colors = color(series, WIDTH - AXIS, symbol="stroke")
    dashes = {"strokeDash": {**colors, **by_series(series, DASHES)}} if several else {}
    return {
        "width": WIDTH - AXIS,
        "height": HEIGHT,
        "layer": [
            *([] if several else [_band(points, x, y)]),
            {
                "data": {"values": list(points)},
                "mark": {"type": "line", "interpolate": "step-after", "strokeWidth": 2},
                "encoding": {
                    "x": x,
                    "y": {"field": "conversion", **y},
                    "color": colors,
                    **dashes,
                    "tooltip": [
                        {"field": "series", "type": "nominal"},
                        {"field": "within", "type": "nominal"},
                        {"field": "words", "type": "nominal"},
                    ],
                },
            },
        ],
    }  # fmt: skip


def _band(points: Sequence[dict[str, Any]], x: dict[str, Any], y: dict[str, Any]) -> dict[str, Any]:
    looks = {"type": "area", "interpolate": "step-after", "color": SERIES[0], "opacity": 0.22}
    return {
        "data": {"values": list(points)},
        "mark": looks,
        "encoding": {"x": x, "y": {"field": "low", **y}, "y2": {"field": "high"}},
    }
