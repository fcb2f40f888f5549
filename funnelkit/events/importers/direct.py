"""Files of other products, read as an import reads them, but kept nowhere."""

from __future__ import annotations

import codecs
import gzip
from typing import IO, TYPE_CHECKING, Final, cast

from funnelkit.errors import DataError
from funnelkit.events.delimited import read_header
from funnelkit.events.files import recognise, sum_up
from funnelkit.events.imported import read_imported
from funnelkit.events.importers.formats import EXPORT, FORMATS, MERGES, format_of
from funnelkit.events.importers.likeness import keys_of
from funnelkit.events.schema import columns_of
from funnelkit.events.texts import as_lines

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from funnelkit.events.files import EventFile
    from funnelkit.events.opening import Opening
    from funnelkit.events.table import Role

OTHERS: Final = frozenset(each.name for each in FORMATS) - {MERGES.name, EXPORT.name, "http"}
"""The formats that are not Amplitude's."""

_HEAD: Final = 1 << 16  # bytes in which the format is looked for


def without_others(files: Sequence[EventFile], opening: Opening) -> list[EventFile]:
    """Return the files; in place of those of other products, what an import makes of them.

    Raises:
        DataError: a line of another product is no event.
    """
    parquet = [file for file in files if file.format == "parquet"]
    columns = columns_of(opening.connection, parquet)
    kept: list[EventFile] = []
    others: list[tuple[EventFile, str]] = []
    for file in files:
        lines = as_lines(file, opening) if file.format == "body" else file
        if lines.format == "json":
            names: Collection[str] = _names_in_lines(lines)
        else:
            names = read_header(file)[0] if file.format == "csv" else columns.get(file.path, ())
        other = _other_product(names, opening.explicit) if names else None
        if other is None:
            kept.append(lines)
        else:
            others.append((lines, other))
    if others:
        events, notes = _imported(others, opening.folder.new("others"))
        opening.notes += notes
        kept.append(recognise(events, label=sum_up([file.label for file, _ in others])))
    return kept


def _other_product(names: Collection[str], explicit: Mapping[Role, str]) -> str | None:
    """Return the name of the other product's format that rows with these keys are of, if any.

    Only where there is no doubt: what is near to one is read by the names of its columns.
    """
    name = format_of(names, chosen=None, explicit=explicit).name
    return name if name in OTHERS else None


def _names_in_lines(file: EventFile) -> list[str]:
    """Return the keys of the first lines of JSON; none where they are Amplitude's."""
    opener = gzip.open if file.compression == "gzip" else open
    with cast("IO[bytes]", opener(file.path, "rb")) as stream:
        head = stream.read(_HEAD).removeprefix(codecs.BOM_UTF8)
    first, _, _ = head.partition(b"\n")
    return [] if b'"event_type"' in first else keys_of(head)  # there may be thousands of files


def _imported(others: Sequence[tuple[EventFile, str]], folder: Path) -> tuple[Path, list[str]]:
    """Import files, each with its format, into `folder`; return the file of events, and notes.

    Raises:
        DataError: a line is no event, or there is none.
    """
    from funnelkit.events.importers.folder import import_files

    labels = {file.path: file.label for file, _ in others}
    result = import_files(list(labels), folder, strict=True, labels=labels)
    imported = read_imported(folder)
    if imported is None or imported.events_path is None or not result.total:
        raise DataError(f"{sum_up(list(labels.values()))} holds no events")
    notes = [
        f"{sum_up([file.label for file, other in others if other == name])}: read as {name}, as "
        "an import does"
        for name in dict.fromkeys(name for _, name in others)
    ]
    if result.duplicates:
        copies = "duplicate is" if result.duplicates == 1 else "duplicates are"
        notes.append(f"{result.duplicates:,} {copies} left out")
    return imported.events_path, [*notes, *result.notes]
