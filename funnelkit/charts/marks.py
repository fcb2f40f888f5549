"""Layers of text: their place in pixels or by a scale, their lines as a list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from funnelkit.charts.labels import width, wrap
from funnelkit.charts.theme import AXIS, INK, NORMAL, PAPER, SERIES, WIDTH

if TYPE_CHECKING:
    from collections.abc import Sequence

LINE_HEIGHT = 16
SYMBOL = 40


def text(
    values: Sequence[dict[str, Any]],
    *,
    x: float | dict[str, Any],
    y: float | dict[str, Any],
    field: str,
    **mark: Any,
) -> dict[str, Any]:
    """Return a layer that writes `field` of each value; a number is a place in pixels."""
    looks = {"baseline": "top", "lineHeight": LINE_HEIGHT, "fontSize": NORMAL, "color": INK, **mark}
    return {
        "data": {"values": list(values)},
        "mark": {"type": "text", **looks},
        "encoding": {"x": _place(x), "y": _place(y), "text": {"field": field}},
    }


def halo(layer: dict[str, Any]) -> dict[str, Any]:
    """Return the layer of text in the colour of the paper and thicker, to lie behind it."""
    around = {"color": PAPER, "stroke": PAPER, "strokeWidth": 5, "strokeJoin": "round"}
    return {**layer, "mark": {**layer["mark"], **around, "aria": False}}


def key(name: str) -> str:
    """Return the name of a series as its values hold it: in lines that fit into a legend."""
    return "\n".join(wrap(name, WIDTH - AXIS - SYMBOL, NORMAL))


def color(series: Sequence[str], pixels: float, *, symbol: str | None = "square") -> dict[str, Any]:
    """Return the colours of the series by name, with a legend where there are several.

    Entries of the legend stand below each other where they have no room side by side.
    """
    legend = None
    if len(series) > 1:
        room = sum(width(name, NORMAL) + SYMBOL for name in series)
        legend = {
            "title": None, "orient": "top", "offset": 12, "columns": 0 if room <= pixels else 1,
            "labelExpr": "split(datum.label, '\\n')",
            **({"symbolType": symbol} if symbol else {}),
        }  # fmt: skip
    return {**by_series(series, SERIES), "legend": legend}


def by_series(series: Sequence[str], looks: Sequence[Any]) -> dict[str, Any]:
    """Return an encoding that gives each series a look of its own."""
    return {
        "field": "series",
        "type": "nominal",
        "sort": None,
        "scale": {"domain": [key(name) for name in series], "range": list(looks[: len(series)])},
        "legend": None,
    }


def _place(place: float | dict[str, Any]) -> dict[str, Any]:
    return place if isinstance(place, dict) else {"value": place}
