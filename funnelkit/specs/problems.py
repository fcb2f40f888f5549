"""What is wrong with a table of values, collected so that all of it is said in one go."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

from funnelkit.errors import DefinitionError, did_you_mean
from funnelkit.specs.quoting import quote

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

T = TypeVar("T")
D = TypeVar("D")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


class WrongKindError(DefinitionError):
    """A value is of the wrong kind; the message needs the name of what it is for."""


class Problems:
    """The problems of one source, each with the path of the key where it was found."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._lines: list[str] = []

    def __len__(self) -> int:
        return len(self._lines)

    def add(self, path: tuple[str, ...], problem: str) -> None:
        """Note a problem; further lines of its text are indented below the first."""
        place = f"{self._source}: {key_path(*path)}" if path else self._source
        self._lines.append(f"{place}: {problem}".replace("\n", "\n  "))

    def check(self) -> None:
        """Raise one `DefinitionError` with all problems, if there are any."""
        if self._lines:
            raise DefinitionError("\n".join(self._lines))


class Table:
    """Values under known keys; an unknown key is a problem, and so is a value that cannot be read.

    None, as JSON's null, is no value.
    """

    def __init__(
        self,
        values: object,
        *,
        known: Collection[str] | None,
        path: tuple[str, ...],
        problems: Problems,
    ) -> None:
        self.path = path
        self.problems = problems
        self.values: Mapping[str, object] = {}
        self.is_table = isinstance(values, dict)
        if not isinstance(values, dict):
            problems.add(path, f"expected a table of keys and values, got {shown(values)}")
            return
        self.values = {key: value for key, value in values.items() if value is not None}
        for key in values:
            if known is not None and key not in known:
                hint = did_you_mean(key, known) or f" Known are {', '.join(known)}."
                problems.add((*path, key), f"unknown key {key!r}.{hint}")

    def read(self, key: str, reader: Callable[[object], T], default: D) -> T | D:
        """Return what `reader` makes of the value; the default where there is none, or a bad one.

        The reader raises `DefinitionError` for a bad value.
        """
        if key not in self.values:
            return default
        try:
            return reader(self.values[key])
        except DefinitionError as error:
            self.problems.add((*self.path, key), str(error))
            return default


def text(value: object) -> str:
    """Return the value if it is text."""
    if isinstance(value, str):
        return value
    raise WrongKindError(f"expected text in quotes, got {shown(value)}")


def texts(value: object) -> tuple[str, ...]:
    """Return the value if it is a list of texts; one text stands for itself."""
    if isinstance(value, list):
        return tuple(text(one) for one in value)
    return (text(value),)


def key_path(*keys: str) -> str:
    """Return the keys as TOML writes a dotted key."""
    return ".".join(key if _BARE_KEY.fullmatch(key) else quote(key) for key in keys)


def shown(value: object) -> str:
    """Return a short text of a value that was not expected."""
    kinds = {dict: "a table", list: "a list", bool: str(value).lower()}
    return kinds.get(type(value), repr(value) if isinstance(value, str) else str(value))[:80]
