"""Templates of sessions: which events follow one another, and what fills their properties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from funnelkit.errors import DefinitionError
from funnelkit.events.simulation.values import Expanded, Value, value_of

MOST_EVENTS: Final = 62
"""The longest template; event addresses leave room for 64."""

Properties = tuple[tuple[str, Value | Expanded], ...]


@dataclass(frozen=True, slots=True)
class TemplateEvent:
    """One event of a template: its type, and what fills its properties."""

    event_type: str
    properties: Properties = ()

    def __post_init__(self) -> None:
        if not self.event_type:
            raise DefinitionError("an event of a template has no name")


@dataclass(frozen=True, slots=True)
class Template:
    """The events of one kind of session, in order; a session may stop after any of them."""

    name: str
    events: tuple[TemplateEvent, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.events) <= MOST_EVENTS:
            raise DefinitionError(
                f"template {self.name!r} has {len(self.events)} events; 1 to {MOST_EVENTS} will do"
            )

    def place(self, event_type: str) -> int | None:
        """Return the position of the first event of that type, None if there is none."""
        types = [event.event_type for event in self.events]
        return types.index(event_type) if event_type in types else None


def template_of(name: str, steps: Any, events: Mapping[str, Properties]) -> Template:
    """Return a template from plain Python or TOML values.

    Each step is an event's name, a pair (name, properties) or a mapping with the keys `event` and
    `properties`. `events` gives the properties that every event of a name has; a step adds to
    them and replaces. The property `expand` takes a function that returns several properties.

    Raises:
        DefinitionError: something else stands there; the text names template, step and property.
    """
    if isinstance(steps, (str, bytes, Mapping)) or not isinstance(steps, Sequence):
        raise DefinitionError(f"template {name!r} is a list of events; got {steps!r}")
    found = []
    for number, step in enumerate(steps, start=1):
        where = f"template {name!r}, event {number}"
        event_type, own = _name_and_properties(step, where)
        merged = {**dict(events.get(event_type, ())), **dict(properties_of(own, where))}
        found.append(TemplateEvent(event_type, tuple(merged.items())))
    return Template(name, tuple(found))


def properties_of(raw: Mapping[str, Any], where: str) -> Properties:
    """Return the properties that a mapping from names to plain values describes.

    Raises:
        DefinitionError: a value is of no known kind; the text starts with `where`.
    """
    return tuple(
        (
            name,
            Expanded(value)
            if name == "expand" and callable(value)
            else value_of(value, f"{where}, {name}"),
        )
        for name, value in raw.items()
    )


def _name_and_properties(step: Any, where: str) -> tuple[str, Mapping[str, Any]]:
    match step:
        case str():
            return step, {}
        case {"event": str(event_type), **rest} if set(rest) <= {"properties"}:
            properties = rest.get("properties", {})
        case (str(event_type), properties):
            pass
        case _:
            raise DefinitionError(
                f"{where}: expected an event's name, (name, properties) or "
                f"{{event = …, properties = …}}; got {step!r}"
            )
    if not isinstance(properties, Mapping):
        raise DefinitionError(f"{where}: properties are a table; got {properties!r}")
    return event_type, properties
