"""The typed form of a chart, as Amplitude's tools for assistants have it: `{"kind": "funnel", …}`.

Specification B3; it is read only: a chart's definition says the same and more.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from funnelkit.errors import DefinitionError
from funnelkit.model import (
    ComparedEvent,
    Measures,
    Period,
    Property,
    Settings,
    Step,
)
from funnelkit.specs.amplitude.dates import read_epochs, read_range
from funnelkit.specs.amplitude.exclusions import EVERYWHERE, read_exclusion
from funnelkit.specs.amplitude.groups import Place, one_group_by
from funnelkit.specs.amplitude.objects import (
    Faults,
    built,
    choice,
    compact,
    flag,
    items,
    needed,
    opened,
    whole,
)
from funnelkit.specs.amplitude.properties import USER, held
from funnelkit.specs.amplitude.segments import Conditions, distinct, present, read_performed
from funnelkit.specs.amplitude.typed_events import (
    read_filters,
    read_one,
    read_properties,
    read_property_of,
    read_step,
)
from funnelkit.specs.amplitude.words import MODES, read_timezone, read_window
from funnelkit.specs.problems import text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from funnelkit.model import CustomEvent, Exclusion, Funnel, Segment, Unit
    from funnelkit.specs.amplitude.objects import Path
    from funnelkit.specs.problems import Table

KEYS: Final = (
    "kind", "name", "steps", "conversion_window", "measured_as", "mode", "hold_property",
    "constant_properties", "excluded_events", "count_unique_by", "group_by", "segments",
    "date_range", "interval", "trans_time_percentiles",
)  # fmt: skip
LOOKS: Final = {"vis": "bars or lines; measured_as says what is asked"}

UNITS: Final = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}
INTERVALS: Final = {
    "five_minute": "5min", "hour": "hour", "day": "day", "week": "week", "month": "month",
}  # fmt: skip
MEASURES: Final = {
    "conversion": (),
    "conversion_over_time": ("interval",),
    "time_to_convert": ("time_to_convert",),
    "time_to_convert_over_time": ("interval", "time_to_convert"),
    "step_count": ("frequency",),
}
PERCENTILES: Final = [25, 75, 90, 95, 99]


def funnel_from_typed(
    values: Mapping[str, Any],
    *,
    source: str = "the chart",
    custom_events: tuple[CustomEvent, ...] = (),
    settings: Settings | None = None,
) -> Funnel:
    """Return the funnel of a typed chart; `custom_events` define those that it names.

    Raises:
        DefinitionError: with a line for every key that is wrong, or that a funnel cannot represent.
    """
    faults = Faults(source)
    chart = opened(values, path=(), faults=faults, known=KEYS, looks=LOOKS)
    if not chart.is_table:
        faults.check()
    chart.read("kind", choice({"funnel": None}, "the kind of a chart"), None)
    settings = settings or Settings()
    measures = _measures(chart, faults)
    steps = [read_step(item, path, faults) for path, item in items(chart, "steps")]
    if len(steps) < 2:  # noqa: PLR2004
        faults.add(("steps",), f"a funnel has at least two steps here; got {len(steps)}")
    read = [step for step in steps if step]
    period, timezone = _dates(chart, faults)
    everybody = Place(("group_by",), read_properties(chart, "group_by", faults, scope="user"))
    grouped = [
        Place((f"steps[{index}]", "group_by"), step.group_by, index + 1)
        for index, step in enumerate(steps)
        if step
    ]
    return built(
        faults,
        source=source,
        custom_events=custom_events,
        steps=tuple(Step(step.events) for step in read),
        name=chart.read("name", text, None) or None,
        segments=_segments(chart, faults, over_time=measures.interval is not None),
        period=period,
        timezone=timezone,
        window=_window(chart, faults),
        order=chart.read("mode", choice(MODES, "the mode"), "this"),
        unit=chart.read("count_unique_by", _unit, "user"),
        hold=_hold(chart, faults),
        exclusions=_exclusions(chart, faults, steps=len(steps), settings=settings),
        group_by=one_group_by([everybody, *grouped], faults),
        compared_events=tuple(
            ComparedEvent(number, Step((event,)))
            for number, step in enumerate(read, start=1)
            for event in step.compared
        ),
        measures=measures,
        settings=settings,
    )


def _measures(chart: Table, faults: Faults) -> Measures:
    asked = opened(
        chart.values.get("measured_as", {}),
        path=("measured_as",),
        faults=faults,
        known=("as", "as_"),
    )
    key = "as" if "as" in asked.values else "as_"
    measures = asked.read(key, choice(MEASURES, "a measure"), ())
    interval: Any = chart.read("interval", choice(INTERVALS, "the interval"), "day")
    chart.read("trans_time_percentiles", _percentiles, None)
    return Measures(
        interval=interval if "interval" in measures else None,
        time_to_convert="time_to_convert" in measures,
        frequency="frequency" in measures,
    )


def _percentiles(value: object) -> None:
    if value != PERCENTILES:
        raise DefinitionError(f"the percentiles are always {PERCENTILES}; got {compact(value)}")


def _dates(chart: Table, faults: Faults) -> tuple[Period, str]:
    if "date_range" not in chart.values:
        faults.add(("date_range",), 'missing; as {"relative": "Last 30 Days"}')
    dates = opened(
        chart.values.get("date_range", {"relative": "Today"}),
        path=("date_range",),
        faults=faults,
        known=("relative", "start", "end", "timezone"),
    )
    timezone = dates.read("timezone", read_timezone, "UTC")
    if "relative" not in dates.values:
        return read_epochs(dates, timezone), timezone
    for key in ("start", "end"):
        if key in dates.values:
            faults.add(("date_range", key), "the dates are relative, or a start and an end")
    return dates.read("relative", read_range, Period()), timezone


def _window(chart: Table, faults: Faults) -> timedelta | None:
    if "conversion_window" not in chart.values:
        faults.add(("conversion_window",), 'missing; as {"value": 7, "unit": "day"}')
        return None
    window = opened(
        chart.values.get("conversion_window"),
        path=("conversion_window",),
        faults=faults,
        known=("value", "unit"),
    )
    unit = needed(window, "unit", choice(UNITS, "the unit"))
    value = needed(window, "value", whole)
    if unit is None or value is None:
        return None
    return faults.attempt(window.path, lambda: read_window(value * unit))


def _unit(value: object) -> Unit | Property:
    name = text(value)
    return "user" if name == USER else Property(name, "group")


def _hold(chart: Table, faults: Faults) -> tuple[Property, ...]:
    found = list(read_properties(chart, "constant_properties", faults, scope="event"))
    if "hold_property" in chart.values:
        known = ("property", "scope", "on_step")
        path = ("hold_property",)
        table = opened(chart.values["hold_property"], path=path, faults=faults, known=known)
        prop = read_property_of(table, faults, scope="event")
        if table.read("on_step", whole, 0) != 0:
            step = compact(table.values["on_step"])
            faults.add((*path, "on_step"), f"a property is held over all steps; got {step}")
        if prop:
            found.append(prop)
    return tuple(dict.fromkeys(held(prop) for prop in found))


def _exclusions(
    chart: Table, faults: Faults, *, steps: int, settings: Settings
) -> tuple[Exclusion, ...]:
    found = []
    for path, item in items(chart, "excluded_events"):
        table = opened(item, path=path, faults=faults, known=("event", "step_index"))
        selector = read_one(table.values.get("event"), (*path, "event"), faults)
        if selector is not None:
            index = table.values.get("step_index", EVERYWHERE)
            found.append(
                faults.attempt(
                    path, partial(read_exclusion, selector, index, steps=steps, settings=settings)
                )
            )
    return tuple(exclusion for exclusion in found if exclusion)


def _segments(chart: Table, faults: Faults, *, over_time: bool) -> tuple[Segment, ...]:
    found = []
    for path, item in items(chart, "segments"):
        table = opened(item, path=path, faults=faults, known=("name", "where", "performed"))
        conditions = Conditions(filters=list(read_filters(table, faults, scope="user")))
        for place, one in items(table, "performed"):
            _performed(one, place, faults, conditions, over_time=over_time)
        found.append((table.read("name", text, None), conditions))
    return distinct(found)


def _performed(
    value: object, path: Path, faults: Faults, conditions: Conditions, *, over_time: bool
) -> None:
    known = (
        "kind", "event", "op", "count", "time_type", "time_value", "where",
        "exclude_current_interval",
    )  # fmt: skip
    table = opened(value, path=path, faults=faults, known=known)
    table.read("kind", choice({"performed": None}, "the kind"), None)
    if table.read("exclude_current_interval", flag, False):  # noqa: FBT003
        faults.add((*path, "exclude_current_interval"), "a funnel cannot leave it out; got true")
    event = {key: table.values[key] for key in ("event", "where") if key in table.values}
    selector = read_one(event, path, faults)
    conditions.performed += present(
        read_performed(table, faults, selector, count="count", over_time=over_time)
    )
