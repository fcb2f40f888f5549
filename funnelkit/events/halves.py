r"""Escapes of JSON that stand for half a character, as a text has where an emoji was cut off.

UTF-8, and so Parquet, cannot hold half a character. Its escape is kept as the six characters that
it is: `"cut \ud83d"` becomes the text `cut \ud83d`. So two texts that differ go on to differ, which
they would not with U+FFFD in its place, and nothing is lost.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection

_SUSPECT: Final = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])"
    rb"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(?<=\\\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a backslash is text
)
_ESCAPE: Final = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
_WORTHWHILE: Final = 1 << 18
"""Bytes of a text for which it is worth to load numpy."""
WORDS: Final = "an escape for half a character, which is kept as the text that it is (\\ud83d)"


def may_have_halves(text: bytes | memoryview) -> bool:
    """Tell whether JSON may have half a character; it has none where this says no."""
    return _may_be_surrogate(text) and _SUSPECT.search(text) is not None


def _may_be_surrogate(text: bytes | memoryview) -> bool:
    r"""Tell whether a text has `\ud` or `\uD`."""
    if len(text) < _WORTHWHILE:
        some = bytes(text)
        return b"\\ud" in some or b"\\uD" in some
    import numpy as np  # to look for the backslashes takes a tenth of the time of looking for both

    every = np.frombuffer(text, np.uint8)
    found = np.flatnonzero(every[:-2] == ord("\\"))
    after = every[found + 1] == ord("u")
    return bool((after & ((every[found + 2] | 0x20) == ord("d"))).any())


def spelt_out(text: bytes) -> bytes:
    r"""Return JSON in which each escape for half a character is text: `\\ud83d` for `\ud83d`."""
    if not may_have_halves(text):
        return text
    return _ESCAPE.sub(lambda each: b"\\\\" + each[1] if each[1] else each[0], text)


@dataclass(slots=True)
class Halves:
    """The lines in which half characters were spelt out: of each file how many, and the first."""

    found: dict[str, tuple[int, int]] = field(default_factory=dict)

    def add(self, label: str, line: int) -> None:
        """Note a line of a file; 0 if it is the whole file."""
        count, first = self.found.get(label, (0, line))
        self.found[label] = (count + 1, first)

    def spell_out(self, text: bytes, *, label: str, line: int) -> bytes:
        """Return lines with half characters spelt out; the first is `line` of the file `label`."""
        if not may_have_halves(text):
            return text
        lines = text.split(b"\n")
        for place, each in enumerate(lines):
            lines[place] = spelt_out(each)
            if lines[place] != each:
                self.add(label, line + place if line else 0)
        return b"\n".join(lines)

    def notes(self, *, without: Collection[str] = ()) -> list[str]:
        """Say in one sentence what was spelt out, but for the files `without`."""
        found = {label: each for label, each in self.found.items() if label not in without}
        if not found:
            return []
        count = sum(count for count, _ in found.values())
        label, (_, first) = next(iter(found.items()))
        place = f"{label}, line {first}" if first else label
        if count == 1:
            return [f"1 line has {WORDS}: {place}"]
        return [f"{count:,} lines have {WORDS}; first {place}"]
