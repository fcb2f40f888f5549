"""Funnels, written as the text of a TOML file."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Final

from funnelkit.errors import DefinitionError
from funnelkit.model import Funnel
from funnelkit.specs.problems import key_path
from funnelkit.specs.quoting import quote
from funnelkit.specs.tables import funnel_to_dict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from funnelkit.model import Segment
    from funnelkit.specs.files import FunnelEntry

_APART: Final = {"name", "window_is_default", "segments", "custom_events", "settings"}
"""What is said by the table's name, or stands in a table of its own."""


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
    funnel = replace(entry.funnel, segments=tuple(map(_anywhere, entry.funnel.segments)))
    default = funnel_to_dict(Funnel(steps=funnel.steps, custom_events=funnel.custom_events))
    full = funnel_to_dict(funnel)
    changed = {
        key: value
        for key, value in full.items()
        if key == "steps" or (key not in _APART and value != default[key])
    }
    if funnel.window is not None:
        changed["window"] = full["window"]
    if funnel.measures.bins is not None:  # without this, they ask for the distribution
        changed["time_to_convert"] = full["time_to_convert"]
    beside = {
        "description": entry.description,
        "events": list(entry.events) or None,
        "expect": entry.expect,
    }
    values = changed | {key: value for key, value in beside.items() if value is not None}
    path = ("funnels", entry.name)
    below = {key: full[key] for key in ("segments", "custom_events")}
    below["settings"] = funnel.settings.changed()
    below["expect"] = dict(entry.expect_table or {})
    tables = [_table_text((*path, key), table) for key, table in below.items() if table]
    return "\n".join([_table_text(path, values), *tables])


def _anywhere(segment: Segment) -> Segment:
    """Return the segment with the files of its cohorts named in full: a file has its own folder."""
    cohorts = (
        replace(cohort, path=os.path.join(os.getcwd(), cohort.path))  # noqa: PTH109, PTH118 - as it is
        for cohort in segment.cohorts
    )
    return replace(segment, cohorts=tuple(cohorts))


def _table_text(path: tuple[str, ...], values: Mapping[str, object]) -> str:
    lines = [f"{key_path(key)} = {_toml(value)}\n" for key, value in values.items()]
    return f"[{key_path(*path)}]\n{''.join(lines)}"


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        literal = '"' in value and "'" not in value and value.isprintable()
        return f"'{value}'" if literal else quote(value)
    if isinstance(value, (list, tuple)):
        parts = [_toml(part) for part in value]
        if all(isinstance(part, int) for part in value):
            return f"[{', '.join(parts)}]"
        return "[\n" + "".join(f"    {part},\n" for part in parts) + "]"
    if isinstance(value, dict):
        pairs = ", ".join(f"{key_path(key)} = {_inline(one)}" for key, one in value.items())
        return f"{{ {pairs} }}"
    return value.isoformat() if isinstance(value, date) else str(value)


def _inline(value: object) -> str:
    """Return a value for an inline table, which stands on one line."""
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_inline, value))}]"
    return _toml(value)
