"""The funnel as Amplitude draws it: a bar per step, with those that the step before still had."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from funnelkit.charts.chart import Part
from funnelkit.charts.labels import width, wrap
from funnelkit.charts.marks import halo, text
from funnelkit.charts.theme import AXIS, INK, LOST, MUTED, NORMAL, SERIES, SMALL, WIDTH
from funnelkit.charts.words import converted, counted, in_words, whole_time
from funnelkit.result.percent import percent
from funnelkit.result.words import count, duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from funnelkit.model import Funnel
    from funnelkit.result import Series, StepResult

HEIGHT: Final = 280
WIDEST_BAR: Final = 120
GAP: Final = 12
LEAST_COLUMN: Final = 56
"""Narrower columns hold no numbers: a funnel of more than 12 steps is wider than 800 pixels."""
MOST_NAME_LINES: Final = 4
LINE: Final = 16
NUMBER: Final = 26
LEAST_SIZE, MOST_SIZE = 8.0, 13.0
HERE, GONE = "got this far", "lost since the step before"


def funnel_part(series: Series, funnel: Funnel, *, name: str = "") -> Part:
    """Return the funnel of one series; `name` sets it apart from others of the same report."""
    words = converted(series, funnel)
    own = name or funnel.name
    return Part(
        words=f"{own}: {words}" if own else words,
        beside=tuple(line for line in (whole_time(series), *counted(funnel)) if line),
        view=_view(series.steps),
        alternative=in_words(series),
    )


def _view(steps: Sequence[StepResult]) -> dict[str, Any]:
    least = max(width(count(step.count), LEAST_SIZE) for step in steps) + 8
    room = max((WIDTH - AXIS) / len(steps), LEAST_COLUMN, least)
    names = [wrap(f"{step.step} {step.event}", room - 8, NORMAL, bold=True) for step in steps]
    listed = max(map(len, names)) > MOST_NAME_LINES
    if listed:
        names = [[f"Step {step.step}"] for step in steps]
    first = HEIGHT + 16
    below = first + LINE * max(map(len, names)) + 4
    facts = _facts(steps)
    x = {"type": "quantitative", "axis": None, "scale": {"domain": [0, len(steps)], "nice": False}}
    columns = [{"middle": k + 0.5, "name": name} for k, name in enumerate(names)]
    layers = [
        _bars(steps, min(room - GAP, WIDEST_BAR) / room, x),
        *_numbers(steps, x, _size(steps, room - 8)),
        text(columns, x={"field": "middle", **x}, y=first, field="name", fontWeight=600),
        *_fact_layers(facts, x, below, room - 8),
    ]
    if listed:
        layers += _names(steps, below + LINE * (len(facts) + 1))
    return {"width": room * len(steps), "height": HEIGHT, "layer": layers}


def _bars(steps: Sequence[StepResult], bar: float, x: dict[str, Any]) -> dict[str, Any]:
    """Return the rectangles: who got there, and who got only to the step before."""
    legend = {"title": None, "orient": "top", "symbolType": "square", "offset": 44}
    return {
        "data": {"values": list(_rectangles(steps, bar))},
        "mark": {"type": "rect", "strokeWidth": 1},
        "encoding": {
            "x": {"field": "left", **x},
            "x2": {"field": "right"},
            "y": {
                "field": "low",
                "type": "quantitative",
                "scale": {"domain": [0, 1], "nice": False},
                "axis": {
                    "title": None, "labelExpr": "format(datum.value, '.0%')", "domain": False,
                    "values": [0, 0.25, 0.5, 0.75, 1], "ticks": False, "labelPadding": 6,
                },
            },
            "y2": {"field": "high"},
            "fill": {
                "field": "part",
                "type": "nominal",
                "scale": {"domain": [HERE, GONE], "range": [SERIES[0], LOST]},
                "legend": legend if len(steps) > 1 else None,
            },
            "stroke": {"value": SERIES[0]},
            "tooltip": [
                {"field": "step", "type": "ordinal"},
                {"field": "event", "type": "nominal"},
                {"field": "part", "type": "nominal"},
                {"field": "count", "type": "quantitative", "format": ","},
            ],
        },
    }  # fmt: skip


def _rectangles(steps: Sequence[StepResult], bar: float) -> Iterator[dict[str, Any]]:
    previous = 0.0
    for k, step in enumerate(steps):
        share = step.conversion_from_start or 0.0
        place = {
            "step": step.step,
            "event": step.event,
            "left": k + 0.5 - bar / 2,
            "right": k + 0.5 + bar / 2,
        }
        yield {**place, "part": HERE, "count": step.count, "low": 0, "high": share}
        if previous > share:
            yield {**place, "part": GONE, "count": step.drop_off, "low": share, "high": previous}
        previous = share


def _numbers(
    steps: Sequence[StepResult], x: dict[str, Any], size: float
) -> Iterator[dict[str, Any]]:
    """Yield the share and the count above each bar, clear of the lines behind them."""
    labels = [
        {
            "middle": k + 0.5,
            "top": steps[max(k - 1, 0)].conversion_from_start or 0,
            "share": percent(step.conversion_from_start),
            "count": count(step.count),
        }
        for k, step in enumerate(steps)
    ]
    for field, above, weight, factor in (("share", size + 9, 600, 1.1), ("count", 5, 400, 1.0)):
        layer = text(
            labels, x={"field": "middle", **x}, y={"field": "top", "type": "quantitative"},
            field=field, baseline="bottom", dy=-above, fontWeight=weight,
            fontSize=round(size * factor, 1),
        )  # fmt: skip
        yield halo(layer)
        yield layer


def _facts(steps: Sequence[StepResult]) -> Mapping[str, list[str]]:
    """Return what stands below the steps, all of it about the step before, by its heading."""
    later = steps[1:]
    if not later:
        return {}
    found = {
        "of prev.": [percent(step.conversion_from_previous) for step in later],
        "lost": [count(step.drop_off) for step in later],
    }
    if any(step.excluded_drop_off is not None for step in later):
        found["excluded"] = [count(step.excluded_drop_off or 0) for step in later]
    found["average"] = [duration(step.average_seconds) for step in later]
    found["median"] = [duration(step.median_seconds) for step in later]
    return found


def _fact_layers(
    facts: Mapping[str, list[str]], x: dict[str, Any], below: float, column: float
) -> Iterator[dict[str, Any]]:
    longest = max((width(value, 1) for values in facts.values() for value in values), default=1)
    size = round(max(LEAST_SIZE, min(SMALL, column / longest)), 1)
    for row, (heading, values) in enumerate(facts.items()):
        place: dict[str, Any] = {"y": below + LINE * row, "fontSize": size, "color": MUTED}
        yield text([{"fact": heading}], x=-6, field="fact", align="right",
                   **{**place, "fontSize": SMALL})  # fmt: skip
        cells = [{"middle": k + 0.5, "fact": value} for k, value in enumerate(values, 1)]
        yield text(cells, x={"field": "middle", **x}, field="fact", **place)


def _names(steps: Sequence[StepResult], depth: float) -> Iterator[dict[str, Any]]:
    """Yield names that are too long for a column, as a list below all columns."""
    for step in steps:
        lines = wrap(step.event, WIDTH - NUMBER - 8, NORMAL)
        yield text([{"name": str(step.step)}], x=NUMBER - 8 - AXIS, y=depth, field="name",
                   align="right", fontWeight=600, color=INK)  # fmt: skip
        yield text([{"name": lines}], x=NUMBER - AXIS, y=depth, field="name", align="left")
        depth += LINE * len(lines)


def _size(steps: Sequence[StepResult], column: float) -> float:
    """Return a size of type at which the numbers above fit beside each other."""
    longest = max(
        max(width(percent(step.conversion_from_start), 1.1, bold=True), width(count(step.count), 1))
        for step in steps
    )
    return max(LEAST_SIZE, min(MOST_SIZE, column / longest))
