"""JSON objects, read key by key: what is wrong or cannot be represented is collected by place."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeVar

from funnelkit.errors import DefinitionError, did_you_mean
from funnelkit.model import CUSTOM, Funnel
from funnelkit.specs.problems import Problems, Table, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from funnelkit.model import CustomEvent

Path = tuple[str, ...]
T = TypeVar("T")
MOST_SHOWN = 80


class Faults(Problems):
    """Problems whose place is written as in JSON: `params.events[0].event_type`."""

    def add(self, path: Path, problem: str) -> None:
        """Note a problem at a place."""
        super().add((), f"{'.'.join(path)}: {problem}" if path else problem)

    def attempt(self, path: Path, make: Callable[[], T]) -> T | None:
        """Return what `make` returns; None where it raises `DefinitionError`, which is noted."""
        try:
            return make()
        except DefinitionError as error:
            self.add(path, str(error))
            return None


def opened(
    values: object,
    *,
    path: Path,
    faults: Faults,
    known: Collection[str],
    looks: Mapping[str, str] | None = None,
) -> Table:
    """Return the values of a JSON object; a key that is neither `known` nor in `looks` is a fault.

    `looks` are keys that change no number, each with the reason; null is no value.
    """
    table = Table(values, known=None, path=path, problems=faults)
    for key, value in table.values.items():
        if key not in known and key not in (looks or {}):
            hint = did_you_mean(key, known) or f" Known here: {', '.join(known)}."
            faults.add((*path, key), f"a funnel cannot represent this key, {compact(value)}.{hint}")
    return table


def items(table: Table, key: str) -> Iterator[tuple[Path, object]]:
    """Yield the items of a list with their places; no list is a fault."""
    value = table.values.get(key, [])
    if not isinstance(value, list):
        table.problems.add((*table.path, key), f"expected a list, got {shown(value)}")
        return
    for index, item in enumerate(value):
        yield (*table.path, f"{key}[{index}]"), item


def needed(table: Table, key: str, reader: Callable[[object], Any]) -> Any:
    """Return what `reader` makes of a value that must be there; None after noting a fault."""
    if table.is_table and key not in table.values:
        table.problems.add((*table.path, key), "missing")
    return table.read(key, reader, None)


def choice(words: Mapping[Any, Any], what: str) -> Callable[[object], Any]:
    """Return a reader of one of several words, each with what it stands for."""

    def read(value: object) -> Any:
        # True and 1.0 equal 1, and a list is no key.
        if isinstance(value, (str, int)) and not isinstance(value, bool) and value in words:
            return words[value]
        known = ", ".join(map(str, words))
        hint = did_you_mean(value, map(str, words)) if isinstance(value, str) else ""
        raise DefinitionError(f"{what} is one of {known}; got {compact(value)}.{hint}")

    return read


def whole(value: object) -> int:
    """Return the value if it is a whole number."""
    if type(value) is int:
        return value
    raise DefinitionError(f"expected a whole number, got {compact(value)}")


def flag(value: object) -> bool:
    """Return the value if it is true or false."""
    if isinstance(value, bool):
        return value
    raise DefinitionError(f"expected true or false, got {compact(value)}")


def lookback(value: object) -> None:
    """Refuse a look-back of Historical Count other than Amplitude's 365 days (A11h)."""
    if value != 365 or isinstance(value, bool):  # noqa: PLR2004
        raise DefinitionError(
            f"a historical count looks back 365 days before the range; got {compact(value)}"
        )


def compact(value: object) -> str:
    """Return a value as short JSON, to be shown."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= MOST_SHOWN else text[: MOST_SHOWN - 1] + "…"


def built(
    faults: Faults, *, source: str, custom_events: tuple[CustomEvent, ...], **fields: Any
) -> Funnel:
    """Return the funnel of what was read, with those of the custom events that it names.

    Raises:
        DefinitionError: there are faults, or the funnel cannot be.
    """
    faults.check()
    named = {
        event.event_type
        for selected in _selections(fields)
        for event in selected
        if event.event_type.startswith(CUSTOM)
    }
    for name in sorted(named - {CUSTOM + custom.name for custom in custom_events}):
        faults.add((), f"{name!r} is a custom event, which Amplitude only names here: define it")
    faults.check()
    used = tuple(custom for custom in custom_events if CUSTOM + custom.name in named)
    try:
        return Funnel(custom_events=used, **fields)
    except DefinitionError as error:
        raise type(error)(f"{source}: {error}") from None


def _selections(fields: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    """Yield all events of the fields of a funnel that is yet to be."""
    yield from (step.events for step in fields["steps"])
    yield from (compared.event.events for compared in fields.get("compared_events", ()))
    yield from (exclusion.events for exclusion in fields.get("exclusions", ()))
    for segment in fields["segments"]:
        yield from (performed.events for performed in segment.performed)
