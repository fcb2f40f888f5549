"""Files of definitions as plain values, with errors that name the line."""

from __future__ import annotations

import json
import re
import tomllib
from typing import TYPE_CHECKING, Any, Final

from funnelkit.errors import DefinitionError, did_you_mean

if TYPE_CHECKING:
    from pathlib import Path

_TOML_PLACE: Final = re.compile(r"(.*) \(at line ([0-9]+), column ([0-9]+)\)", re.DOTALL)
_SUFFIXES: Final = {".toml", ".json"}


def read_document(path: Path) -> object:
    """Return what stands in the file: JSON if its name ends so, else TOML.

    Raises:
        DefinitionError: the file cannot be opened, or its syntax is wrong at a line and a column.
    """
    content = _content(path)
    try:
        if path.suffix.lower() == ".json":
            return json.loads(content, object_pairs_hook=unique_keys)
        return tomllib.loads(content)
    except json.JSONDecodeError as error:
        raise _syntax_error(path, content, error.lineno, error.colno, error.msg) from None
    except tomllib.TOMLDecodeError as error:
        place = _TOML_PLACE.fullmatch(str(error))
        if place is None:
            raise DefinitionError(f"{path}: {error}") from None
        problem = place[1].replace("Invalid value", "Invalid value; text stands in quotes")
        raise _syntax_error(path, content, int(place[2]), int(place[3]), problem) from None
    except RecursionError:
        raise DefinitionError(f"{path} is nested too deeply") from None
    except (DefinitionError, ValueError) as error:  # int() refuses thousands of digits
        raise DefinitionError(f"{path}: {error}") from None


def _content(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        names = [found.name for found in path.parent.glob("*") if found.suffix in _SUFFIXES]
        hint = did_you_mean(path.name, names)
        raise DefinitionError(f"there is no file of funnels {str(path)!r}.{hint}") from None
    except UnicodeDecodeError as error:
        problem = f"byte {error.start + 1} is not UTF-8"
        raise DefinitionError(f"cannot read {str(path)!r}: {problem}") from None
    except (OSError, ValueError) as error:  # no right to read, a folder, NUL in the name
        problem = getattr(error, "strerror", None) or str(error)
        raise DefinitionError(f"cannot read {str(path)[:200]!r}: {problem}") from None


def _syntax_error(
    path: Path, content: str, line: int, column: int, problem: str
) -> DefinitionError:
    text = "".join(content.split("\n")[line - 1 : line]).rstrip("\r")[:200]
    place = f"{path}, line {line}, column {column}"
    return DefinitionError(f"{place}: {problem}\n  {text}".rstrip())


def unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object of some keys and values; for `json.loads`, which ignores a second key.

    Raises:
        DefinitionError: a key stands twice.
    """
    table = dict(pairs)
    if len(table) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise DefinitionError(f"the key {twice!r} stands twice in one object")
    return table
