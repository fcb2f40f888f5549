"""Which files a source means, and what is in them."""

from __future__ import annotations

import glob
import gzip
import io
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from funnelkit.errors import DataError, DefinitionError, did_you_mean
from funnelkit.events.frames import is_frame
from funnelkit.events.imported import read_imported

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Format = Literal["parquet", "json", "body", "csv", "empty"]
Compression = Literal["none", "gzip"]

TRUTH: Final = "truth.parquet"
"""What a simulation knows about its events; a folder of events may hold it, it is no event file."""

_ENDINGS: Final = (
    ".parquet", ".pq", ".jsonl", ".ndjson", ".json", ".csv", ".tsv",
    ".jsonl.gz", ".ndjson.gz", ".json.gz", ".csv.gz", ".tsv.gz", ".zip",
)  # fmt: skip

_FOREIGN: Final = (
    (b"PK\x03\x04", "a ZIP archive: unpack it first"),
    (b"\x28\xb5\x2f\xfd", "compressed with Zstandard: decompress it first, or use gzip"),
    (b"\xff\xfe", "text in UTF-16: save it as UTF-8"),
    (b"\xfe\xff", "text in UTF-16: save it as UTF-8"),
    (b"SQLite format 3", "a SQLite database: export the events as CSV or JSON lines"),
    (b"BZh", "compressed with bzip2: decompress it first, or use gzip"),
)


@dataclass(frozen=True, slots=True)
class EventFile:
    """One file of events; `label` names it in messages, `bom` says that it begins with one."""

    path: Path
    label: str
    format: Format
    compression: Compression = "none"
    bom: bool = False


def find_files(source: str | Path, *, without: Path | None = None) -> list[Path]:
    """Return the files that a path, a glob or a folder stands for, in order of their names.

    Globs are DuckDB's and the shell's: `*`, `?`, `[ab]` and `**` for any depth. A folder stands
    for all files below it that end like events, but hidden ones, those whose name begins with an
    underscore, and `truth.parquet`. Of a folder, what lies in `without` is left out.

    Raises:
        DataError: there is no such file; the text names what is near. Or a folder has a Delta
            table in it, of which not every file counts.
    """
    text = os.fspath(source)
    if not text:
        raise DataError("no events: the name of the file is empty; a dot is the current folder")
    if "://" in text:
        raise DataError(f"{text} is not a local path; download the files first")
    path = Path(text)
    if path.is_dir():
        return _in_folder(path, without)
    if path.exists():
        return [path]
    if path.is_symlink():
        raise DataError(f"{text} is a link to {path.readlink()}, which does not exist")
    if glob.has_magic(text):
        names = glob.glob(text, recursive=True)  # noqa: PTH207 - Path.glob takes no absolute one
        found = [file for file in map(Path, sorted(names)) if file.is_file()]
        if found:
            return found
        raise DataError(f"no file matches {text}{_near(path)}")
    raise DataError(f"there is no file {text}{_near(path)}")


def _in_folder(folder: Path, without: Path | None) -> list[Path]:
    """Return the files of a folder; of one of imported events the one that belongs to it now."""
    imported = read_imported(folder)
    if imported is not None:
        if imported.events_path is None:
            raise DataError(f"the folder {folder} holds no events: nothing was imported yet")
        return [imported.events_path]
    left_out = None if without is None else without.resolve()
    every = [
        path
        for path in folder.rglob("*")
        if left_out is None or not path.resolve().is_relative_to(left_out)
    ]
    tables = sorted(path.parent for path in every if path.name == "_delta_log" and path.is_dir())
    if any(table != folder for table in tables):
        raise DataError(
            f"the folder {folder} has an event store or another Delta table in it, of which not "
            f"every file counts: {tables[-1]}; name that, or the other files, by itself"
        )
    found = sorted(file for file in every if _is_event_file(file, folder))
    if not found:
        raise DataError(f"the folder {folder} holds no events ({', '.join(_ENDINGS)})")
    return found


def recognise(path: Path, *, label: str | None = None) -> EventFile:
    """Return what is in a file, by its first bytes, and by its name only where bytes do not tell.

    Raises:
        DataError: the file cannot be opened, or holds nothing that can be events.
    """
    label = str(path) if label is None else label
    try:
        head = _head(path)
        compression: Compression = "none"
        if head.startswith(b"\x1f\x8b"):
            compression = "gzip"
            with gzip.open(path) as unpacked:
                head = unpacked.read(_HEAD)
    except (OSError, EOFError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise DataError(f"{label} cannot be read: {reason}") from error
    if what := foreign(head):
        raise DataError(f"{label} is {what}")
    bom = head.startswith(b"\xef\xbb\xbf")
    if bom:
        head = head[3:]
    ending = path.name.lower().removesuffix(".gz")
    if head.startswith(b"PAR1"):
        _check_parquet(path, label)
        return EventFile(path, label, "parquet")
    if ending.endswith((".parquet", ".pq")):
        raise DataError(f"{label} is no Parquet file: it does not begin with PAR1")
    return EventFile(path, label, text_format(head, ending, label), compression, bom)


_HEAD: Final = 65536

_TOKEN: Final = re.compile(rb'("(?:[^"\\]|\\.)*+")(\s*:\s*\[)?|[{\[]|[}\]]', re.DOTALL)


def foreign(head: bytes) -> str | None:
    """Return what a file is that cannot be read, and what to do; None if it may be read."""
    return next((what for mark, what in _FOREIGN if head.startswith(mark)), None)


def text_format(head: bytes, ending: str, label: str) -> Format:
    """Return what a text is by how it begins, and by its name's ending where that does not tell.

    Raises:
        DataError: it is nothing that can be events.
    """
    start = head.lstrip()
    if not start:
        return "empty"
    if start.startswith(b"[") or _is_body(start):
        return "body"
    if start.startswith(b"{") or ending.endswith((".json", ".jsonl", ".ndjson")):
        return "json"
    if b"\0" in head:
        raise DataError(f"{label} is neither Parquet, JSON lines nor CSV: it holds NUL bytes")
    return "csv"


def _is_body(start: bytes) -> bool:
    """Tell by a list under "events" before any "event_type": what is sent to Amplitude.

    Only the keys of the object itself count: a property may be a list called events, too, and
    Amplitude's exports have the properties before the event type.
    """
    depth = 0
    for token in _TOKEN.finditer(start):
        first = token[0][:1]
        if first in b"{[":
            depth += 1
        elif first in b"}]":
            depth -= 1
            if depth == 0:
                return False
        else:
            if depth == 1 and token[1] == b'"event_type"':
                return False
            if depth == 1 and token[1] == b'"events"' and token[2]:
                return True
            depth += bool(token[2])  # the list has begun
    return False


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD)


def _check_parquet(path: Path, label: str) -> None:
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 4))
        if size < 12 or file.read() != b"PAR1":  # noqa: PLR2004 - two marks and a length
            raise DataError(f"{label} is cut off: a Parquet file ends with PAR1, this one does not")


def _is_event_file(file: Path, folder: Path) -> bool:
    return is_event_name(file.relative_to(folder).parts) and file.is_file()


def is_event_name(parts: tuple[str, ...]) -> bool:
    """Tell whether a file of a folder is one of events, by the parts of its path below it."""
    hidden = any(part.startswith((".", "_")) for part in parts)
    name = parts[-1].lower()
    return not hidden and name != TRUTH and name.endswith(_ENDINGS)


def _near(path: Path) -> str:
    try:
        names = [file.name for file in path.parent.iterdir()]
    except OSError:
        return f": there is no folder {path.parent}"
    return "." + did_you_mean(path.name, names)


def partition_keys(file: Path) -> tuple[str, ...]:
    """Return the keys of the hive partitions that a file lies in: `month` of `month=2020-04/`."""
    return tuple(part.partition("=")[0] for part in file.parent.parts if "=" in part)


def flatten(sources: object) -> Iterator[str | Path]:
    """Return each path of a path or a list of paths.

    Raises:
        DefinitionError: something is neither; the text says what can be.
    """
    if isinstance(sources, (str, Path)):
        yield sources
    elif isinstance(sources, os.PathLike):
        yield Path(os.fspath(sources))
    elif isinstance(sources, Iterable) and not (
        isinstance(sources, _NO_LISTS) or is_frame(sources)
    ):
        for item in sources:
            yield from flatten(item)
    else:
        raise DefinitionError(
            "events are a path, a glob, a folder, '-' for standard input, a list of these, "
            f"or a Polars, pandas or Arrow frame; got {_in_words(sources)}"
        )


# What can be iterated but holds no paths.
_NO_LISTS: Final = (Mapping, bytes, bytearray, io.IOBase)


def _in_words(source: object) -> str:
    if isinstance(source, Mapping):
        return "a dict: make a frame of rows, as with polars.DataFrame(rows)"
    shown = repr(source)
    name = type(source).__name__
    return f"{shown} ({name})" if len(shown) <= 40 else f"a value of type {name}"  # noqa: PLR2004


def sum_up(labels: Sequence[str]) -> str:
    """Return the files in words: the first, and how many more."""
    return labels[0] if len(labels) == 1 else f"{labels[0]} and {len(labels) - 1} more"
