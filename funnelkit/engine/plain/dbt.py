"""The statement as a model of dbt."""

from __future__ import annotations

import re
from typing import Final

from funnelkit.errors import DefinitionError

HOLE: Final = "\0"
"""Stands for the table until all else is safe from Jinja: no statement holds a NUL."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def dbt_model(statement: str, table: str) -> str:
    """Return a model of a statement that reads from `HOLE`.

    The table is `NAME` of a model, or `SOURCE.NAME` of a source.

    Raises:
        DefinitionError: the table is not named so.
    """
    parts = table.split(".")
    if len(parts) > 2 or not all(map(_NAME.fullmatch, parts)):  # noqa: PLR2004 - source and name
        raise DefinitionError(
            f"a dbt model reads another one, --table NAME, or a source, --table SOURCE.NAME; "
            f"got {table!r}"
        )
    names = ", ".join(f"'{part}'" for part in parts)
    reads = "ref" if len(parts) == 1 else "source"
    # Of {{ the first brace is written as an expression of its own; so nothing opens a tag.
    safe = re.sub(r"\{(?=[{%#])", "{{ '{' }}", statement)
    return (
        "{{ config(materialized='table') }}\n\n"
        + safe.rstrip().removesuffix(";").replace(HOLE, f"{{{{ {reads}({names}) }}}}")
        + "\n"
    )
