"""What is wrong with a line that should be a JSON object, in words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


def json_fault(line: bytes) -> str | None:  # noqa: PLR0911 - one for each fault
    """Return what keeps a line from being a JSON object with keys of its own; None if nothing."""
    if b"\0" in line:
        return f"a NUL byte at byte {line.index(0) + 1}"
    try:
        text = line.decode().rstrip()
    except UnicodeDecodeError as error:
        return f"not UTF-8 at byte {error.start + 1}"
    try:
        value = json.loads(text, object_pairs_hook=_Object)
    except json.JSONDecodeError as error:
        cut = error.pos >= len(text) or error.msg.startswith("Unterminated")
        what = "cut off" if cut else "not JSON"
        return f"{what}: {error.msg[:1].lower()}{error.msg[1:]} at character {error.colno}"
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


_KINDS: Final[Mapping[type, str]] = {
    list: "a list", str: "a string", int: "a number", float: "a number", bool: "a boolean",
}  # fmt: skip


class _Object(dict[str, Any]):
    """A JSON object that knows which keys it was given twice."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        keys = [key for key, _ in pairs]
        self.twice = [key for key in self if keys.count(key) > 1] if len(self) < len(keys) else []
