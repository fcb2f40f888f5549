"""Times to convert: a bar per bin, and where the median lies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from funnelkit.charts.chart import Part
from funnelkit.charts.marks import halo, text
from funnelkit.charts.theme import AXIS, INK, SERIES, WIDTH
from funnelkit.charts.words import counted, units
from funnelkit.result.percent import percent
from funnelkit.result.tables.times import ONLY, merged, range_of
from funnelkit.result.words import count, duration, short_duration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from funnelkit.model import Funnel
    from funnelkit.result import Bin, TimeToConvert

HEIGHT: Final = 200
MOST_LABELS: Final = 10


def times_part(times: TimeToConvert, funnel: Funnel, *, name: str = "") -> Part:
    """Return the histogram of the times from one step to another, in at most 20 bins."""
    bins = merged(times.bins)
    steps = f"step {times.from_step} to {times.to_step}"
    words = (
        f"Half took {duration(times.median_seconds)} or less from {steps}"
        if times.units
        else f"Nobody got from {steps}"
    )
    if name:
        words = f"{name}: {words}"
    who = f"{units(times.units, funnel)} ({ONLY})"
    average = f"average {duration(times.average_seconds)}"
    said = "; ".join(f"{range_of(one)}: {count(one.count)}" for one in bins if one.count)
    return Part(
        words=words,
        beside=(f"time to convert of {who}, {average}", *counted(funnel)),
        view=_view(bins, times),
        alternative=f"{said}.",
    )


def _view(bins: Sequence[Bin], times: TimeToConvert) -> dict[str, Any]:
    values = [
        {
            "left": k + 0.04,
            "right": k + 0.96,
            "low": 0,
            "range": range_of(one),
            "count": one.count,
            "share": percent(one.count / times.units if times.units else None),
        }
        for k, one in enumerate(bins)
    ]
    edges = {k: short_duration(one.start) for k, one in enumerate(bins)}
    last = bins[-1] if bins else None
    if last is not None:
        edges[len(bins)] = short_duration(last.end) if last.end is not None else "∞"
    step = -(-len(edges) // MOST_LABELS)
    shown = {k: label for k, label in edges.items() if k % step == 0}
    labels = ", ".join(f"'{k}': '{label}'" for k, label in shown.items())
    x = {
        "type": "quantitative",
        "scale": {"domain": [0, max(len(bins), 1)], "nice": False},
        "axis": {
            "title": None, "values": list(shown), "grid": False,
            "labelExpr": f"{{{labels}}}[datum.value]",
        },
    }  # fmt: skip
    most = max((one.count for one in bins), default=0)
    y = {
        "type": "quantitative",
        "scale": {"domainMin": 0, **({} if most else {"domain": [0, 1]})},
        "axis": {
            "title": None, "domain": False, "ticks": False, "format": ",.3~f",
            "tickCount": max(1, min(4, most)), "tickMinStep": 1,
        },
    }  # fmt: skip
    return {
        "width": WIDTH - AXIS,
        "height": HEIGHT,
        "layer": [
            {
                "data": {"values": values},
                "mark": {"type": "rect", "color": SERIES[0]},
                "encoding": {
                    "x": {"field": "left", **x},
                    "x2": {"field": "right"},
                    "y": {"field": "low", **y},
                    "y2": {"field": "count"},
                    "tooltip": [
                        {"field": "range", "type": "nominal"},
                        {"field": "count", "type": "quantitative", "format": ","},
                        {"field": "share", "type": "nominal"},
                    ],
                },
            },
            *_median(bins, times.median_seconds, x),
        ],
    }


def _median(
    bins: Sequence[Bin], median: float | None, x: dict[str, Any]
) -> Sequence[dict[str, Any]]:
    """Return a line at the median, where it lies inside a bin that ends."""
    for k, one in enumerate(bins):
        if median is not None and one.end is not None and one.start <= median < one.end:
            place = k + (median - one.start) / (one.end - one.start)
            right = k > len(bins) / 2
            words = text(
                [{"at": place, "words": f"median {duration(median)}"}],
                x={"field": "at", **x}, y=-6, field="words", fontWeight=600, baseline="bottom",
                align="right" if right else "left", dx=4 if right else -4,
            )  # fmt: skip
            rule = {
                "data": {"values": [{"at": place}]},
                "mark": {"type": "rule", "color": INK, "strokeWidth": 2, "strokeDash": [5, 3]},
                "encoding": {"x": {"field": "at", **x}},
            }
            return [rule, halo(words), words]
    return []
