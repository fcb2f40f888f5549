"""Conversion over time: a line, dotted where conversions can still follow; entries below."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from funnelkit.charts.chart import Part
from funnelkit.charts.marks import by_series, color, key
from funnelkit.charts.theme import AXIS, PAPER, QUIET, SERIES, SHADE, SHAPES, WIDTH
from funnelkit.charts.words import counted
from funnelkit.result.percent import percent
from funnelkit.result.tables.intervals import WORDS, clock
from funnelkit.result.words import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from funnelkit.model import Funnel
    from funnelkit.result import Series

HEIGHT: Final = 220
ENTRIES: Final = 56
MOST_LINES: Final = len(SERIES)
MOST_TICKS: Final = 8
MOST_CLOCKS: Final = 6
"""Labels with a time of day are longer."""

MOST_DOTS: Final = 60
"""More of them touch each other: they become small."""


def over_time_part(
    lines: Sequence[Series], funnel: Funnel, *, entered: Series, left: int = 0, name: str = ""
) -> Part:
    """Return a line per series, of at most six; below are the entries of the series `entered`.

    `left` counts the series that are not drawn, for want of colours that can be told apart.
    """
    shown = lines[:MOST_LINES]
    left += len(lines) - len(shown)
    word = WORDS[funnel.measures.interval or "day"]
    points = [point for one in shown for point in _points(one, funnel)]
    names = [interval.name for interval in entered.intervals]
    beside = [*counted(funnel)]
    if not all(interval.complete for interval in entered.intervals):
        beside.append(
            "hollow and dotted: incomplete, conversions can still follow after the end of the data"
        )
    if left:
        beside.append(f"{count(left)} more lines are not drawn")
    words = f"{name + ': conversion' if name else 'Conversion'} by {word} of entry"
    said = ", ".join(
        f"{clock(point['interval'])} {percent(point['conversion'])}" for point in points[:60]
    )
    return Part(
        words=words,
        beside=tuple(beside),
        view={
            "vconcat": [
                _lines(points, names, [one.name for one in shown]),
                _entries(list(_points(entered, funnel)), names, funnel.noun),
            ],
            "spacing": 8,
            "resolve": {"scale": {"x": "shared", "color": "shared"}},
        },
        alternative=f"{said}.",
    )


def _points(series: Series, funnel: Funnel) -> Iterator[dict[str, Any]]:
    """Yield an interval each, with the one before it where a line joins the two."""
    before: dict[str, Any] | None = None
    for interval in series.intervals:
        share = interval.series.conversion
        point = {
            "series": key(series.name),
            "interval": interval.name,
            "entered": interval.series.counts[0],
            "conversion": share,
            "complete": interval.complete,
            "words": f"{percent(share)} of {count(interval.series.counts[0])} {funnel.noun}s"
            + ("" if interval.complete else ", incomplete"),
        }
        joined = share is not None and before is not None and before["conversion"] is not None
        if joined and before is not None:
            point |= {"from": before["interval"], "from_conversion": before["conversion"]}
        yield point
        before = point


def _x(names: Sequence[str], *, labels: bool) -> dict[str, Any]:
    """Return the scale of the intervals, with labels at a few of them."""
    most = MOST_CLOCKS if any("T" in name for name in names) else MOST_TICKS
    step = -(-len(names) // most)
    axis = {
        "title": None, "values": list(names[::step]), "labelAngle": 0, "labelOverlap": True,
        "labelExpr": "replace(slice(datum.label, 0, 16), 'T', ' ')", "grid": False,
    }  # fmt: skip
    return {
        "type": "ordinal",
        "scale": {"type": "point", "domain": list(names), "padding": 0.5},
        "axis": axis if labels else None,
    }


def _lines(
    points: Sequence[dict[str, Any]], names: Sequence[str], series: Sequence[str]
) -> dict[str, Any]:
    x = _x(names, labels=False)
    some = any(point["conversion"] for point in points)
    y = {"type": "quantitative", "scale": {"zero": True, **({} if some else {"domain": [0, 1]})}}
    dense = len(names) > MOST_DOTS
    axis = {"title": None, "format": ".3~p", "domain": False, "ticks": False, "tickCount": 5}
    pixels = WIDTH - AXIS
    colors = color(series, pixels, symbol=None)
    several = len(series) > 1
    there = [point for point in points if point["conversion"] is not None]
    joined = [point for point in there if "from" in point]
    lines = [{
        "data": {"values": joined},
        "mark": {"type": "rule", "strokeWidth": 1 if dense else 2, "strokeCap": "round"},
        "encoding": {
            "x": {"field": "from", **x},
            "x2": {"field": "interval"},
            "y": {"field": "from_conversion", **y, "axis": axis},
            "y2": {"field": "conversion"},
            "color": colors,
            "strokeDash": {
                "field": "complete",
                "type": "nominal",
                "scale": {"domain": [True, False], "range": [[1, 0], [2, 5]]},
                "legend": None,
            },
        },
    }]  # fmt: skip
    return {
        "width": pixels,
        "height": HEIGHT,
        "layer": [
            *(lines if joined else ()),
            {
                "data": {"values": there},
                "mark": {
                    "type": "point", "strokeWidth": 1 if dense else 2, "opacity": 1,
                    "size": 6 if dense else 40,
                },
                "encoding": {
                    "x": {"field": "interval", **x},
                    "y": {"field": "conversion", **y, "axis": axis},
                    "color": colors,
                    **({"shape": {**colors, **by_series(series, SHAPES)}} if several else {}),
                    "fill": {
                        "condition": {
                            "test": "datum.complete", "field": "series", "type": "nominal",
                            "scale": colors["scale"], "legend": None,
                        },
                        "value": PAPER,
                    },
                    "tooltip": [
                        {"field": "series", "type": "nominal"},
                        {"field": "interval", "type": "nominal"},
                        {"field": "words", "type": "nominal"},
                    ],
                },
            },
        ],
    }  # fmt: skip


def _entries(points: Sequence[dict[str, Any]], names: Sequence[str], noun: str) -> dict[str, Any]:
    """Return how many entered in each interval: what a share is worth."""
    most = max((point["entered"] for point in points), default=0)
    band = (WIDTH - AXIS) / max(len(names), 1)
    return {
        "width": WIDTH - AXIS,
        "height": ENTRIES,
        "data": {"values": list(points)},
        "mark": {"type": "bar", "width": max(1, min(28, band * 0.7)), "color": QUIET},
        "encoding": {
            "x": {"field": "interval", **_x(names, labels=True)},
            "y": {
                "field": "entered",
                "type": "quantitative",
                "scale": {"domain": [0, max(most, 1)]},
                "axis": {
                    "title": [f"{noun}s who", "entered,", f"up to {count(most)}"],
                    "titleAngle": 0, "titleAlign": "right", "titleX": -8, "titleY": 4,
                    "titleBaseline": "top", "labels": False, "ticks": False, "domain": False,
                    "gridColor": SHADE, "tickCount": 2,
                },
            },
            "tooltip": [{"field": "words", "type": "nominal"}],
        },
    }  # fmt: skip
