"""What a source stands for: files, unpacked and fetched where they must be, and objects."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Final

from funnelkit.errors import ColumnError, DataError
from funnelkit.events.columns import find_roles
from funnelkit.events.connection import data_errors
from funnelkit.events.files import TRUTH, EventFile, find_files, recognise
from funnelkit.events.importers.archive import is_zip, members, opened
from funnelkit.events.importers.tables import split
from funnelkit.events.ranges import read_remote
from funnelkit.events.remote import fetch, find_objects, is_parquet, is_remote
from funnelkit.events.table import literally

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from funnelkit.events.opening import Opening

STDIN: Final = "-"


@dataclass(slots=True)
class Found:
    """The files of a source, and its Parquet in object storage, which is read where it lies."""

    files: list[EventFile] = field(default_factory=list)
    objects: list[str] = field(default_factory=list)


def find(source: object, opening: Opening, *, stdin: IO[bytes] | None) -> Found:
    """Return what a source stands for; `stdin` is what `-` does.

    Raises:
        DataError: something is not there, cannot be read, or holds nothing that can be events.
        DefinitionError: `source` is no path, nor a list of these.
    """
    found = Found()
    paths, queries = split(source)
    for path in paths:
        if os.fspath(path) == STDIN:
            stream = stdin or _standard_input()
            found.files.append(_spooled(stream, opening, label="standard input"))
        elif is_remote(path):
            _find_objects(os.fspath(path), found, opening)
        else:
            for file in find_files(path):
                found.files += _read(file, opening)
    for query in queries:
        rows = query.write(opening.folder.new("query.parquet"))
        found.files.append(EventFile(rows, query.label, "parquet"))
    found.files = _without_truth(found.files, opening)
    return found


def _standard_input() -> IO[bytes]:
    if sys.stdin is None or sys.stdin.closed:
        raise DataError("standard input is closed: there is nothing to read")
    return sys.stdin.buffer


def _read(path: Path, opening: Opening) -> Iterator[EventFile]:
    if path.is_file():
        yield from _unpacked(path, opening, label=str(path))
        return
    with path.open("rb") as pipe:  # as in `describe <(zcat …)`: it can be read only once
        yield _spooled(pipe, opening, label=str(path))


def _spooled(stream: IO[bytes], opening: Opening, *, label: str) -> EventFile:
    copy = opening.folder.new("stream")
    with copy.open("wb") as file:
        shutil.copyfileobj(stream, file)
    return recognise(copy, label=label)


def _find_objects(address: str, found: Found, opening: Opening) -> None:
    """Add what an address stands for: Parquet as it lies, everything else fetched."""
    objects = [each.address for each in find_objects(address)]
    found.objects += [each for each in objects if is_parquet(each)]
    read_remote(opening.connection, found.objects)
    for each in objects:
        if not is_parquet(each):
            copy = fetch(each, opening.folder.new("object"))
            found.files += _unpacked(copy, opening, label=each)


def _unpacked(path: Path, opening: Opening, *, label: str) -> Iterator[EventFile]:
    """Yield a file, or the members of a ZIP of Amplitude's export."""
    if not is_zip(path):
        yield recognise(path, label=label)
        return
    empty = True
    for member in members([(path, label)]):
        empty = False
        copy = opening.folder.new(f"member{member.ending}")
        with opened(member) as stream, copy.open("wb") as file:
            shutil.copyfileobj(stream, file)
        yield recognise(copy, label=member.label)
    if empty:
        raise DataError(f"{label} holds no events: there is no file in it")


def _without_truth(files: list[EventFile], opening: Opening) -> list[EventFile]:
    """Leave out what a simulation wrote beside its events: a shell's `*` names it, too."""
    beside = [file for file in files if file.path.name == TRUTH and not _is_events(file, opening)]
    if len(beside) == len(files):
        return files
    opening.notes += [f"{file.label} holds no events and is left out" for file in beside]
    return [file for file in files if file not in beside]


def _is_events(file: EventFile, opening: Opening) -> bool:
    if file.format != "parquet":
        return True
    with data_errors(file.label):
        names = opening.connection.execute(
            "SELECT name FROM parquet_schema($files)", {"files": literally([str(file.path)])}
        ).fetchall()
    try:
        find_roles([name for (name,) in names], explicit=opening.explicit, where=file.label)
    except ColumnError:
        return False
    return True
