"""Event objects: `{"event_type", "filters", "group_by"}`, alike in charts and in the API (B2)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from funnelkit.errors import DefinitionError
from funnelkit.model import EventSelector, Filter, HistoricalCount, Step
from funnelkit.specs.amplitude.objects import compact, items, needed, opened
from funnelkit.specs.amplitude.properties import (
    USER,
    property_key,
    read_property,
    read_typed_property,
    read_value,
    typed_property,
)
from funnelkit.specs.problems import text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from funnelkit.model import Property
    from funnelkit.specs.amplitude.objects import Faults, Path
    from funnelkit.specs.problems import Table

NTH_TIME: Final = {"type": "nth_time_hack", "key": "nth_time_performed"}
"""How an entry of `filters` says Historical Count; seen in use, not documented (B2)."""

EVENT_KEYS: Final = ("event_type", "filters", "group_by")
FILTER_KEYS: Final = (
    "subprop_type", "subprop_key", "subprop_op", "subprop_value", "group_type", "subfilters",
)  # fmt: skip

_COUNT: Final = re.compile("[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Event:
    """An event object: what is selected, its historical count, and by what it is grouped."""

    selector: EventSelector
    historical_count: HistoricalCount | None = None
    group_by: tuple[Property, ...] = ()

    @property
    def step(self) -> Step:
        """The step that asks for this event."""
        return Step((self.selector,), self.historical_count)


def read_event(value: object, path: Path, faults: Faults) -> Event | None:
    """Return the event of an object with the keys `EVENT_KEYS`."""
    table = opened(value, path=path, faults=faults, known=EVENT_KEYS)
    return event_of(table, faults)


def event_of(table: Table, faults: Faults) -> Event | None:
    """Return the event of an object that is open already."""
    name = needed(table, "event_type", text)
    conditions = [_condition(item, place, faults) for place, item in items(table, "filters")]
    filters = tuple(one for one in conditions if isinstance(one, Filter))
    counts = [one for one in conditions if isinstance(one, HistoricalCount)]
    if len(counts) > 1:
        faults.add((*table.path, "filters"), "an event has at most one historical count")
    grouped = [read_typed_property(item, place, faults) for place, item in items(table, "group_by")]
    if name is None:
        return None
    selector = faults.attempt((*table.path, "event_type"), lambda: EventSelector(name, filters))
    if selector is None:
        return None
    return Event(selector, next(iter(counts), None), tuple(prop for prop in grouped if prop))


def read_selector(event: Event | None, path: Path, faults: Faults) -> EventSelector | None:
    """Return the selector of an event where it can have nothing else."""
    if event is None:
        return None
    if event.historical_count is not None:
        faults.add(path, "only a step can have a historical count (nth_time_hack)")
    if event.group_by:
        faults.add(path, "only a step can have a group_by")
    return event.selector


def event_object(
    selector: EventSelector,
    *,
    historical_count: HistoricalCount | None = None,
    group_by: Sequence[Property] = (),
) -> dict[str, Any]:
    """Return the event as the API writes it; an empty list is left out."""
    filters = [_filter_object(one) for one in selector.filters]
    if historical_count is not None:
        filters.append(_nth_time(historical_count))
    values: dict[str, Any] = {"event_type": selector.event_type}
    if filters:
        values["filters"] = filters
    if group_by:
        values["group_by"] = [typed_property(prop) for prop in group_by]
    return values


def chart_event(event: dict[str, Any]) -> dict[str, Any]:
    """Return an event of the API as charts write it: with empty lists and group types."""
    more = {"group_type": USER, "subfilters": []}
    return {
        "event_type": event["event_type"],
        "filters": [one | more for one in event.get("filters", [])],
        "group_by": [one | {"group_type": USER} for one in event.get("group_by", [])],
    }


def _condition(value: object, path: Path, faults: Faults) -> Filter | HistoricalCount | None:
    table = opened(value, path=path, faults=faults, known=FILTER_KEYS)
    if table.values.get("subfilters", []) != []:
        found = compact(table.values["subfilters"])
        faults.add((*path, "subfilters"), f"a funnel has no filters inside filters; got {found}")
    scope, name = needed(table, "subprop_type", text), needed(table, "subprop_key", text)
    op = needed(table, "subprop_op", text)
    values = tuple(read_value(item, place, faults) for place, item in items(table, "subprop_value"))
    if table.is_table and "subprop_value" not in table.values:
        faults.add((*path, "subprop_value"), "missing")
    group_type = table.read("group_type", text, USER)
    if scope is None or name is None or op is None:
        return None
    if scope == NTH_TIME["type"]:
        place = (*path, "subprop_value")
        return faults.attempt(place, lambda: _historical_count(name, op, values))
    return faults.attempt(
        path, lambda: Filter(read_property(name, scope=scope, group_type=group_type), op, values)
    )


def _historical_count(name: str, op: str, values: tuple[str, ...]) -> HistoricalCount:
    if name != NTH_TIME["key"]:
        raise DefinitionError(f"the key of {NTH_TIME['type']} is {NTH_TIME['key']}; got {name!r}")
    if len(values) != 1 or not _COUNT.fullmatch(values[0]):
        raise DefinitionError(f"a historical count is one whole number; got {compact(values)}")
    return HistoricalCount(op, int(values[0]))  # type: ignore[arg-type]


def _filter_object(condition: Filter) -> dict[str, Any]:
    return {
        "subprop_type": condition.property.scope,
        "subprop_key": property_key(condition.property),
        "subprop_op": condition.op,
        "subprop_value": list(condition.values),
    }


def _nth_time(count: HistoricalCount) -> dict[str, Any]:
    return {
        "group_type": USER,
        "subprop_type": NTH_TIME["type"],
        "subprop_key": NTH_TIME["key"],
        "subprop_op": count.op,
        "subprop_value": [str(count.count)],
    }
