"""The key of an Amplitude project: found in one of three places, and never printed."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final

from funnelkit.errors import CouldNotCheck, DefinitionError
from funnelkit.events.simulation.settings import path_of

if TYPE_CHECKING:
    from pathlib import Path

VARIABLE: Final = "FUNNELKIT_AMPLITUDE_API_KEY"

_ONE_KEY: Final = re.compile(
    r"""\{?\s*(?:["']?api_?key["']?\s*[:=]\s*)?["']?([^\s"'{}:=,]+)["']?\s*,?\s*\}?""",
    re.IGNORECASE,
)


class ApiKey:
    """A key that shows itself to nobody but the request it is for."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        """Keep the key."""
        self._text = text

    def __repr__(self) -> str:
        return "ApiKey(hidden)"

    def reveal(self) -> str:
        """Return the key itself."""
        return self._text

    def hide_in(self, text: str) -> str:
        """Return a text, such as a server's answer, without the key."""
        return text.replace(self._text, "(the key)")


def find_api_key(argument: str | None = None, file: str | Path | None = None) -> ApiKey:
    """Return the key of the argument, else of the file, else of FUNNELKIT_AMPLITUDE_API_KEY.

    The file holds one key: by itself, or as `api_key: KEY`, `api_key = "KEY"` or
    `{"api_key": "KEY"}`; lines that begin with # do not count.

    Raises:
        DefinitionError: the key is no text, or the file no path.
        CouldNotCheck: there is no key, or the file does not hold exactly one.
    """
    if argument is not None and not isinstance(argument, str):
        raise DefinitionError(f"the API key is a text; got {type(argument).__name__}")
    if argument is None and file is not None:
        argument = _read(path_of(file, "the key file"))
    key = (os.environ.get(VARIABLE, "") if argument is None else argument).strip()
    if not key or key == "NONE":  # what the original store's configuration says without a key
        raise CouldNotCheck(
            f"no API key: give it as an argument, in a file (--api-key-file), or in {VARIABLE}"
        )
    if not key.isascii() or not key.isprintable() or " " in key:
        raise CouldNotCheck("the API key holds blanks or characters that no key has")
    return ApiKey(key)


def _read(path: Path) -> str:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise CouldNotCheck(f"{path}: the key file cannot be read: {reason}") from None
    text = " ".join(line.strip() for line in lines if not line.lstrip().startswith("#")).strip()
    found = _ONE_KEY.fullmatch(text)
    if found is None:
        raise CouldNotCheck(f"{path}: a key file holds one key, by itself or as `api_key: KEY`")
    return found[1]
