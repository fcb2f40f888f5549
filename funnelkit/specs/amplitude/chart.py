"""The definition JSON of a chart: `{"type": "funnels", "params": {…}}` (specification B3)."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from funnelkit.errors import DefinitionError, UnsupportedError
from funnelkit.model import Exclusion, Funnel, Measures, Property, Settings
from funnelkit.specs.amplitude import writing
from funnelkit.specs.amplitude.dates import chart_dates, read_epochs, read_range
from funnelkit.specs.amplitude.events import (
    EVENT_KEYS,
    chart_event,
    event_object,
    event_of,
    read_event,
    read_selector,
)
from funnelkit.specs.amplitude.exclusions import EVERYWHERE, read_exclusion, step_indices
from funnelkit.specs.amplitude.groups import Place, one_group_by
from funnelkit.specs.amplitude.objects import (
    Faults,
    built,
    choice,
    compact,
    flag,
    items,
    lookback,
    opened,
    whole,
)
from funnelkit.specs.amplitude.properties import (
    USER,
    held,
    read_property,
    read_typed_property,
    typed_property,
)
from funnelkit.specs.amplitude.segments import (
    EVERYBODY,
    chart_segment,
    distinct,
    present,
    read_conditions,
)
from funnelkit.specs.amplitude.words import (
    INTERVALS,
    MODES,
    NUMBER_OF_INTERVAL,
    USERS,
    WORD_OF_ORDER,
    read_timezone,
    read_window,
)
from funnelkit.specs.problems import text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from funnelkit.model import CustomEvent, GroupBy, Period, Segment, Step, Unit
    from funnelkit.specs.amplitude.events import Event
    from funnelkit.specs.amplitude.objects import Path
    from funnelkit.specs.problems import Table

CHART_KEYS: Final = ("type", "vis", "name", "params")
CHART_LOOKS: Final = {
    "app": "the number of the project",
    "version": "the version of the format",
    "id": "the number of the chart",
    "description": "a text for people",
}
"""Keys of a chart that change no number, each with the reason."""

PARAMS: Final = (
    "mode", "range", "start", "end", "timezone", "interval", "metric", "conversionSeconds",
    "newOrActive", "funnelNewUserType", "nthTimeLookbackWindow",
    "isFunnelPreciseComputationEnabled", "countGroup", "events", "segments", "groupBy", "byProp",
    "byPropIndex", "byPropType", "constantProps", "excludedEvents",
)  # fmt: skip
PARAMS_LOOKS: Final = {"datePresetId": "the entry of the date menu that is marked"}

CHART_WINDOW: Final = timedelta(days=1)
"""The conversion window of a chart that gives none (specification A3)."""

VERSION: Final = 41


def funnel_from_chart(
    values: Mapping[str, Any],
    *,
    source: str = "the chart",
    custom_events: tuple[CustomEvent, ...] = (),
    settings: Settings | None = None,
) -> Funnel:
    """Return the funnel of a chart's definition; `custom_events` define those that it names.

    Conversion over time is asked for where the chart is a line (`vis`).

    Raises:
        DefinitionError: with a line for every key that is wrong, or that a funnel cannot represent.
    """
    faults = Faults(source)
    chart = opened(values, path=(), faults=faults, known=CHART_KEYS, looks=CHART_LOOKS)
    chart.read("type", choice({"funnels": None}, "the type of a chart"), None)
    if not chart.is_table:
        faults.check()
    if "type" not in chart.values:
        faults.add(("type",), 'missing; a funnel chart has "type": "funnels"')
    params = opened(
        chart.values.get("params", {}),
        path=("params",),
        faults=faults,
        known=PARAMS,
        looks=PARAMS_LOOKS,
    )
    vis = chart.read("vis", choice({"bar": "bar", "line": "line"}, "the look of a funnel"), "bar")
    interval: Any = params.read("interval", choice(INTERVALS, "an interval"), "day")
    over_time = interval if vis == "line" else None
    params.read("metric", choice({"CONVERSION": None}, "the metric of a funnel"), None)
    params.read("nthTimeLookbackWindow", lookback, None)
    timezone = params.read("timezone", read_timezone, "UTC")
    events = [read_event(item, path, faults) for path, item in items(params, "events")]
    steps = tuple(event.step for event in events if event)
    if not events:
        faults.add(("params", "events"), "a funnel needs at least one event")
    settings = settings or Settings()
    return built(
        faults,
        source=source,
        custom_events=custom_events,
        steps=steps,
        name=chart.read("name", text, None) or None,
        segments=_segments(params, faults, over_time=over_time is not None),
        period=_period(params, timezone),
        timezone=timezone,
        window=params.read("conversionSeconds", read_window, CHART_WINDOW),
        order=params.read("mode", choice(MODES, "the mode"), "this"),
        unit=params.read("countGroup", _unit, "user"),
        users=_users(params),
        hold=tuple(
            held(prop)
            for path, item in items(params, "constantProps")
            if (prop := _constant(item, path, faults))
        ),
        exclusions=_exclusions(params, faults, steps=len(events), settings=settings),
        group_by=_group_by(params, faults, events),
        resolution=params.read("isFunnelPreciseComputationEnabled", _resolution, "second"),
        measures=Measures(interval=over_time),
        settings=settings,
    )


def chart_from_funnel(funnel: Funnel) -> dict[str, Any]:
    """Return the definition of the chart that asks what the funnel asks; `app` is left to you.

    `funnel_from_chart` reads it back.

    Raises:
        UnsupportedError: with a line for everything that the definition has no words for.
    """
    writing.refuse(
        writing.unsaid(funnel, chart_dates, writing.group_type, _chart_segments, _chart_groups),
        form="chart",
    )
    measures = funnel.measures
    new = funnel.users != "active"
    params = {
        "mode": WORD_OF_ORDER[funnel.order],
        **chart_dates(funnel),
        "timezone": funnel.timezone,
        "interval": NUMBER_OF_INTERVAL[measures.interval or "day"],
        "metric": "CONVERSION",
        "conversionSeconds": funnel.conversion_window // timedelta(seconds=1),
        "newOrActive": "new" if new else "active",
        "nthTimeLookbackWindow": 365,
        "isFunnelPreciseComputationEnabled": funnel.resolution == "millisecond",
        "countGroup": {"name": writing.group_type(funnel), "is_computed": False},
        "events": [_chart_step(funnel, number) for number in range(1, len(funnel.steps) + 1)],
        "segments": _chart_segments(funnel),
        "groupBy": _chart_groups(funnel),
        "constantProps": [typed_property(prop) for prop in funnel.hold],
        "excludedEvents": [
            chart_event(event_object(event)) | {"step_index": index}
            for exclusion in funnel.exclusions
            for event in exclusion.events
            for index in step_indices(exclusion, funnel.settings)
        ],
    }
    if funnel.users == "new on first day":
        params["funnelNewUserType"] = "SAME_DAY"
    return {
        "type": "funnels",
        "vis": "line" if measures.interval else "bar",
        "version": VERSION,
        "name": funnel.name,
        "params": params,
    }


def _period(params: Table, timezone: str) -> Period | None:
    if "range" not in params.values and "start" in params.values:
        return read_epochs(params, timezone)
    if "range" not in params.values:
        params.problems.add(("params", "range"), 'missing; as "Last 30 Days", or a start')
    for key in ("start", "end"):
        if key in params.values:
            params.problems.add(("params", key), "a chart has a range, or a start and an end")
    return params.read("range", read_range, None)


def _resolution(value: object) -> str:
    return "millisecond" if flag(value) else "second"


def _unit(value: object) -> Unit | Property:
    name = value
    if isinstance(value, dict):
        more = {key: other for key, other in value.items() if key not in {"name", "is_computed"}}
        if more or value.get("is_computed"):
            raise DefinitionError(f"a funnel counts users or groups; got {compact(value)}")
        name = value.get("name")
    return "user" if name == USER else Property(text(name), "group")


def _users(params: Table) -> str:
    users = params.read("newOrActive", choice(USERS, "the users"), "active")
    entry = params.read(
        "funnelNewUserType",
        choice({"SAME_DAY": "new on first day"}, "the entry of new users"),
        users,
    )
    return entry if users == "new" else users  # who is active enters on any day


def _segments(params: Table, faults: Faults, *, over_time: bool) -> tuple[Segment, ...]:
    found = []
    for path, item in items(params, "segments"):
        table = opened(
            item, path=path, faults=faults, known=("name", "label", "conditions", "time_type")
        )
        table.read("time_type", choice({"all": None}, "the time of a segment"), None)
        name, label = table.read("name", text, ""), table.read("label", text, "")
        conditions = read_conditions(items(table, "conditions"), faults, over_time=over_time)
        found.append((label or name, conditions))
    return distinct(found)


def _constant(value: object, path: Path, faults: Faults) -> Property | None:
    if isinstance(value, str) and value:
        return Property(value)
    return read_typed_property(value, path, faults)


def _exclusions(
    params: Table, faults: Faults, *, steps: int, settings: Settings
) -> tuple[Exclusion, ...]:
    found = []
    for path, item in items(params, "excludedEvents"):
        table = opened(item, path=path, faults=faults, known=(*EVENT_KEYS, "step_index"))
        selector = read_selector(event_of(table, faults), path, faults)
        index = table.values.get("step_index", EVERYWHERE)
        if selector is not None:
            found.append(
                faults.attempt(
                    (*path, "step_index"),
                    partial(read_exclusion, selector, index, steps=steps, settings=settings),
                )
            )
    return tuple(exclusion for exclusion in found if exclusion)


def _group_by(params: Table, faults: Faults, events: list[Event | None]) -> GroupBy | None:
    everybody = tuple(
        prop
        for path, item in items(params, "groupBy")
        if (prop := read_typed_property(item, path, faults))
    )
    places = [Place(("params", "groupBy"), everybody)]
    places += [
        Place(("params", f"events[{index}]", "group_by"), event.group_by, index + 1)
        for index, event in enumerate(events)
        if event
    ]
    name = params.read("byProp", text, "")
    scope = params.read("byPropType", text, "event")
    step = params.read("byPropIndex", whole, 0) + 1
    if name:
        path = ("params", "byProp")
        prop = faults.attempt(path, lambda: read_property(name, scope=scope))
        places.append(Place(path, present(prop), step))
    return one_group_by(places, faults)


def _chart_step(funnel: Funnel, number: int) -> dict[str, Any]:
    step: Step = funnel.steps[number - 1]
    by = funnel.group_by
    here = by is not None and by.step == number and not _chart_groups(funnel)
    grouped = by.properties if by is not None and here else ()
    return chart_event(
        event_object(step.events[0], historical_count=step.historical_count, group_by=grouped)
    )


def _chart_segments(funnel: Funnel) -> list[dict[str, Any]]:
    everybody = {"name": EVERYBODY, "label": "", "conditions": []}
    return [chart_segment(segment) for segment in funnel.segments] or [everybody]


def _chart_groups(funnel: Funnel) -> list[dict[str, str]]:
    """Return the chart-level `groupBy`: properties of the user or a group at step 1."""
    by = funnel.group_by
    if by is None:
        return []
    if by.limit is not None:
        raise UnsupportedError(
            f"group_by.limit = {by.limit}: a chart's definition has no limit of groups"
        )
    at_entry = by.step == 1 and all(prop.scope != "event" for prop in by.properties)
    return [typed_property(prop) for prop in by.properties] if at_entry else []
