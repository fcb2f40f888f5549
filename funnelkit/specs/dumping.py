"""Funnels, written as the text of a TOML file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelkit.errors import DefinitionError
from funnelkit.model import Funnel
from funnelkit.specs.problems import key_path
from funnelkit.specs.quoting import quote
from funnelkit.specs.tables import funnel_to_dict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from funnelkit.specs.files import FunnelEntry


def dump_funnels(entries: Iterable[FunnelEntry]) -> str:
    """Return the text of a TOML file from which `files.load_funnels` reads the entries back.

    Defaults are left out.

    Raises:
        DefinitionError: the entries disagree about the columns, of which a file has one table.
    """
    tables: list[str] = []
    columns: list[Mapping[str, str]] = []
    for entry in entries:
        tables.append(_dumped(entry))
        if entry.columns and entry.columns not in columns:
            columns.append(entry.columns)
    if len(columns) > 1:
        raise DefinitionError("funnels with different columns need files of their own")
    head = [_table_text(("columns",), one) for one in columns]
    return "\n".join([*head, *tables])


def _dumped(entry: FunnelEntry) -> str:
    default = funnel_to_dict(Funnel(steps=entry.funnel.steps))
    derived = {"name", "window_is_default", "segments"}
    full = funnel_to_dict(entry.funnel)
    changed = {
        key: value
        for key, value in full.items()
        if key == "steps" or (key not in derived and value != default[key])
    }
    if entry.funnel.window is not None:
        changed["window"] = full["window"]
    beside = {"description": entry.description, "expect": entry.expect}
    values = changed | {key: value for key, value in beside.items() if value is not None}
    path = ("funnels", entry.name)
    tables = [_table_text(path, values)]
    if full["segments"]:
        tables.append(_table_text((*path, "segments"), full["segments"]))
    return "\n".join(tables)


def _table_text(path: tuple[str, ...], values: Mapping[str, object]) -> str:
    lines = [f"{key_path(key)} = {_toml(value)}\n" for key, value in values.items()]
    return f"[{key_path(*path)}]\n{''.join(lines)}"


def _toml(value: object) -> str:
    if isinstance(value, str):
        literal = '"' in value and "'" not in value and value.isprintable()
        return f"'{value}'" if literal else quote(value)
    if isinstance(value, (list, tuple)):
        parts = [_toml(part) for part in value]
        if all(isinstance(part, int) for part in value):
            return f"[{', '.join(parts)}]"
        return "[\n" + "".join(f"    {part},\n" for part in parts) + "]"
    return str(value)
