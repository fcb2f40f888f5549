"""SQL text that is safe by construction: identifiers are quoted here, values are bound here.

No other module puts a name or a value that somebody typed into SQL.
"""

from __future__ import annotations

import re
from typing import Any


def quote_identifier(name: str) -> str:
    """Return `name` as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def quote_text(text: str) -> str:
    """Return `text` as a SQL literal, where a value cannot be bound: inside a type.

    It must hold neither a NUL, which ends a text for some, nor a `$`, which `used_in` looks for.
    """
    if "\0" in text or "$" in text:
        raise ValueError(f"{text!r} cannot be written as a literal")
    return "'" + text.replace("'", "''") + "'"


def quote_path(path: str) -> str:
    """Return a path as a SQL literal, for a statement without values: a view takes none."""
    return "'" + path.replace("'", "''") + "'"


class Parameters:
    """Collects values; each `bind` returns the placeholder that stands for its value.

    DuckDB refuses a missing and an unused parameter alike, so `values` holds exactly the
    parameters of the text that was composed with them.
    """

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    def bind(self, value: object) -> str:
        """Return the placeholder of `value`, a new one each time."""
        name = f"p{len(self.values) + 1}"
        self.values[name] = value
        return f"${name}"

    def used_in(self, text: str) -> dict[str, Any]:
        """Return the values whose placeholders stand in the text: a condition may need none."""
        return {name: self.values[name] for name in re.findall(r"\$(p[0-9]+)\b", text)}
