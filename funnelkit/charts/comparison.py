"""Two sides step by step, and the lift of each step with its 95 % interval."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from funnelkit.charts.bars import Bar, Place, Row, bars_view, places, y_scale
from funnelkit.charts.chart import Chart, Part, chart_of
from funnelkit.charts.marks import halo, text
from funnelkit.charts.theme import GRID, INK, NORMAL, WIDTH
from funnelkit.charts.words import counted
from funnelkit.comparison.sentences import span
from funnelkit.comparison.sides import own_filters
from funnelkit.result.percent import percent, percentages
from funnelkit.result.words import count, points
from funnelkit.specs.text import format_filters, format_period

if TYPE_CHECKING:
    from collections.abc import Sequence

    from funnelkit.comparison.estimate import Estimate
    from funnelkit.comparison.result import ComparisonResult, SideResult
    from funnelkit.model import Filter

BETWEEN: Final = 28
LIFT: Final = 208
BARS: Final = WIDTH - BETWEEN - LIFT


def comparison_chart(result: ComparisonResult) -> Chart:
    """Return the picture of a comparison."""
    with percentages(result.baseline.funnel.settings.percentages):
        return chart_of([comparison_part(result)])


def comparison_part(result: ComparisonResult) -> Part:
    """Return the bars of both sides beside the lift of each step.

    Lift and interval are the numbers above "Like with like?", both sides taken as independent; the
    closing sentence, which says what they show, stands below the title.
    """
    one, other = result.baseline, result.against
    names = (one.name, other.name)
    common = own_filters(one.funnel, other.funnel)
    sides = (_side(side, own) for side, own in zip((one, other), common.filters, strict=True))
    pairs = list(zip(one.series.steps, other.series.steps, strict=True))
    rows = [
        Row(
            name=f"{first.step} {first.event}",
            bars=tuple(
                Bar(
                    series=name,
                    share=step.conversion_from_start,
                    words=f"{percent(step.conversion_from_start)} · {count(step.count)}",
                )
                for name, step in zip(names, (first, second), strict=True)
            ),
        )
        for first, second in pairs
    ]
    where, height = places(rows, BARS)
    lift = result.lift
    words = (
        f"{points(lift.difference)} points: {percent(lift.baseline.share)} {one.name}, "
        f"{percent(lift.against.share)} {other.name}"
    )
    view = {
        "hconcat": [
            bars_view(rows, names, pixels=BARS),
            _lifts(result.steps, where[1:], height),
        ],
        "spacing": BETWEEN,
        "resolve": {"scale": {"x": "independent", "y": "independent"}},
    }
    return Part(
        words=words,
        beside=(result.sentence, *counted(common.funnel), *sides),
        view=view,
        alternative=f"95 % interval {span(lift.interval)} points. {result.sentence}",
    )


def _side(side: SideResult, own: tuple[Filter, ...]) -> str:
    period = side.funnel.period
    open_ended = period.start is None and period.end is None
    parts = ["every date" if open_ended else format_period(period)]
    if own:
        parts.append(f"where {format_filters(own)}")
    return f"{side.name}: {', '.join(parts)}"


def _lifts(steps: Sequence[Estimate], where: Sequence[Place], height: int) -> dict[str, Any]:
    """Return a point per step with its interval, on a scale of points around 0."""
    values = [
        {
            "y": (place.bars[0] + place.bars[-1]) / 2,
            "lift": 100 * found.difference,
            "low": 100 * found.interval[0],
            "high": 100 * found.interval[1],
            "words": f"{points(found.difference)} ({span(found.interval)})",
            "text": place.name + (len(place.lines) - 1) * 17,
        }
        for found, place in zip(steps, where, strict=True)
    ]
    end = _round_up(100 * max(abs(bound) for found in steps for bound in found.interval))
    y = y_scale(height)
    x = {
        "type": "quantitative",
        "scale": {"domain": [-end, end], "nice": False},
        "axis": {
            "title": "lift in points, with 95 % interval", "values": [-end, 0, end], "grid": False,
            "ticks": False, "domain": False,
            "labelExpr": "datum.value ? format(datum.value, '+~') : '0'",
        },
    }  # fmt: skip
    place = {"y": {"field": "y", **y}}
    words = text(
        values, x=LIFT / 2, y={"field": "text", **y}, field="words", fontSize=NORMAL, fontWeight=600
    )
    return {
        "width": LIFT,
        "height": height,
        "layer": [
            {
                "data": {"values": [{"zero": 0}]},
                "mark": {"type": "rule", "color": GRID, "strokeWidth": 2},
                "encoding": {"x": {"field": "zero", **x}},
            },
            {
                "data": {"values": values},
                "mark": {"type": "rule", "color": INK, "strokeWidth": 2},
                "encoding": {"x": {"field": "low", **x}, "x2": {"field": "high"}, **place},
            },
            {
                "data": {"values": values},
                "mark": {"type": "point", "filled": True, "size": 70, "color": INK, "opacity": 1},
                "encoding": {
                    "x": {"field": "lift", **x},
                    **place,
                    "tooltip": [{"field": "words", "type": "nominal"}],
                },
            },
            halo(words),
            words,
        ],
    }  # fmt: skip


def _round_up(far: float) -> float:
    ends = (1, 2, 5, 10, 20, 30, 50)
    return next((end for end in ends if far <= end), 100)
