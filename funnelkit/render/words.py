"""Numbers and names as a person reads them. Machine formats do not use this module."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from funnelkit.result.percent import MISSING, percent
from funnelkit.result.words import bar, count, duration, visible

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "LINE", "MISSING", "bar", "count", "duration", "fit", "hanging", "percent", "visible", "width",
]  # fmt: skip

LINE = 80
INDENT = 9


def width(text: str) -> int:
    """Return the columns that the text takes on a terminal: wide characters take two."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def fit(text: str, columns: int) -> str:
    """Return the text on one line in exactly so many columns, cut with `…` or padded."""
    text = visible(text)
    if width(text) > columns:
        while width(text) > columns - 1:
            text = text[:-1]
        text += "…"
    return text + " " * (columns - width(text))


def hanging(heading: str, words: str, *, indent: int = INDENT) -> Iterator[str]:
    """Yield `heading` and the words beside it, in lines of at most 80 columns."""
    line = ""
    for word in visible(words).split(" "):
        longer = f"{line} {word}" if line else word
        if line and width(longer) > LINE - indent:
            yield f"{heading:{indent}}{line}"
            heading, longer = "", word
        while width(longer) > LINE - indent:  # one word that is longer than a line
            first = fit(longer, LINE - indent + 1).removesuffix("…").rstrip(" ")
            yield f"{heading:{indent}}{first}"
            heading, longer = "", longer[len(first) :]
        line = longer
    yield f"{heading:{indent}}{line}"
