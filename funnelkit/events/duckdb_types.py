"""DuckDB's names of types, taken apart: `STRUCT(price DOUBLE, "a b" VARCHAR[])`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def struct_fields(duckdb_type: str) -> tuple[tuple[str, str], ...]:
    """Return name and type of each field of a STRUCT; nothing for any other type.

    >>> struct_fields('STRUCT(price DOUBLE, "a, b" STRUCT(x DECIMAL(9,2))[])')
    (('price', 'DOUBLE'), ('a, b', 'STRUCT(x DECIMAL(9,2))[]'))
    >>> struct_fields("VARCHAR")
    ()
    """
    if not duckdb_type.startswith("STRUCT(") or not duckdb_type.endswith(")"):
        return ()
    return tuple(_field(part) for part in _parts(duckdb_type[len("STRUCT(") : -1]))


def map_types(duckdb_type: str) -> tuple[str, str] | None:
    """Return the types of key and value of a MAP; None for any other type.

    >>> map_types("MAP(VARCHAR, DECIMAL(18,3))")
    ('VARCHAR', 'DECIMAL(18,3)')
    """
    if not duckdb_type.startswith("MAP(") or not duckdb_type.endswith(")"):
        return None
    key, value = _parts(duckdb_type[len("MAP(") : -1])
    return key, value


def item_type(duckdb_type: str) -> str | None:
    """Return the type of the items of a list or an array; None for any other type.

    >>> item_type("VARCHAR[]"), item_type("INTEGER[3]"), item_type("VARCHAR")
    ('VARCHAR', 'INTEGER', None)
    """
    if not duckdb_type.endswith("]"):
        return None
    return duckdb_type[: duckdb_type.rindex("[")]


def _parts(text: str) -> Iterator[str]:
    """Split at the commas that stand outside quotes and parentheses."""
    depth, quoted, start = 0, False, 0
    for position, character in enumerate(text):
        if character == '"':
            quoted = not quoted
        elif quoted:
            continue
        elif character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
        elif character == "," and depth == 0:
            yield text[start:position].strip()
            start = position + 1
    yield text[start:].strip()


def _field(text: str) -> tuple[str, str]:
    if not text.startswith('"'):
        name, _, kind = text.partition(" ")
        return name, kind
    end = 1
    while text[end] != '"' or text[end : end + 2] == '""':
        end += 2 if text[end] == '"' else 1
    return text[1:end].replace('""', '"'), text[end + 1 :].strip()
