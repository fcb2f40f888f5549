"""Files of text, JSON or CSV, as Parquet files of events."""

from __future__ import annotations

import codecs
import gzip
import shutil
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal, cast

from funnelkit.events.bodies import write_lines
from funnelkit.events.columns import find_roles
from funnelkit.events.connection import data_errors
from funnelkit.events.conversion import convert
from funnelkit.events.delimited import boolean_columns, delimited_rows
from funnelkit.events.files import EventFile, sum_up
from funnelkit.events.halves import Halves
from funnelkit.events.importers.formats import MERGES
from funnelkit.events.importers.row import Row
from funnelkit.events.jsonlines import HalfCharacterError, json_lines, read_names
from funnelkit.events.table import literally

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from funnelkit.events.columns import Roles
    from funnelkit.events.conversion import Rows
    from funnelkit.events.files import Compression
    from funnelkit.events.merged_users import MergedUsers
    from funnelkit.events.opening import Opening


def as_lines(file: EventFile, opening: Opening) -> EventFile:
    """Return a file of JSON lines with the events of a file of JSON."""
    if file.format == "json" and not file.bom:
        return file
    lines = opening.folder.new("lines.jsonl")
    if file.format == "body":
        halves = Halves()
        write_lines(opening.connection, file, lines, halves=halves)
        opening.notes += halves.notes()
        return EventFile(lines, f"{file.label} (as one event a line)", "json")
    with _binary(file.path, "rb", file.compression) as source, lines.open("wb") as target:
        source.read(len(codecs.BOM_UTF8))
        shutil.copyfileobj(source, target)
    return EventFile(lines, file.label, "json")


def convert_json(
    files: Sequence[EventFile], opening: Opening, merges: MergedUsers
) -> dict[str, str]:
    """Convert JSON lines; return the Parquet files, each with what it is called in messages.

    Files whose event type and time have other names go separately. Merged users among them are
    given to `merges`.

    Raises:
        DataError: a line is no event.
        ColumnError: an event's type, time or user has no key.
    """
    converted: dict[str, str] = {}
    for compression in ("none", "gzip"):
        labels = {str(file.path): file.label for file in files if file.compression == compression}
        if not labels:
            continue
        with data_errors(sum_up(list(labels.values()))):
            try:
                names_of = read_names(opening.connection, labels, compression=compression)
            except HalfCharacterError:
                labels = _spelt_out(labels, compression, opening)
                names_of = read_names(opening.connection, labels, compression=compression)
        opening.notes += [f"{labels[path]} is empty" for path in labels if path not in names_of]
        groups: dict[tuple[str, str], dict[str, str]] = {}
        for path, names in names_of.items():
            if MERGES.recognises(names):
                merges.add(*_table_of(path, names, compression), label=labels[path])
                continue
            found = find_roles(names, explicit=opening.explicit, where=labels[path]).columns
            group = groups.setdefault((found["event_type"], found["event_time"]), {})
            group[path] = labels[path]
        for group in groups.values():
            names = list(dict.fromkeys(name for path in group for name in names_of[path]))
            roles = find_roles(names, explicit=opening.explicit, where=sum_up([*group.values()]))
            rows = json_lines(
                opening.connection, group, compression=compression, names=names, roles=roles
            )
            converted |= _converted(rows, roles, opening, milliseconds=True)
    return converted


def convert_csv(
    files: Sequence[EventFile], opening: Opening, merges: MergedUsers
) -> dict[str, str]:
    """Convert CSV; return the Parquet files, each with what it is called in messages.

    Merged users among them are given to `merges`.

    Raises:
        DataError: a row is no event.
        ColumnError: an event's type, time or user has no column.
    """
    tables = [
        delimited_rows(opening.connection, file, opening.folder.new("text.parquet"))
        for file in files
    ]
    for rows in [rows for rows in tables if MERGES.recognises(rows.names)]:
        tables.remove(rows)
        row = Row(dict.fromkeys(rows.names, "VARCHAR"))
        merges.add(row, rows.relation, rows.values, label=rows.label)
    booleans = boolean_columns(tables)
    converted: dict[str, str] = {}
    for rows in tables:
        roles = find_roles(rows.names, explicit=opening.explicit, where=rows.label)
        told = replace(rows, booleans=booleans)
        converted |= _converted(told, roles, opening, milliseconds=False)
    return converted


def _converted(rows: Rows, roles: Roles, opening: Opening, *, milliseconds: bool) -> dict[str, str]:
    target = opening.folder.new("events.parquet")
    with data_errors(rows.label):
        opening.notes += convert(
            rows, target, roles=roles, keep=opening.explicit, milliseconds=milliseconds
        )
    return {str(target): rows.label}


def _table_of(
    path: str, names: Sequence[str], compression: Compression
) -> tuple[Row, str, Mapping[str, object]]:
    """Return lines of JSON as a table of texts."""
    row = Row(dict.fromkeys(names, "VARCHAR"))
    values: dict[str, object] = {
        "files": literally([path]),
        "columns": dict(row.types),
        "compression": "gzip" if compression == "gzip" else "uncompressed",
    }
    relation = (
        "read_json($files, columns = $columns, compression = $compression, "
        "format = 'newline_delimited')"
    )
    return row, relation, values


def _spelt_out(
    labels: Mapping[str, str], compression: Compression, opening: Opening
) -> dict[str, str]:
    """Return the files, those with half characters as copies that have them spelt out."""
    halves = Halves()
    found: dict[str, str] = {}
    for path, label in labels.items():
        copy = opening.folder.new("whole.jsonl")
        with (
            _binary(Path(path), "rb", compression) as source,
            _binary(copy, "wb", compression) as target,
        ):
            for number, line in enumerate(source, start=1):
                target.write(halves.spell_out(line, label=label, line=number))
        found[str(copy) if label in halves.found else path] = label
    opening.notes += halves.notes()
    return found


def _binary(path: Path, mode: Literal["rb", "wb"], compression: Compression) -> IO[bytes]:
    if compression == "gzip":
        return cast("IO[bytes]", gzip.open(path, mode, compresslevel=1))
    return path.open(mode)
