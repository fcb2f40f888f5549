"""Numbers and names as a person reads them. Machine formats do not use this module."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from funnelkit.result.percent import MISSING, percent

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "LINE", "MISSING", "bar", "count", "duration", "fit", "hanging", "percent", "visible", "width",
]  # fmt: skip

LINE = 80
INDENT = 9


def count(number: int) -> str:
    """Return a whole number with thousands apart."""
    return f"{number:,}"


def duration(seconds: float | None) -> str:
    """Return a time in its two largest units: `2d 4h`, `5m 15s`, `0.25s`."""
    if seconds is None:
        return MISSING
    if seconds < 10:  # noqa: PLR2004 - below, a fraction of a second still matters
        return f"{seconds:.3f}".rstrip("0").rstrip(".") + "s"
    whole = round(seconds)
    days, rest = divmod(whole, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, left = divmod(rest, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "m"), (left, "s")]
    first = next(position for position, (number, _) in enumerate(parts) if number)
    return " ".join(f"{number}{unit}" for number, unit in parts[first : first + 2])


def visible(text: str) -> str:
    """Return the text on one line: control characters, line ends among them, as escapes."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )


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


def hanging(heading: str, words: str) -> Iterator[str]:
    """Yield `heading` and the words beside it, in lines of at most 80 columns."""
    line = ""
    for word in visible(words).split(" "):
        longer = f"{line} {word}" if line else word
        if line and width(longer) > LINE - INDENT:
            yield f"{heading:{INDENT}}{line}"
            heading, longer = "", word
        while width(longer) > LINE - INDENT:  # one word that is longer than a line
            first = fit(longer, LINE - INDENT + 1).removesuffix("…").rstrip(" ")
            yield f"{heading:{INDENT}}{first}"
            heading, longer = "", longer[len(first) :]
        line = longer
    yield f"{heading:{INDENT}}{line}"


def bar(fraction: float | None, columns: int) -> str:
    """Return a bar of block characters, `columns` long for 1.0; something for all but 0."""
    eighths = round((fraction or 0) * columns * 8)
    if fraction and not eighths:
        eighths = 1
    return "█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8].strip()
