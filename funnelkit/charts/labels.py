"""Words of any length in a space of so many pixels: wrapped, never cut."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from funnelkit.result.words import visible

NARROW: Final = frozenset("ijlItf.,:;|!'`()[]{}/\\ -1r")
WIDE: Final = frozenset("mwMW@%—…")
BREAK_AFTER: Final = re.compile(r"(?<=[\s_/|;>])(?!%)|(?<=[\-.:,])(?!\d)|(?<=[a-z0-9])(?=[A-Z])")
"""Where a name may be broken: after blanks and punctuation, and inside camelCase, but no number."""


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Return about how many pixels the text takes, on the large side of common fonts."""
    ems = sum(map(_ems, text))
    return ems * size * (1.08 if bold else 1.0)


def wrap(text: str, pixels: float, size: float, *, bold: bool = False) -> list[str]:
    """Return the text in lines of at most so many pixels; a longer word is broken anywhere."""
    lines = [""]
    for part in BREAK_AFTER.split(visible(text)):
        if not lines[-1] or width(lines[-1] + part.rstrip(), size, bold=bold) <= pixels:
            lines[-1] += part
        else:
            lines.append(part)
        while len(lines[-1]) > 1 and width(lines[-1].rstrip(), size, bold=bold) > pixels:
            whole, lines[-1] = lines[-1], ""
            for character in whole:
                if lines[-1] and width(lines[-1] + character, size, bold=bold) > pixels:
                    lines.append("")
                lines[-1] += character
    return [line.strip() for line in lines if line.strip()] or [""]


def _ems(character: str) -> float:
    if unicodedata.combining(character):
        return 0.0
    if unicodedata.east_asian_width(character) in "WF":
        return 1.05
    if character in NARROW:
        return 0.36 if character != "1" else 0.58
    if character in WIDE:
        return 0.95
    return 0.72 if character.isupper() else 0.6
