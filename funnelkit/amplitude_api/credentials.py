"""The two keys of an Amplitude project that reading needs, and never a word of them in a text."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any, Final, Protocol

from funnelkit.errors import CouldNotCheck

API_KEY: Final = "AMPLITUDE_API_KEY"
SECRET_KEY: Final = "AMPLITUDE_SECRET_KEY"  # noqa: S105 - the variable's name, not the key
UNPRINTABLE: Final = "\N{REPLACEMENT CHARACTER}"

_WHERE: Final = (
    f"set the environment variables {API_KEY} and {SECRET_KEY}, or name a file that has "
    "api_key = … and secret_key = … (--keys FILE)"
)
_LINE: Final = re.compile(
    r"""\s*(?:export\s+)?["']?(?:amplitude_)?(?P<name>api_?key|secret_?key)["']?\s*[:=]\s*"""
    r"""["']?(?P<key>[^"'\s#,]+)["']?\s*,?\s*(?:\#.*)?""",
    re.IGNORECASE,
)


class Hides(Protocol):
    """Something that takes what is secret out of a text."""

    def hide_in(self, text: str) -> str:
        """Return the text without it."""


class Credentials:
    """A project's API key and secret key, shown to nobody but the server that they are for."""

    __slots__ = ("_api_key", "_secret_key")

    def __init__(self, api_key: str, secret_key: str) -> None:
        """Keep both.

        Raises:
            CouldNotCheck: one is empty, or has characters that no key has.
        """
        for name, key in (("API key", api_key), ("secret key", secret_key)):
            if not key or not key.isascii() or not key.isprintable() or set(key) & set(" :"):
                raise CouldNotCheck(
                    f"the {name} is empty, or holds blanks or characters that no key has; {_WHERE}"
                )
        self._api_key = api_key
        self._secret_key = secret_key

    def __repr__(self) -> str:
        return "Credentials(hidden)"

    @property
    def authorization(self) -> str:
        """The header of HTTP Basic authentication (specification B1)."""
        return f"Basic {self._token()}"

    @property
    def project(self) -> str:
        """Sixteen hexadecimal digits that tell one project from another, and not its key."""
        return hashlib.sha256(b"funnelkit:" + self._api_key.encode()).hexdigest()[:16]

    def hide_in(self, text: str) -> str:
        """Return a text, such as a server's answer, without the keys."""
        for hidden, shown in (
            (self._token(), "(the keys)"),
            (self._secret_key, "(the secret key)"),
            (self._api_key, "(the API key)"),
        ):
            text = text.replace(hidden, shown)
        return text

    def _token(self) -> str:
        return base64.b64encode(f"{self._api_key}:{self._secret_key}".encode()).decode()


def find_credentials(file: str | Path | None = None) -> Credentials:
    """Return the keys of the file, else of AMPLITUDE_API_KEY and AMPLITUDE_SECRET_KEY.

    The file names both: `api_key = "…"` and `secret_key = "…"`, one to a line, as TOML, YAML or
    `.env` files have them, or as an object of JSON. Other lines do not matter.

    Raises:
        CouldNotCheck: a key is missing, or the file cannot be read.
    """
    found = (
        {name: os.environ.get(name, "").strip() for name in (API_KEY, SECRET_KEY)}
        if file is None
        else _read(Path(file))
    )
    if missing := [name for name in (API_KEY, SECRET_KEY) if not found.get(name)]:
        if file is not None:
            names = " and ".join(name.removeprefix("AMPLITUDE_").lower() for name in missing)
            raise CouldNotCheck(f"{file}: no {names} in this file; write {_shape()}")
        verb = "are" if len(missing) > 1 else "is"
        raise CouldNotCheck(f"no Amplitude keys: {' and '.join(missing)} {verb} not set; {_WHERE}")
    return Credentials(found[API_KEY], found[SECRET_KEY])


def _read(file: Path) -> dict[str, str]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise CouldNotCheck(f"{file}: the file of keys cannot be read: {reason}") from None
    try:
        told: Any = json.loads(text)
    except (ValueError, RecursionError):
        told = None
    lines = (
        [f"{name}={key}" for name, key in told.items()]
        if isinstance(told, dict)
        else text.splitlines()
    )
    found: dict[str, str] = {}
    for match in filter(None, map(_LINE.fullmatch, lines)):
        name = API_KEY if match["name"].lower().startswith("api") else SECRET_KEY
        if found.setdefault(name, match["key"]) != match["key"]:
            what = name.removeprefix("AMPLITUDE_").lower()
            raise CouldNotCheck(f"{file}: this file has two different keys called {what}")
    return found


def _shape() -> str:
    return 'api_key = "…" and secret_key = "…", one to a line'


def printable(text: str, secret: Hides) -> str:
    """Return a stranger's text on one line, without the secret and without control characters."""
    line = " ".join(secret.hide_in(text).split())
    return "".join(letter if letter.isprintable() else UNPRINTABLE for letter in line)
