"""Which format rows are near to that are of none without doubt, and lines that are of another."""

from __future__ import annotations

import codecs
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from funnelkit.errors import ColumnError
from funnelkit.events.importers.formats import FORMATS, NAMES
from funnelkit.events.importers.plain import Plain

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from funnelkit.events.importers import Format

MARKS: Final[Mapping[str, tuple[str, ...]]] = {
    "segment": ("messageId", "type", "userId", "originalTimestamp"),
    "rudderstack": ("messageId", "type", "userId", "originalTimestamp", "rudderId"),
    "ga4": ("event_name", "event_timestamp", "user_pseudo_id", "event_params"),
    "mixpanel": ("event", "properties"),
    "posthog": ("uuid", "event", "properties", "distinct_id", "timestamp"),
}
"""The keys by which a person knows a format."""

MOST: Final = 0.75
"""So many of the marks make a format near where the rows can be read without it …"""
HALF: Final = 0.5
"""… and so many where they cannot."""

SAMPLE: Final = 20
"""Objects whose keys tell the format."""


def keys_of(head: bytes) -> list[str]:
    """Return the keys of the first lines that are objects, however many others come first."""
    found: dict[str, None] = {}
    objects = 0
    for line in head.removeprefix(codecs.BOM_UTF8).split(b"\n"):
        try:
            value: Any = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            found |= dict.fromkeys(value)
            objects += 1
            if objects == SAMPLE:
                break
    return list(found)


def guesses(form: Plain, keys: Collection[str], label: str) -> Iterator[str]:
    """Yield what is guessed of rows with common names, and the format that they are near to.

    Raises:
        ColumnError: a role that an event needs has no key; the text names that format, too.
    """
    try:
        yield from form.guesses(keys, label)
    except ColumnError as error:
        near = near_format(keys, unreadable=True)
        raise ColumnError(f"{error} Or it is {near}." if near else str(error)) from None
    near = None if form.explicit else near_format(keys, unreadable=False)
    if near is not None:
        yield f"{label} is read by common names, but is {near}"


def near_format(keys: Collection[str], *, unreadable: bool) -> str | None:
    """Return in words the format that rows with these keys are near to; None if there is none.

    `unreadable`: nothing else reads them.
    """
    best: tuple[float, str] | None = None
    for name, marks in MARKS.items():
        share = sum(mark in keys for mark in marks) / len(marks)
        # Mixpanel's two keys are everybody's: what else there is says that it is no export of it.
        enough = share >= HALF if unreadable else share >= MOST and name != "mixpanel"
        if enough and (best is None or share > best[0]):
            best = share, name
    if best is None:
        return None
    marks = MARKS[best[1]]
    has = ", ".join(mark for mark in marks if mark in keys)
    lacks = ", ".join(mark for mark in marks if mark not in keys)
    return f"near {best[1]} (has {has}{f'; lacks {lacks}' if lacks else ''}): --as {best[1]}"


def other_format(line: bytes, form: Format) -> str | None:
    """Return the name of the format that a line is of without doubt, if it is not `form`."""
    try:
        value: Any = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or form.recognises(value.keys()):
        return None
    names = (each.name for each in FORMATS if each.name in NAMES and each.recognises(value.keys()))
    return next((name for name in names if name != form.name), None)


@dataclass(slots=True)
class Strangers:
    """Rejected lines of another format than their file's: how many, and the first."""

    found: dict[tuple[str, str, str], tuple[int, int]] = field(default_factory=dict)

    def reason(self, reason: str, line: bytes, *, form: Format, label: str, number: int) -> str:
        """Return why a line was rejected, with the format that it is of, which is noted."""
        other = other_format(line, form)
        if other is None:
            return reason
        key = (label, form.name, other)
        count, first = self.found.get(key, (0, number))
        self.found[key] = (count + 1, min(first, number))
        return f"{reason}; the line is one of {other}, the file is read as {_named(form.name)}"

    def notes(self, *, without: Collection[str] = ()) -> list[str]:
        """Say which files are mixed, and what to do; but for the files `without`."""
        return [
            f"{label} is read as {_named(form)}, but {count:,} rejected "
            f"{'line is one' if count == 1 else 'lines are'} of {other}, first line {first}: "
            f"put them into a file of their own (--as {other})"
            for (label, form, other), (count, first) in sorted(self.found.items())
            if label not in without
        ]


def _named(form: str) -> str:
    return "rows with common names" if form == Plain.name else form
