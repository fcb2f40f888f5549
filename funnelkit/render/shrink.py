"""The fewest events on which two readings differ, to paste into a ticket."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from funnelkit.render.words import INDENT, count, fit, hanging, visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from funnelkit.verification.shrinking.result import Said, Shrunk, ShrunkEvent

NAME = 24


def render_shrunk(found: Shrunk, *, format: str) -> str:  # noqa: A002 - the option's name
    """Return the events as `table` or `json`, or as `jsonl`: lines that funnelkit reads again."""
    if format == "json":
        from funnelkit.render.machine import to_json

        return to_json(found.to_dict())
    if format == "jsonl":
        lines = (json.dumps(event.to_dict(), ensure_ascii=False) for event in found.events)
        return "".join(f"{line}\n" for line in lines)
    return "\n".join(_lines(found)) + "\n"


def _lines(found: Shrunk) -> Iterator[str]:
    fewest = f"{count(len(found.events))} of {count(found.of_events)}"
    yield from hanging("events", f"{fewest}: without any one of them both readings agree")
    for name, said in (("a", found.a), ("b", found.b)):
        yield from _said(name, said)
    yield ""
    yield f"{'':3} {'time (UTC)':20} {fit('user', NAME)} event"
    for number, event in enumerate(found.events, 1):
        yield from _event(number, event)


def _said(name: str, said: Said) -> Iterator[str]:
    yield from hanging(name, said.reading)
    for place, counts in said.counts.items():
        yield from hanging("", f"{place}: {' > '.join(map(count, counts))}")
    for words in said.why():
        yield from hanging("", words)


def _event(number: int, event: ShrunkEvent) -> Iterator[str]:
    time = f"{event.time:%Y-%m-%d %H:%M:%S.%f}".rstrip("0").rstrip(".")
    line = f"{number:>3} {time:20} {fit(event.user, NAME)} {visible(event.event_type)}"
    yield line.rstrip()
    said = [*_properties("", event.event_properties), *_properties("user.", event.user_properties)]
    said += _properties("group.", event.groups)
    said += [f"{name}: {value}" for name, value in event.columns.items() if value != event.user]
    if said:
        yield from (line[INDENT - 4 :] for line in hanging("", visible(", ".join(said))))


def _properties(scope: str, values: Mapping[str, Any]) -> list[str]:
    return [
        f"{scope}{name} = {value if isinstance(value, str) else json.dumps(value)}"
        for name, value in values.items()
    ]
