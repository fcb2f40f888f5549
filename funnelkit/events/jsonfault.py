"""What is wrong with a line that should be a JSON object, in words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


def json_fault(line: bytes, *, after: bytes = b"") -> str | None:  # noqa: PLR0911 - one for each
    """Return what keeps a line from being a JSON object with keys of its own; None if nothing.

    `after` are the lines that follow: an object may be spread over several.
    """
    if b"\0" in line:
        return f"a NUL byte at byte {line.index(0) + 1}"
    try:
        text = line.decode().rstrip()
    except UnicodeDecodeError as error:
        return f"not UTF-8 at byte {error.start + 1}"
    try:
        value = json.loads(text, object_pairs_hook=_Object)
    except json.JSONDecodeError as error:
        return _syntax_fault(error, text, after)
    except RecursionError:
        return "nested too deeply"
    if not isinstance(value, _Object):
        return f"{_KINDS.get(type(value), 'null')}, not an object"
    if value.twice:
        return f"the key {value.twice[0]!r} stands twice"
    if not value:
        return "an empty object"
    if "" in value:
        return "a key is empty"
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        return f"an escape stands for half a character ({error.object[error.start]!a})"
    return None


def _syntax_fault(error: json.JSONDecodeError, text: str, after: bytes) -> str:
    cut = error.pos >= len(text) or error.msg.startswith("Unterminated")
    if cut and _is_object(text + "\n" + after.decode(errors="replace")):
        return "an event that is spread over several lines; write each on one line"
    what = "cut off" if cut else "not JSON"
    reason = error.msg.removesuffix(" at")
    return f"{what}: {reason[:1].lower()}{reason[1:]} at character {error.colno}"


def _is_object(text: str) -> bool:
    """Return whether the text begins with a whole JSON object."""
    try:
        value, _ = json.JSONDecoder().raw_decode(text.lstrip())
    except (json.JSONDecodeError, RecursionError):
        return False
    return isinstance(value, dict)


_KINDS: Final[Mapping[type, str]] = {
    list: "a list", str: "a string", int: "a number", float: "a number", bool: "a boolean",
}  # fmt: skip


class _Object(dict[str, Any]):
    """A JSON object that knows which keys it was given twice."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        keys = [key for key, _ in pairs]
        self.twice = [key for key in self if keys.count(key) > 1] if len(self) < len(keys) else []
