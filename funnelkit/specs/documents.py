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


def read_document(path: Path) -> object:
    """Return what stands in the file: JSON if its name ends so, else TOML.

    Raises:
        DefinitionError: the file cannot be opened, or its syntax is wrong at a line and a column.
    """
    try:
        content = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        names = [found.name for found in path.parent.glob("*.[tj][os][mo][ln]")]
        hint = did_you_mean(path.name, names)
        raise DefinitionError(f"there is no file of funnels {str(path)!r}.{hint}") from None
    except UnicodeDecodeError as error:
        problem = f"byte {error.start + 1} is not UTF-8"
        raise DefinitionError(f"cannot read {str(path)!r}: {problem}") from None
    except (OSError, ValueError) as error:  # no right to read, a folder, NUL in the name
        problem = getattr(error, "strerror", None) or str(error)
        raise DefinitionError(f"cannot read {str(path)[:200]!r}: {problem}") from None
    try:
        if path.suffix.lower() == ".json":
            return json.loads(content, object_pairs_hook=_unique)
        return tomllib.loads(content)
    except json.JSONDecodeError as error:
        problem, line, column = error.msg, error.lineno, error.colno
    except tomllib.TOMLDecodeError as error:
        place = _TOML_PLACE.fullmatch(str(error))
        if place is None:
            raise DefinitionError(f"{path}: {error}") from None
        problem, line, column = place[1], int(place[2]), int(place[3])
    except RecursionError:
        raise DefinitionError(f"{path} is nested too deeply") from None
    except DefinitionError as error:
        raise DefinitionError(f"{path}: {error}") from None
    if problem == "Invalid value":
        problem += "; text stands in quotes"
    lines = content.split("\n")
    shown_line = lines[line - 1].rstrip("\r")[:200] if line <= len(lines) else ""
    raise DefinitionError(f"{path}, line {line}, column {column}: {problem}\n  {shown_line}")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise DefinitionError(f"the key {twice!r} stands twice in one object")
    return table
