r"""Text in quotes: how names and values are written so that they read back unchanged.

The escapes are those of a TOML basic string: `\" \\ \n \r \t \uXXXX \UXXXXXXXX`; and `\'`.
"""

from __future__ import annotations

import re
from typing import Final

_ESCAPES: Final = {'"': '"', "'": "'", "\\": "\\", "n": "\n", "r": "\r", "t": "\t"}
_WRITTEN: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_ESCAPE: Final = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)


class EscapeError(ValueError):
    """An escape that means nothing; `position` counts from the opening quote."""

    def __init__(self, message: str, *, position: int) -> None:
        super().__init__(message)
        self.position = position


def quote(text: str) -> str:
    """Return `text` in double quotes on one line; `unquote` and TOML read it back."""
    return '"' + "".join(map(_written, text)) + '"'


def unquote(quoted: str) -> str:
    """Return what stands between the quotes, with escapes resolved.

    Raises:
        EscapeError: a backslash leads to nothing known, or to half a character.
    """
    return _ESCAPE.sub(_meant, quoted[1:-1])


def _written(character: str) -> str:
    if character in _WRITTEN:
        return _WRITTEN[character]
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004


def _meant(escape: re.Match[str]) -> str:
    position = escape.start() + 1
    digits = escape[1] or escape[2]
    if digits is None:
        if escape[3] not in _ESCAPES:
            known = r"\" \' \\ \n \r \t \uXXXX \UXXXXXXXX"
            raise EscapeError(f"{escape[0]!r} is no escape; known are {known}", position=position)
        return _ESCAPES[escape[3]]
    code = int(digits, 16)
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:  # noqa: PLR2004
        raise EscapeError(f"{escape[0]} is no character", position=position)
    return chr(code)
