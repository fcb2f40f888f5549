"""The trace of one user: his events from above, a column per step, and what filled it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from funnelkit.charts.bars import y_scale
from funnelkit.charts.chart import Chart, Part, chart_of
from funnelkit.charts.labels import wrap
from funnelkit.charts.marks import text
from funnelkit.charts.theme import AXIS, GRID, INK, MUTED, NORMAL, PAPER, SERIES, SMALL, WIDTH
from funnelkit.result.words import count, short_duration
from funnelkit.specs.text import format_window

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from funnelkit.result.trace import Trace, TracedEvent, UnitTrace

TIME: Final = 150
FINE_TIME: Final = 184
"""Room for times with a fraction of a second; the names have the less."""

LEFT: Final = 410
STEPS: Final = WIDTH - LEFT
LINE: Final = 16
ROW: Final = 26
HEAD: Final = 30
MOST_UNITS: Final = 6
MOST_ROWS: Final = 60
KEPT: Final = 2
CROSS: Final = "M-0.6,-0.6L0.6,0.6M0.6,-0.6L-0.6,0.6"
FILLS, FITS, BARS = "filled the step", "fits the step", "must not happen here"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A line of the picture: an event with its number, or so many that fit no step."""

    event: TracedEvent | None = None
    number: int = 0
    hidden: int = 0


def trace_chart(found: Trace) -> Chart:
    """Return the picture of a trace, of many pairs or sessions the first ones."""
    parts = [_part(found, unit) for unit in found.units[:MOST_UNITS]]
    return chart_of(parts or [_nothing(found)])


def _nothing(found: Trace) -> Part:
    words = f"{found.user}: no event takes part"
    return Part(
        words=words,
        beside=(f"{count(found.events)} events, none of a {found.funnel.noun} of this funnel",),
        view={"width": WIDTH, "height": LINE, "layer": [text([], x=0, y=0, field="name")]},
        alternative=f"Trace of {words}.",
    )


def _part(found: Trace, unit: UnitTrace) -> Part:
    named = ", ".join(f"{name} {value}" for name, value in unit.names)
    left = len(found.units) - MOST_UNITS
    last = unit is found.units[min(len(found.units), MOST_UNITS) - 1]
    more = [f"{count(left)} more units of this user are not drawn"] if last and left > 0 else []
    window = format_window(found.funnel.conversion_window)
    return Part(
        words=f"{named}: {unit.verdict}",
        beside=(f"{found.segment}, within {window} of step 1, {found.funnel.timezone}", *more),
        view=_view(found, unit),
        alternative=f"Trace of {named}: {unit.verdict}.",
    )


def _view(found: Trace, unit: UnitTrace) -> dict[str, Any]:
    labels = [step.label for step in found.funnel.steps]
    lane = STEPS / len(labels)
    lines = list(_lines(unit.events))
    zone = ZoneInfo(found.funnel.timezone)
    fine = any(line.event is not None and line.event.time.microsecond for line in lines)
    names = FINE_TIME if fine else TIME
    left: list[dict[str, Any]] = []
    marks: list[dict[str, Any]] = []
    depth = float(HEAD)
    before: datetime | None = None
    for line in lines:
        if line.event is None:
            events = "event that fits" if line.hidden == 1 else "events that fit"
            words = [f"… {count(line.hidden)} {events} no step"]
            left.append({"y": depth + ROW / 2, "time": "", "name": words, "quiet": True})
            depth += ROW
            continue
        event = line.event
        name = wrap(event.event_type, LEFT - names - 12, NORMAL)
        high = max(ROW, LINE * len(name) + 8)
        middle = depth + high / 2
        left.append(
            {
                "y": middle,
                "time": _clock(event.time, zone),
                "after": _after(before, event.time),
                "name": name,
                "quiet": not event.fits and not event.bars,
            }
        )
        marks += [{**mark, "y": middle, "event": event.event_type} for mark in _marks(event, lane)]
        before = event.time
        depth += high
    return {
        "width": WIDTH - AXIS,
        "height": depth,
        "layer": [
            *_lanes(labels, lane, depth),
            *_left(left, depth, names),
            *([_path(marks, depth), _dots(marks, depth)] if marks else []),
            *(_list(labels, depth) if unit is found.units[0] else ()),
        ],
    }


def _lines(events: Sequence[TracedEvent]) -> Iterator[Shown]:
    """Yield the events; of more than fit on a picture, runs that fit no step become one line."""
    relevant = [bool(event.fits or event.bars) for event in events]
    many = len(events) > MOST_ROWS
    hidden, drawn = 0, 0
    for number, (event, matters) in enumerate(zip(events, relevant, strict=True), 1):
        if many and (not matters or (drawn >= MOST_ROWS and not event.fills)):
            hidden += 1
            continue
        if hidden:
            yield Shown(hidden=hidden)
            hidden = 0
        drawn += 1
        yield Shown(event=event, number=number)
    if hidden:
        yield Shown(hidden=hidden)


def _marks(event: TracedEvent, lane: float) -> Iterator[dict[str, Any]]:
    for step in event.fits:
        filled = step in event.fills
        path = event.path if filled else None
        yield {"x": _middle(step, lane), "kind": FILLS if filled else FITS, "path": path or 0}
    for first, last in event.bars:
        between = (_middle(first, lane) + _middle(last, lane)) / 2
        yield {"x": between, "kind": BARS, "path": 0}


def _middle(step: int, lane: float) -> float:
    return LEFT + lane * (step - 0.5)


def _lanes(labels: Sequence[str], lane: float, height: float) -> Iterator[dict[str, Any]]:
    """Yield a line and a number per step."""
    heads = [{"x": _middle(k, lane), "step": str(k)} for k in range(1, len(labels) + 1)]
    yield {
        "data": {"values": heads},
        "mark": {"type": "rule", "color": GRID, "strokeWidth": 2},
        "encoding": {"x": _x("x"), "y": {"value": HEAD - 6}, "y2": {"value": height}},
    }
    yield text(heads, x=_x("x"), y=4, field="step", fontWeight=600)


def _left(lines: Sequence[dict[str, Any]], height: float, names: float) -> Iterator[dict[str, Any]]:
    """Yield the times and, so many pixels to the right, the names of the events."""
    for words, x in (("time", -AXIS), ("event", names - AXIS)):
        looks: dict[str, Any] = {"align": "left", "color": MUTED, "fontSize": SMALL}
        yield text([{"words": words}], x=x, y=4, field="words", **looks)
    place = {"field": "y", **y_scale(round(height))}
    for quiet, ink in ((False, INK), (True, MUTED)):
        some = [line for line in lines if line["quiet"] is quiet]
        yield text(some, x=-AXIS, y=place, field="time", align="left", baseline="middle", color=ink)
        for line in some:
            yield text(
                [line], x=names - AXIS, y=line["y"] - LINE * (len(line["name"]) - 1) / 2,
                field="name", align="left", baseline="middle", color=ink, lineHeight=LINE,
            )  # fmt: skip


def _path(marks: Sequence[dict[str, Any]], height: float) -> dict[str, Any]:
    """Return the line through the events that filled the steps, one per path of totals."""
    return {
        "data": {"values": [mark for mark in marks if mark["kind"] == FILLS]},
        "mark": {"type": "line", "color": SERIES[0], "strokeWidth": 2},
        "encoding": {
            "x": _x("x"),
            "y": {"field": "y", **y_scale(round(height))},
            "order": {"field": "y", "type": "quantitative"},
            "detail": {"field": "path", "type": "nominal"},
        },
    }


def _dots(marks: Sequence[dict[str, Any]], height: float) -> dict[str, Any]:
    kinds = [FILLS, FITS, BARS]
    there = [kind for kind in kinds if any(mark["kind"] == kind for mark in marks)]
    looks = {
        FILLS: (SERIES[0], SERIES[0], "circle"),
        FITS: (SERIES[0], PAPER, "circle"),
        BARS: (SERIES[1], SERIES[1], CROSS),
    }

    def scale(look: int) -> dict[str, Any]:
        return {
            "field": "kind",
            "type": "nominal",
            "scale": {"domain": there, "range": [looks[kind][look] for kind in there]},
            "legend": {"title": None, "orient": "top", "offset": 10},
        }

    return {
        "data": {"values": list(marks)},
        "mark": {"type": "point", "size": 110, "strokeWidth": 2, "opacity": 1},
        "encoding": {
            "x": _x("x"),
            "y": {"field": "y", **y_scale(round(height))},
            "stroke": scale(0),
            "fill": scale(1),
            "shape": scale(2),
            "tooltip": [
                {"field": "event", "type": "nominal"},
                {"field": "kind", "type": "nominal"},
            ],
        },
    }


def _list(labels: Sequence[str], height: float) -> Iterator[dict[str, Any]]:
    """Yield the names of the steps below, each as long as it is."""
    depth = height + 12
    for number, label in enumerate(labels, 1):
        lines = wrap(label, WIDTH - 40, SMALL)
        looks: dict[str, Any] = {"y": depth, "field": "name", "fontSize": SMALL, "color": MUTED}
        yield text([{"name": str(number)}], x=14 - AXIS, align="right", fontWeight=600, **looks)
        yield text([{"name": lines}], x=22 - AXIS, align="left", **looks)
        depth += LINE * len(lines)


def _x(field: str) -> dict[str, Any]:
    return {
        "field": field,
        "type": "quantitative",
        "axis": None,
        "scale": {"domain": [AXIS, WIDTH], "nice": False, "zero": False},
    }


def _after(before: datetime | None, time: datetime) -> str:
    """Return how long after the event before, for hovering."""
    return "" if before is None else f"+{short_duration((time - before).total_seconds())}"


def _clock(moment: datetime, zone: ZoneInfo) -> str:
    """Return a time on the clocks of the zone, with a fraction only if there is one."""
    local = moment.astimezone(zone)
    fraction = f"{local:.%f}".rstrip("0").rstrip(".")
    return f"{local:%Y-%m-%d %H:%M:%S}{fraction}"
