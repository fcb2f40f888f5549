"""The tracking plan: which events there should be, with which properties, and who sends them.

`funnelkit/plan.toml` is the plan of the Retail Demo Store, which the workshop left open; any file
of that form will do. `docs/events.md` is generated from it: `python -m funnelkit.events.plan`.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from funnelkit.errors import DefinitionError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from funnelkit.events.profile import EventProfile, Profile, PropertyProfile

PLAN: Final = Path(__file__).parent.parent / "plan.toml"

TYPES: Final = ("text", "integer", "number", "boolean", "list", "object")

DifferenceKind = Literal[
    "unknown event", "missing event", "unknown property", "missing property", "type"
]


@dataclass(frozen=True, slots=True)
class PlannedProperty:
    """A property of a planned event.

    `types` are the types that senders use; a number may be an integer. `senders` are those that
    send it at all; `always` says whether they send it with every event.
    """

    name: str
    types: tuple[str, ...]
    senders: tuple[str, ...]
    always: bool
    description: str = ""
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlannedEvent:
    """A planned event; `later_name` is its name in newer versions of the store."""

    name: str
    later_name: str
    senders: tuple[str, ...]
    description: str
    properties: tuple[PlannedProperty, ...]

    def must_have(self, prop: PlannedProperty) -> bool:
        """Return whether every such event has the property, whoever sent it."""
        return prop.always and set(prop.senders) >= set(self.senders)


@dataclass(frozen=True, slots=True)
class Plan:
    """A tracking plan; `senders` maps the short name of each sender to what it is."""

    title: str
    description: str
    senders: Mapping[str, str]
    events: tuple[PlannedEvent, ...]

    def find(self, event_type: str) -> PlannedEvent | None:
        """Return the event of this name, old or new; where both fit, the old name counts."""
        for key in ("name", "later_name"):
            for event in self.events:
                if getattr(event, key) == event_type:
                    return event
        return None


@dataclass(frozen=True, slots=True)
class Difference:
    """One point in which events and plan differ; `text` says it in words."""

    kind: DifferenceKind
    event: str
    property: str | None
    text: str


def read_plan(path: Path = PLAN) -> Plan:
    """Return the plan in a TOML file.

    Raises:
        DefinitionError: the file cannot be read, or a key in it is wrong; the text names it.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DefinitionError(f"{path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DefinitionError(f"{path} is not TOML: {error}") from error
    reader = _Reader(path)
    reader.check("", content, {"title", "description", "senders", "event"})
    senders = reader.get("", content, "senders", dict, {})
    events = reader.get("", content, "event", list, [])
    return Plan(
        title=reader.get("", content, "title", str, path.stem),
        description=reader.get("", content, "description", str, ""),
        senders=senders,
        events=tuple(reader.event(event, senders) for event in events),
    )


class _Reader:
    def __init__(self, path: Path) -> None:
        self.path = path

    def fail(self, where: str, problem: str) -> DefinitionError:
        return DefinitionError(f"{self.path}: {where + ': ' if where else ''}{problem}")

    def check(self, where: str, table: Mapping[str, Any], known: set[str]) -> None:
        for key in table:
            if key not in known:
                hint = did_you_mean(key, known)
                raise self.fail(where, f"the key {key!r} is not known.{hint}")

    def get(self, where: str, table: Mapping[str, Any], key: str, kind: type, default: Any) -> Any:
        value = table.get(key, default)
        if value is None:
            raise self.fail(where, f"{key!r} is missing")
        if not isinstance(value, kind):
            raise self.fail(where, f"{key!r} is to be a {kind.__name__}, not {value!r}")
        return value

    def words(
        self, where: str, table: Mapping[str, Any], key: str, known: Any, default: Any
    ) -> tuple[str, ...]:
        words = self.get(where, table, key, list, default)
        for word in words:
            if word not in known:
                hint = did_you_mean(str(word), known)
                known_words = ", ".join(known)
                raise self.fail(where, f"{key!r} knows {known_words}, not {word!r}.{hint}")
        return tuple(words)

    def event(self, table: Mapping[str, Any], senders: Mapping[str, str]) -> PlannedEvent:
        self.check("event", table, {"name", "later_name", "senders", "description", "property"})
        name = self.get("event", table, "name", str, None)
        own = self.words(name, table, "senders", senders, list(senders))
        return PlannedEvent(
            name=name,
            later_name=self.get(name, table, "later_name", str, name),
            senders=own,
            description=self.get(name, table, "description", str, ""),
            properties=tuple(
                self.property(name, prop, own)
                for prop in self.get(name, table, "property", list, [])
            ),
        )

    def property(
        self, event: str, table: Mapping[str, Any], senders: tuple[str, ...]
    ) -> PlannedProperty:
        known = {"name", "types", "senders", "always", "description", "values"}
        self.check(event, table, known)
        name = self.get(event, table, "name", str, None)
        where = f"{event}.{name}"
        return PlannedProperty(
            name=name,
            types=self.words(where, table, "types", TYPES, None),
            senders=self.words(where, table, "senders", senders, list(senders)),
            always=self.get(where, table, "always", bool, True),
            description=self.get(where, table, "description", str, ""),
            values=tuple(self.get(where, table, "values", list, [])),
        )


def differences(profile: Profile, plan: Plan) -> tuple[Difference, ...]:
    """Return where events and plan differ, in the order of the events."""
    found = [*_of_events(profile, plan)]
    seen = {event.name for one in profile.event_types if (event := plan.find(one.event_type))}
    found += [
        Difference(
            "missing event", event.name, None, f"nobody sent {event.name!r}, which is planned"
        )
        for event in plan.events
        if event.name not in seen
    ]
    return tuple(found)


def _of_events(profile: Profile, plan: Plan) -> Iterator[Difference]:
    names = [name for event in plan.events for name in (event.name, event.later_name)]
    for event in profile.event_types:
        planned = plan.find(event.event_type)
        if planned is None:
            hint = did_you_mean(event.event_type, names)
            text = f"the event {event.event_type!r} ({event.events:,} times) is not planned.{hint}"
            yield Difference("unknown event", event.event_type, None, text)
        else:
            yield from _of_properties(event, planned)


def _of_properties(event: EventProfile, planned: PlannedEvent) -> Iterator[Difference]:
    by_name = {prop.name: prop for prop in planned.properties}
    for found in event.properties:
        prop = by_name.get(found.name)
        if prop is None:
            hint = did_you_mean(found.name, by_name)
            text = f"{event.event_type}: the property {found.name!r} is not planned.{hint}"
            yield Difference("unknown property", event.event_type, found.name, text)
        else:
            yield from _of_type(event, found, prop)
    filled = {found.name: found.share for found in event.properties}
    for prop in planned.properties:
        share = filled.get(prop.name, 0.0)
        if planned.must_have(prop) and share < 1:
            much = "never" if not share else f"only on {100 * share:.1f} % of the events"
            text = f"{event.event_type}: the property {prop.name!r} is planned, but {much} there"
            yield Difference("missing property", event.event_type, prop.name, text)


def _of_type(
    event: EventProfile, found: PropertyProfile, prop: PlannedProperty
) -> Iterator[Difference]:
    allowed = {*prop.types, *(["integer"] if "number" in prop.types else [])}
    for kind, count in found.types:
        if kind not in allowed:
            text = (
                f"{event.event_type}: the property {prop.name!r} is {kind} {count:,} times, "
                f"planned is {' or '.join(prop.types)}"
            )
            yield Difference("type", event.event_type, prop.name, text)


def markdown(plan: Plan) -> str:
    """Return the plan as the Markdown page `docs/events.md`."""
    return "\n".join(_page(plan)) + "\n"


def _page(plan: Plan) -> Iterator[str]:
    yield f"# {plan.title}"
    yield ""
    yield "<!-- Generated from funnelkit/plan.toml by `python -m funnelkit.events.plan`. -->"
    yield ""
    yield " ".join(plan.description.split())
    yield ""
    for sender, what in plan.senders.items():
        yield f"* **{sender}**: {what}"
    yield ""
    yield "| event | later called | sent by |"
    yield "| --- | --- | --- |"
    for event in plan.events:
        yield f"| {_code(event.name)} | {_later(event)} | {', '.join(event.senders)} |"
    for event in plan.events:
        yield from _section(event)


def _section(event: PlannedEvent) -> Iterator[str]:
    yield ""
    yield f"## {event.name}"
    yield ""
    yield event.description
    if not event.properties:
        return
    yield ""
    yield "| property | type | sent by | |"
    yield "| --- | --- | --- | --- |"
    for prop in event.properties:
        words = [prop.description] if prop.description else []
        if prop.values:
            words.append(f"Values: {', '.join(map(_code, prop.values))}.")
        by = ", ".join(prop.senders) + ("" if prop.always else " (at times)")
        yield f"| {_code(prop.name)} | {' or '.join(prop.types)} | {by} | {' '.join(words)} |"


def _later(event: PlannedEvent) -> str:
    return _code(event.later_name) if event.later_name != event.name else "the same"


def _code(text: str) -> str:
    return f"`{text}`"


if __name__ == "__main__":
    Path("docs/events.md").write_text(markdown(read_plan()), encoding="utf-8", newline="\n")
