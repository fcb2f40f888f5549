"""Opens whatever holds events, as a table of Parquet files."""

from __future__ import annotations

import tempfile
import zlib
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING

from funnelkit.errors import DataError, DefinitionError
from funnelkit.events.alike import unlike_files
from funnelkit.events.columns import check_mapping, parse_columns
from funnelkit.events.connection import connect, data_errors
from funnelkit.events.files import EventFile, partition_keys, sum_up
from funnelkit.events.found import Found, find
from funnelkit.events.frames import is_frame, write_frame
from funnelkit.events.importers.direct import without_others
from funnelkit.events.merged_users import MergedUsers
from funnelkit.events.opening import Opening
from funnelkit.events.parquet import open_parquet
from funnelkit.events.settled import settle
from funnelkit.events.store.place import store_of
from funnelkit.events.texts import as_lines, convert_csv, convert_json
from funnelkit.events.workfolder import WorkFolder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from funnelkit.events.table import EventTable


@contextmanager
def open_events(
    source: object,
    *,
    columns: Mapping[str, str] | str | None = None,
    stdin: IO[bytes] | None = None,
    as_imported: bool = False,
) -> Iterator[EventTable]:
    """Open events for the time of a `with` block; temporary files vanish at its end.

    Args:
        source: A path, a glob, a folder, `-` for standard input, a list of these, a Polars,
            pandas or Arrow frame, or an event store: its folder, or a `StoreVersion`. Parquet is
            read where it lies; JSON lines, CSV, gzip, standard input and frames are converted
            once.
        columns: Which column is which, as a mapping or as the text `user=…,event=…,time=…`.
            What is not said is found by Amplitude's names, then by common names with a note.
        stdin: The stream that `-` stands for; by default the process's own.
        as_imported: Whether a frame, too, is read without copies and with ids for everybody, as
            lines of JSON are, and not as it is.

    Raises:
        DefinitionError: `source` is none of these, or `columns` cannot be read.
        ColumnError: a column is missing or has a type that cannot serve.
        DataError: a file cannot be read, a row is no event, a time is none. The text names it.
    """
    explicit = parse_columns(columns) if isinstance(columns, str) else check_mapping(columns or {})
    store = store_of(source)
    if store is not None:
        if explicit:
            raise DefinitionError(
                f"{store.folder} is a store, whose columns have Amplitude's names: leave out "
                "--columns"
            )
        yield store.open()
        return
    with (
        tempfile.TemporaryDirectory(prefix="funnelkit-", ignore_cleanup_errors=True) as folder,
    ):
        with closing(connect()) as connection, _unreadable():
            opening = Opening(connection, WorkFolder(Path(folder)), explicit)
            table = _Opened(opening, as_imported=as_imported).open(source, stdin=stdin)
        yield table


@contextmanager
def _unreadable() -> Iterator[None]:
    """Raise what the system says of a file, which may vanish at any time, as a `DataError`."""
    try:
        yield
    except OSError as error:
        name = error.filename or "the source of the events"
        raise DataError(f"{name} cannot be read: {error.strerror or error}") from error
    except (EOFError, zlib.error) as error:
        raise DataError(f"gzip that is cut off or damaged: {error}") from error


class _Opened:
    """What `open_events` has found so far: Parquet files, each with its name in messages."""

    def __init__(self, opening: Opening, *, as_imported: bool) -> None:
        self._opening = opening
        self._as_imported = as_imported
        self._merges = MergedUsers(opening)
        self._parquet: dict[str, str] = {}

    def open(self, source: object, *, stdin: IO[bytes] | None) -> EventTable:
        if is_frame(source):
            target = self._opening.folder.new("frame.parquet")
            write_frame(source, target)
            return self._open(Found([EventFile(target, "the frame", "parquet")]))
        found = find(source, self._opening, stdin=stdin)
        files = without_others(self._merges.taken_from(found.files), self._opening)
        self._merges.add_imported(files)
        return self._open(replace(found, files=files))

    def _open(self, found: Found) -> EventTable:
        files, opening = found.files, self._opening
        if not files and not found.objects:
            raise DataError("no events: the list of files is empty")
        self._parquet = {str(file.path): file.label for file in files if file.format == "parquet"}
        self._parquet |= {address: address for address in found.objects}
        hive = self._has_hive(found)
        as_they_are = set[str]() if self._as_imported else set(self._parquet)
        lines = [as_lines(file, opening) for file in files if file.format in {"json", "body"}]
        self._parquet |= convert_json(lines, opening, self._merges)
        self._settle([path for path in self._parquet if path not in as_they_are])
        csv = [file for file in files if file.format == "csv"]
        self._parquet |= convert_csv(csv, opening, self._merges)
        empty = [file.label for file in files if file.format == "empty"]
        if not self._parquet:
            raise DataError(f"{', '.join(empty)} holds no events: it is empty")
        opening.notes += [f"{label} is empty" for label in empty]
        if not hive:  # a copy would not stand in the folders whose names are values
            self._make_alike()
        with data_errors(sum_up(list(self._parquet.values()))):
            table = open_parquet(
                opening.connection,
                list(self._parquet),
                labels=list(self._parquet.values()),
                explicit=opening.explicit,
                hive=hive,
            )
        merges = self._merges.follow() if table.amplitude_id is not None else None
        return replace(
            table, merges=merges, notes=tuple(dict.fromkeys([*opening.notes, *table.notes]))
        )

    def _has_hive(self, found: Found) -> bool:
        """Tell whether values in the names of folders are columns; note where they cannot be."""
        keys = {partition_keys(file.path) for file in found.files}
        keys |= {partition_keys(Path(address)) for address in found.objects}
        # DuckDB takes the keys for columns only if every file has them.
        hive = (
            len(keys) == 1
            and keys != {()}
            and len(self._parquet) == len(found.files) + len(dict.fromkeys(found.objects))
        )
        if keys != {()} and not hive:
            self._opening.notes.append(
                "values in folder names (key=value) are not read: files differ"
            )
        return hive

    def _settle(self, converted: Sequence[str]) -> None:
        """Leave out copies and find ids in what came as lines of JSON (specification A13)."""
        opening = self._opening
        if opening.explicit or not converted:
            return
        target = opening.folder.new("settled.parquet")
        with data_errors(sum_up([self._parquet[path] for path in converted])):
            settled = settle(opening.connection, converted, target)
        if settled is None:
            return
        label = sum_up([self._parquet.pop(path) for path in converted])
        self._parquet[str(settled.file)] = label
        opening.notes += settled.notes
        if settled.joined:
            self._merges.add_joined()

    def _make_alike(self) -> None:
        """Write files once more that cannot be read with the others."""
        opening = self._opening
        with data_errors(sum_up(list(self._parquet.values()))):
            unlike = unlike_files(opening.connection, self._parquet, explicit=opening.explicit)
        copies: dict[str, str] = {}
        for file in unlike:
            copy = opening.folder.new("alike.parquet")
            with data_errors(file.label):
                opening.notes += file.write(copy)
            copies[file.path] = str(copy)
        self._parquet = {copies.get(path, path): label for path, label in self._parquet.items()}
