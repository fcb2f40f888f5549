"""Segments: lists of conditions on properties, cohorts and performed events (B2, B3)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar, get_args

from funnelkit.errors import DefinitionError, UnsupportedError
from funnelkit.model import Cohort, Filter, Performed, Segment
from funnelkit.model.segments import Comparison
from funnelkit.specs.amplitude.events import event_object, event_of, read_selector
from funnelkit.specs.amplitude.objects import choice, compact, items, needed, opened, whole
from funnelkit.specs.amplitude.properties import USER, property_key, read_property, read_value
from funnelkit.specs.problems import text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from funnelkit.model import EventSelector
    from funnelkit.specs.amplitude.objects import Faults, Path
    from funnelkit.specs.problems import Table

T = TypeVar("T")
COHORT: Final = "userdata_cohort"
EVERYBODY: Final = "All Users"
"""The name that Amplitude's charts give to the segment without conditions."""

COMPARISONS: Final = {op: op for op in get_args(Comparison)}
TIME_TYPES: Final = {
    name: name for name in ("forEachInterval", "currentInterval", "allTime", "rolling")
}
PROPERTY_KEYS: Final = ("type", "prop_type", "prop", "op", "values", "group_type")
PERFORMED_KEYS: Final = (
    "type", "event_type", "filters", "op", "value", "time_type", "time_value", "group_type",
)  # fmt: skip
LONGEST_LOOKBACK: Final = 9999

_DAY: Final = timedelta(days=1)
_COHORT_ID: Final = re.compile(r"[0-9A-Za-z_-]+")
_COHORT_FILE: Final = re.compile(r"(?:.*[\\/])?([0-9A-Za-z_-]+)\.txt")


@dataclass(slots=True)
class Conditions:
    """The conditions of one segment, as they are found."""

    filters: list[Filter] = field(default_factory=list)
    performed: list[Performed] = field(default_factory=list)
    cohorts: list[Cohort] = field(default_factory=list)

    def segment(self, name: str) -> Segment:
        """Return the segment with this name."""
        return Segment(name, tuple(self.filters), tuple(self.performed), tuple(self.cohorts))


def read_conditions(
    conditions: Iterable[tuple[Path, object]], faults: Faults, *, over_time: bool
) -> Conditions:
    """Return the conditions of a list; `over_time`: for a chart with a point per interval."""
    found = Conditions()
    for path, value in conditions:
        kind = value.get("type", "property") if isinstance(value, dict) else "property"
        if kind == "property":
            _property_condition(value, path, faults, found)
        elif kind == "event":
            _performed_condition(value, path, faults, found, over_time=over_time)
        else:
            faults.add(
                (*path, "type"), f"a condition has the type property or event; got {compact(kind)}"
            )
    return found


def distinct(segments: Iterable[tuple[str | None, Conditions]]) -> tuple[Segment, ...]:
    """Return the segments, each with a name of its own; none for a lone "All Users"."""
    found: list[Segment] = []
    names: set[str] = set()
    for number, (given, conditions) in enumerate(segments, start=1):
        segment = conditions.segment("")
        everybody = segment == Segment("")
        name = given or (EVERYBODY if everybody else f"Segment {number}")
        unique, copy = name, 1
        while unique in names:
            copy += 1
            unique = f"{name} ({copy})"
        names.add(unique)
        found.append(conditions.segment(unique))
    return () if found == [Segment(EVERYBODY)] else tuple(found)


def read_performed(
    table: Table, faults: Faults, selector: EventSelector | None, *, count: str, over_time: bool
) -> Performed | None:
    """Return the condition "performed" of an event; `count` is the key of the number.

    `forEachInterval` and `currentInterval` are the date range: the one interval of the Conversion
    view. `rolling` is so many days up to step 1, `allTime` everything up to it. Nothing documents
    them; this is how their names are read. The API's own example has a `time_value` beside
    `allTime`, where it means nothing.
    """
    op: Any = table.read("op", choice(COMPARISONS, "the comparison"), ">=")
    times = table.read(count, whole, 1)
    time_type = table.read("time_type", choice(TIME_TYPES, "the time"), "forEachInterval")
    within = table.read("time_value", _lookback, None) if time_type == "rolling" else None
    if time_type == "rolling" and "time_value" not in table.values:
        faults.add((*table.path, "time_value"), "missing; rolling looks back so many days")
    if time_type == "forEachInterval" and over_time:
        faults.add(
            (*table.path, "time_type"),
            "forEachInterval asks for the event in every interval of a chart over time, which a "
            "funnel cannot; write rolling or currentInterval, or ask for no interval",
        )
    if selector is None:
        return None
    ever = time_type == "allTime"
    return faults.attempt(
        table.path, lambda: Performed((selector,), op, times, within=within, ever=ever)
    )


def present(found: T | None) -> tuple[T, ...]:
    """Return what was found as a tuple, empty for None."""
    return () if found is None else (found,)


def conditions_of(segment: Segment) -> list[dict[str, Any]]:
    """Return the conditions of a segment as the API writes them.

    Raises:
        UnsupportedError: Amplitude's definitions have no words for one of them.
    """
    return [
        *(
            {"prop": property_key(one.property), "op": one.op, "values": list(one.values)}
            for one in segment.filters
        ),
        *(_performed_object(one, segment.name) for one in segment.performed),
        *(_cohort_object(one, segment.name) for one in segment.cohorts),
    ]


def chart_segment(segment: Segment) -> dict[str, Any]:
    """Return a segment as charts write it."""
    scopes = [one.property.scope for one in segment.filters]
    conditions = []
    for index, one in enumerate(conditions_of(segment)):
        more: dict[str, Any] = {"group_type": USER}
        if "prop" in one:
            scope = scopes[index] if index < len(scopes) else "user"
            more |= {"type": "property", "prop_type": scope}
        conditions.append(one | more)
    return {"name": segment.name, "label": "", "conditions": conditions}


def _lookback(value: object) -> timedelta:
    if isinstance(value, list):
        raise DefinitionError("a funnel looks back so many days, not from one day to another")
    days = whole(value)
    if not 1 <= days <= LONGEST_LOOKBACK:
        raise DefinitionError(f"rolling looks back 1 to {LONGEST_LOOKBACK} days; got {days}")
    return timedelta(days=days)


def _property_condition(value: object, path: Path, faults: Faults, found: Conditions) -> None:
    table = opened(value, path=path, faults=faults, known=PROPERTY_KEYS)
    name, op = needed(table, "prop", text), needed(table, "op", text)
    scope = table.read("prop_type", text, "user")
    group_type = table.read("group_type", text, USER)
    if table.is_table and "values" not in table.values:
        faults.add((*path, "values"), "missing")
    values = tuple(read_value(item, place, faults) for place, item in items(table, "values"))
    if name is None or op is None:
        return
    if name == COHORT and scope == "user":
        found.cohorts += faults.attempt(path, lambda: _cohorts(op, values)) or []
        return
    found.filters += present(
        faults.attempt(
            path,
            lambda: Filter(read_property(name, scope=scope, group_type=group_type), op, values),
        )
    )


def _cohorts(op: str, values: tuple[str, ...]) -> list[Cohort]:
    if op not in {"is", "is not"}:
        raise DefinitionError(f"users are in a cohort (is) or not (is not); got {op!r}")
    if len(values) != 1 and op == "is":
        raise DefinitionError(
            f"a funnel asks for one cohort, not for one of several; got {compact(list(values))}"
        )
    for name in values:
        if not _COHORT_ID.fullmatch(name):
            raise DefinitionError(f"{name!r} is no id of a cohort")
    return [Cohort(f"{name}.txt", inside=op == "is") for name in values]


def _performed_condition(
    value: object, path: Path, faults: Faults, found: Conditions, *, over_time: bool
) -> None:
    table = opened(value, path=path, faults=faults, known=PERFORMED_KEYS)
    if table.values.get("group_type", USER) != USER:
        group_type = compact(table.values["group_type"])
        faults.add((*path, "group_type"), f"a funnel asks what users performed; got {group_type}")
    selector = read_selector(event_of(table, faults), path, faults)
    found.performed += present(
        read_performed(table, faults, selector, count="value", over_time=over_time)
    )


def _performed_object(performed: Performed, name: str) -> dict[str, Any]:
    if len(performed.events) > 1:
        labels = " | ".join(event.event_type for event in performed.events)
        raise UnsupportedError(
            f"segment {name!r}: Amplitude's definitions name one performed event; got {labels}"
        )
    time: dict[str, Any] = {"time_type": "allTime" if performed.ever else "currentInterval"}
    if performed.within is not None:
        days, rest = divmod(performed.within, _DAY)
        if rest or days < 1:
            raise UnsupportedError(
                f"segment {name!r}: Amplitude looks back whole days; got {performed.within}"
            )
        time = {"time_type": "rolling", "time_value": days}
    counted = {"op": performed.op, "value": performed.count}
    event = {"filters": [], **event_object(performed.events[0])}
    return {"type": "event", **event, **counted, **time}


def _cohort_object(cohort: Cohort, name: str) -> dict[str, Any]:
    file = _COHORT_FILE.fullmatch(cohort.path)
    if file is None:
        raise UnsupportedError(
            f"segment {name!r}: Amplitude knows cohorts by their id: the file of ids is called "
            f"ID.txt; got {cohort.path!r}"
        )
    return {"prop": COHORT, "op": "is" if cohort.inside else "is not", "values": [file[1]]}
