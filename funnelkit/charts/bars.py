"""Bars beneath each other: steps or groups of any name, one or several bars each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from funnelkit.charts.labels import wrap
from funnelkit.charts.marks import color, halo, key, text
from funnelkit.charts.theme import AXIS, NORMAL

if TYPE_CHECKING:
    from collections.abc import Sequence

BAR: Final = 20
BETWEEN: Final = 3
LINE: Final = 17
BELOW_NAME: Final = 3
BELOW_ROW: Final = 16
LABEL: Final = 190
"""Pixels for the words after the longest bar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar: the share that it shows (None: nobody was there), and the words after it."""

    series: str
    share: float | None
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Bars under one name."""

    name: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a row stands, in pixels from above: its name in lines, then the middle of each bar."""

    name: int
    lines: tuple[str, ...]
    bars: tuple[float, ...]


def places(rows: Sequence[Row], pixels: float) -> tuple[list[Place], int]:
    """Return where each row stands, and the height of all of them."""
    found, depth = [], 0
    for row in rows:
        lines = wrap(row.name, pixels, NORMAL, bold=True)
        top = depth + LINE * len(lines) + BELOW_NAME
        middles = tuple(top + BAR / 2 + k * (BAR + BETWEEN) for k in range(len(row.bars)))
        found.append(Place(name=depth, lines=tuple(lines), bars=middles))
        depth = round(middles[-1] + BAR / 2 + BELOW_ROW)
    return found, depth


def bars_view(
    rows: Sequence[Row], series: Sequence[str], *, pixels: float, most: float = 1.0
) -> dict[str, Any]:
    """Return the bars; `most` is the share of the longest bar, `pixels` the width of all.

    With more than one series a legend tells their colours; the words say whose a bar is anyway.
    """
    where, height = places(rows, pixels)
    # The scale begins where other charts have theirs, bars left of it; beyond the longest bar are
    # its words.
    end = most * pixels / (pixels - LABEL)
    ticks = [most * k / 4 for k in range(5)]
    values = [
        {
            "name": row.name,
            "series": key(bar.series),
            "start": 0,
            "share": bar.share or 0.0,
            "words": bar.words,
            "top": middle - BAR / 2,
            "middle": middle,
            "bottom": middle + BAR / 2,
        }
        for row, place in zip(rows, where, strict=True)
        for bar, middle in zip(row.bars, place.bars, strict=True)
    ]
    y = y_scale(height)
    x = {
        "type": "quantitative",
        "scale": {"domain": [end * AXIS / pixels, end], "nice": False, "zero": False},
        "axis": {
            "title": None, "values": ticks, "domain": False, "ticks": False, "labelPadding": 4,
            "labelExpr": "format(datum.value, '.3~p')",
        },
    }  # fmt: skip
    words = text(
        values, x={"field": "share", **x}, y={"field": "middle", **y}, field="words",
        align="left", baseline="middle", dx=6,
    )  # fmt: skip
    names = [
        text([{"name": list(place.lines)}], x=-AXIS, y=place.name, field="name", align="left",
             fontWeight=600)
        for place in where
    ]  # fmt: skip
    return {
        "width": pixels - AXIS,
        "height": height,
        "layer": [
            {
                "data": {"values": values},
                "mark": {"type": "rect"},
                "encoding": {
                    "x": {"field": "start", **x},
                    "x2": {"field": "share"},
                    "y": {"field": "top", **y},
                    "y2": {"field": "bottom"},
                    "color": color(series, pixels),
                    "tooltip": [
                        {"field": "name", "type": "nominal"},
                        {"field": "series", "type": "nominal"},
                        {"field": "words", "type": "nominal"},
                    ],
                },
            },
            halo(words),
            words,
            *(halo(name) for name in names),
            *names,
        ],
    }


def y_scale(height: int) -> dict[str, Any]:
    """Return the scale on which a value is its distance from above in pixels."""
    return {
        "type": "quantitative",
        "axis": None,
        "scale": {"domain": [0, height], "range": [0, height], "nice": False},
    }
