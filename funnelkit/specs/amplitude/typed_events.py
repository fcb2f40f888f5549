"""Events, filters and properties of the typed form: `{"event", "where", "group_by"}` (B3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from funnelkit.model import NONE, SESSION_ID, EventSelector, Filter, Property
from funnelkit.specs.amplitude.objects import compact, items, needed, opened
from funnelkit.specs.amplitude.properties import USER, held, read_property, read_value
from funnelkit.specs.problems import text

if TYPE_CHECKING:
    from funnelkit.specs.amplitude.objects import Faults, Path
    from funnelkit.specs.problems import Table

OPERATORS: Final = {
    "greater than": "greater",
    "less than": "less",
    "greater than or equal": "greater or equal",
    "less than or equal": "less or equal",
}
"""Operators that this form also accepts, with Amplitude's usual words."""

PRESENT: Final = {"set", "is not null"}
"""Operators without a value: the property has one (specification A7)."""

ANY_OF: Final = "INLINE_CUSTOM_EVENT"
COMPARED: Final = "COMPARISON_EVENT"


class TypedEvent(NamedTuple):
    """A step of this form: the events any of which will do, those compared, and the grouping."""

    events: tuple[EventSelector, ...]
    compared: tuple[EventSelector, ...] = ()
    group_by: tuple[Property, ...] = ()


def read_step(value: object, path: Path, faults: Faults) -> TypedEvent | None:
    """Return the step of an event, of its bare name, or of a combination with `members`."""
    kind = value.get("object_type") if isinstance(value, dict) else None
    if kind is None:
        return _event(value, path, faults)
    if kind not in {ANY_OF, COMPARED}:
        faults.add((*path, "object_type"), f"{ANY_OF} or {COMPARED}; got {compact(kind)}")
        return None
    known = ("object_type", "event", "members", "where", "group_by")
    table = opened(value, path=path, faults=faults, known=known)
    filters = read_filters(table, faults, scope="event")
    members = [_event(item, place, faults) for place, item in items(table, "members")]
    found = [member for member in members if member]
    for place, member in zip(items(table, "members"), members, strict=True):
        if member and member.group_by:
            faults.add((*place[0], "group_by"), "only the step as a whole can be grouped")
    if not found:
        faults.add((*path, "members"), "a combination has members")
        return None
    events = tuple(
        EventSelector(event.event_type, event.filters + filters)
        for member in found
        for event in member.events
    )
    grouped = read_properties(table, "group_by", faults, scope="event")
    if kind == ANY_OF:
        return TypedEvent(events, group_by=grouped)
    return TypedEvent(events[:1], events[1:], grouped)


def _event(value: object, path: Path, faults: Faults) -> TypedEvent | None:
    values = {"event": value} if isinstance(value, str) else value
    table = opened(values, path=path, faults=faults, known=("event", "where", "group_by"))
    filters = read_filters(table, faults, scope="event")
    grouped = read_properties(table, "group_by", faults, scope="event")
    name = needed(table, "event", text)
    if name is None:
        return None
    selector = faults.attempt((*path, "event"), lambda: EventSelector(name, filters))
    return TypedEvent((selector,), group_by=grouped) if selector else None


def read_one(value: object, path: Path, faults: Faults) -> EventSelector | None:
    """Return one event where it can be neither a combination nor grouped."""
    event = _event(value, path, faults)
    if event and event.group_by:
        faults.add((*path, "group_by"), "only a step can be grouped")
    return event.events[0] if event else None


def read_filters(table: Table, faults: Faults, *, scope: str) -> tuple[Filter, ...]:
    """Return the filters of `where`; `scope` is that of properties that give none."""
    found = [_filter(item, path, faults, scope=scope) for path, item in items(table, "where")]
    return tuple(one for one in found if one)


def _filter(value: object, path: Path, faults: Faults, *, scope: str) -> Filter | None:
    known = ("property", "op", "values", "scope", "group_type")
    table = opened(value, path=path, faults=faults, known=known)
    prop = read_property_of(table, faults, scope=scope)
    op = table.read("op", text, "is")
    values = tuple(read_value(item, place, faults) for place, item in items(table, "values"))
    if op in PRESENT:
        if values:
            faults.add((*path, "values"), f"{op} has no values; got {compact(list(values))}")
        op, values = "is not", (NONE,)
    elif not values:
        faults.add((*path, "values"), "missing")
        return None
    if prop is None:
        return None
    word = OPERATORS.get(op, op)
    return faults.attempt(path, lambda: Filter(prop, word, values))  # type: ignore[arg-type]


def read_properties(table: Table, key: str, faults: Faults, *, scope: str) -> tuple[Property, ...]:
    """Return the properties of a list; `scope` is that of those that give none."""
    found = []
    for path, item in items(table, key):
        values = {"property": item} if isinstance(item, str) else item
        known = ("property", "scope", "group_type")
        one = opened(values, path=path, faults=faults, known=known)
        found.append(read_property_of(one, faults, scope=scope))
    return tuple(prop for prop in found if prop)


def read_property_of(table: Table, faults: Faults, *, scope: str) -> Property | None:
    """Return the property of an open object with the keys `property`, `scope`, `group_type`."""
    name = needed(table, "property", text)
    scope, group_type = table.read("scope", text, scope), table.read("group_type", text, USER)
    if name is None:
        return None
    path = (*table.path, "property")
    if scope != "session":
        return faults.attempt(path, lambda: read_property(name, scope=scope, group_type=group_type))
    if not name or held(Property(name)) != SESSION_ID:
        faults.add(path, f"of a session only session_id is known; got {name!r}")
    return SESSION_ID
