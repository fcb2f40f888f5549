"""Opens whatever holds events, as a table of Parquet files."""

from __future__ import annotations

import codecs
import gzip
import itertools
import os
import shutil
import sys
import tempfile
import zlib
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal, cast

from funnelkit.errors import ColumnError, DataError, DefinitionError
from funnelkit.events.alike import unlike_files
from funnelkit.events.bodies import write_lines
from funnelkit.events.columns import check_mapping, find_roles, parse_columns
from funnelkit.events.connection import connect, data_errors
from funnelkit.events.conversion import convert
from funnelkit.events.delimited import boolean_columns, delimited_rows, read_header
from funnelkit.events.files import (
    TRUTH,
    EventFile,
    find_files,
    partition_keys,
    recognise,
    sum_up,
)
from funnelkit.events.frames import is_frame, write_frame
from funnelkit.events.halves import Halves
from funnelkit.events.imported import imported_with
from funnelkit.events.importers.archive import is_zip, members, opened
from funnelkit.events.importers.direct import names_in_lines, other_product, read_directly
from funnelkit.events.importers.formats import MERGES
from funnelkit.events.importers.row import Row
from funnelkit.events.importers.tables import split
from funnelkit.events.jsonlines import HalfCharacterError, json_lines, read_names
from funnelkit.events.merges import follow
from funnelkit.events.parquet import open_parquet
from funnelkit.events.remote import fetch, find_objects, is_parquet, is_remote, read_remote
from funnelkit.events.schema import ParquetFiles, read_columns, read_schema
from funnelkit.events.settled import settle
from funnelkit.events.store.place import store_of
from funnelkit.events.table import literally, read_parquet

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from duckdb import DuckDBPyConnection

    from funnelkit.events.columns import Roles
    from funnelkit.events.conversion import Rows
    from funnelkit.events.files import Compression
    from funnelkit.events.table import EventTable, Role

STDIN = "-"


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
            opening = _Opening(connection, Path(folder), explicit, as_imported=as_imported)
            table = opening.open(source, stdin=stdin)
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


def _standard_input() -> IO[bytes]:
    if sys.stdin is None or sys.stdin.closed:
        raise DataError("standard input is closed: there is nothing to read")
    return sys.stdin.buffer


def _lines_of(
    path: str, names: Sequence[str], compression: str
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


def _binary(path: Path, mode: Literal["rb", "wb"], compression: Compression) -> IO[bytes]:
    if compression == "gzip":
        return cast("IO[bytes]", gzip.open(path, mode, compresslevel=1))
    return path.open(mode)


class _Opening:
    """The work of `open_events`: what was found so far."""

    def __init__(
        self,
        connection: DuckDBPyConnection,
        folder: Path,
        explicit: Mapping[Role, str],
        *,
        as_imported: bool,
    ) -> None:
        self.connection = connection
        self.as_imported = as_imported
        self.folder = folder
        self.explicit = explicit
        self.parquet: dict[str, str] = {}
        self.remote: list[str] = []
        self.notes: list[str] = []
        self.merges: list[tuple[str, dict[str, object]]] = []
        self.counter = itertools.count(1)

    def open(self, source: object, *, stdin: IO[bytes] | None) -> EventTable:
        if is_frame(source):
            target = self.folder / "frame.parquet"
            write_frame(source, target)
            files = [EventFile(target, "the frame", "parquet")]
        else:
            files = self._files(source, stdin=stdin)
        return self._open(files)

    def _files(self, source: object, *, stdin: IO[bytes] | None) -> list[EventFile]:
        files: list[EventFile] = []
        paths, queries = split(source)
        for path in paths:
            if os.fspath(path) == STDIN:
                files.append(self._spool(stdin or _standard_input(), label="standard input"))
                continue
            if is_remote(path):
                files += self._remote(os.fspath(path))
                continue
            for file in find_files(path):
                if file.is_file():
                    files += self._unpacked(file)
                else:  # a pipe, as in `describe <(zcat …)`: it can be read only once
                    with file.open("rb") as pipe:
                        files.append(self._spool(pipe, label=str(file)))
        for query in queries:
            rows = query.write(self.folder / f"query-{next(self.counter)}.parquet")
            files.append(EventFile(rows, query.label, "parquet"))
        files = self._without_merges(self._without_truth(files))
        return self._without_others(files)

    def _without_others(self, files: Sequence[EventFile]) -> list[EventFile]:
        """Return the files; those of other products as what an import makes of them."""
        columns = self._columns_of([file for file in files if file.format == "parquet"])
        kept: list[EventFile] = []
        others: list[tuple[EventFile, str]] = []
        for file in files:
            lines = self._as_lines(file) if file.format == "body" else file
            if lines.format == "json":
                names: Collection[str] = names_in_lines(lines)
            else:
                names = read_header(file)[0] if file.format == "csv" else columns.get(file.path, ())
            other = other_product(names, self.explicit) if names else None
            if other is None:
                kept.append(lines)
            else:
                others.append((lines, other))
        if others:
            events, notes = read_directly(others, self.folder / f"others-{next(self.counter)}")
            self.notes += notes
            kept += self._unpacked(events, label=sum_up([file.label for file, _ in others]))
        return kept

    def _columns_of(self, files: Sequence[EventFile]) -> Mapping[Path, Collection[str]]:
        """Return the columns of Parquet files."""
        if not files:
            return {}
        labels = tuple(file.label for file in files)
        paths = tuple(str(file.path) for file in files)
        with data_errors(sum_up(labels)):
            found = read_columns(ParquetFiles(self.connection, paths, labels))
        return {Path(path): names for path, names in found.items()}

    def _remote(self, address: str) -> list[EventFile]:
        """Return what has to be fetched of an address; Parquet is read where it lies."""
        found = find_objects(address)
        self.remote += [each for each in found if is_parquet(each)]
        read_remote(self.connection, self.remote)
        files: list[EventFile] = []
        for each in found:
            if not is_parquet(each):
                folder = self.folder / f"object-{next(self.counter)}"
                files += self._unpacked(fetch(each, folder), label=each)
        return files

    def _unpacked(self, path: Path, *, label: str | None = None) -> list[EventFile]:
        """Return a file, or the members of a ZIP of Amplitude's export; note an import's merges."""
        if not is_zip(path):
            imported = imported_with(path)
            if imported is not None and imported.merges_path is not None:
                merges = read_parquet("$files", hive=False)
                values: dict[str, object] = {"files": literally([str(imported.merges_path)])}
                self.merges.append((f"(SELECT * FROM {merges})", values))
            return [recognise(path, label=label)]
        found = []
        for member in members([(path, label or str(path))]):
            copy = self.folder / f"member-{next(self.counter)}{member.ending}"
            with opened(member) as stream, copy.open("wb") as file:
                shutil.copyfileobj(stream, file)
            found.append(recognise(copy, label=member.label))
        if not found:
            raise DataError(f"{label or path} holds no events: there is no file in it")
        return found

    def _without_truth(self, files: list[EventFile]) -> list[EventFile]:
        """Leave out what a simulation wrote beside its events: a shell's `*` names it, too."""
        beside = [file for file in files if file.path.name == TRUTH and not self._is_events(file)]
        if len(beside) == len(files):
            return files
        self.notes += [f"{file.label} holds no events and is left out" for file in beside]
        return [file for file in files if file not in beside]

    def _is_events(self, file: EventFile) -> bool:
        if file.format != "parquet":
            return True
        with data_errors(file.label):
            names = self.connection.execute(
                "SELECT name FROM parquet_schema($files)", {"files": literally([str(file.path)])}
            ).fetchall()
        try:
            find_roles([name for (name,) in names], explicit=self.explicit, where=file.label)
        except ColumnError:
            return False
        return True

    def _open(self, files: Sequence[EventFile]) -> EventTable:
        if not files and not self.remote:
            raise DataError("no events: the list of files is empty")
        self.parquet = {str(file.path): file.label for file in files if file.format == "parquet"}
        self.parquet |= {address: address for address in self.remote}
        keys = {partition_keys(file.path) for file in files}
        keys |= {partition_keys(Path(address)) for address in self.remote}
        # DuckDB takes the keys for columns only if every file has them.
        hive = (
            len(keys) == 1
            and keys != {()}
            and len(self.parquet) == len(files) + len(dict.fromkeys(self.remote))
        )
        if keys != {()} and not hive:
            self.notes.append("values in folder names (key=value) are not read: files differ")
        as_they_are = set[str]() if self.as_imported else set(self.parquet)
        self._convert_json(
            [self._as_lines(file) for file in files if file.format in {"json", "body"}]
        )
        self._settle([path for path in self.parquet if path not in as_they_are])
        self._convert_csv([file for file in files if file.format == "csv"])
        empty = [file.label for file in files if file.format == "empty"]
        if not self.parquet:
            raise DataError(f"{', '.join(empty)} holds no events: it is empty")
        self.notes += [f"{label} is empty" for label in empty]
        if not hive:  # a copy would not stand in the folders whose names are values
            self._make_alike()
        with data_errors(sum_up(list(self.parquet.values()))):
            table = open_parquet(
                self.connection,
                list(self.parquet),
                labels=list(self.parquet.values()),
                explicit=self.explicit,
                hive=hive,
            )
        merges = self._follow() if table.amplitude_id is not None else None
        return replace(
            table, merges=merges, notes=tuple(dict.fromkeys([*self.notes, *table.notes]))
        )

    def _make_alike(self) -> None:
        """Write files once more that cannot be read with the others."""
        with data_errors(sum_up(list(self.parquet.values()))):
            unlike = unlike_files(self.connection, self.parquet, explicit=self.explicit)
        copies: dict[str, str] = {}
        for file in unlike:
            copy = self.folder / f"alike-{next(self.counter)}.parquet"
            with data_errors(file.label):
                self.notes += file.write(copy)
            copies[file.path] = str(copy)
        self.parquet = {copies.get(path, path): label for path, label in self.parquet.items()}

    def _spool(self, stream: IO[bytes], *, label: str) -> EventFile:
        spooled = self.folder / f"stream-{next(self.counter)}"
        with spooled.open("wb") as file:
            shutil.copyfileobj(stream, file)
        return recognise(spooled, label=label)

    def _as_lines(self, file: EventFile) -> EventFile:
        """Return a file of JSON lines with the events of `file`."""
        if file.format == "json" and not file.bom:
            return file
        lines = self.folder / f"lines-{next(self.counter)}.jsonl"
        if file.format == "body":
            halves = Halves()
            write_lines(self.connection, file, lines, halves=halves)
            self.notes += halves.notes()
            return EventFile(lines, f"{file.label} (as one event a line)", "json")
        opener = gzip.open if file.compression == "gzip" else open
        with opener(file.path, "rb") as source, lines.open("wb") as target:
            source.read(len(codecs.BOM_UTF8))
            shutil.copyfileobj(source, target)
        return EventFile(lines, file.label, "json")

    def _convert_json(self, files: Sequence[EventFile]) -> None:
        """Convert JSON lines; files whose event type and time have other names go separately."""
        for compression in ("none", "gzip"):
            labels = {
                str(file.path): file.label for file in files if file.compression == compression
            }
            if not labels:
                continue
            with data_errors(sum_up(list(labels.values()))):
                try:
                    names_of = read_names(self.connection, labels, compression=compression)
                except HalfCharacterError:
                    labels = self._spelt_out(labels, compression)
                    names_of = read_names(self.connection, labels, compression=compression)
            self.notes += [f"{labels[path]} is empty" for path in labels if path not in names_of]
            groups: dict[tuple[str, str], dict[str, str]] = {}
            for path, names in names_of.items():
                if MERGES.recognises(names):
                    self._add_merges(*_lines_of(path, names, compression), label=labels[path])
                    continue
                found = find_roles(names, explicit=self.explicit, where=labels[path]).columns
                group = groups.setdefault((found["event_type"], found["event_time"]), {})
                group[path] = labels[path]
            for group in groups.values():
                names = list(dict.fromkeys(name for path in group for name in names_of[path]))
                roles = find_roles(names, explicit=self.explicit, where=sum_up([*group.values()]))
                rows = json_lines(
                    self.connection, group, compression=compression, names=names, roles=roles
                )
                self._convert(rows, roles, milliseconds=True)

    def _spelt_out(self, labels: Mapping[str, str], compression: Compression) -> dict[str, str]:
        """Return the files, those with half characters as copies that have them spelt out."""
        halves = Halves()
        found: dict[str, str] = {}
        for path, label in labels.items():
            copy = self.folder / f"whole-{next(self.counter)}.jsonl"
            with (
                _binary(Path(path), "rb", compression) as source,
                _binary(copy, "wb", compression) as target,
            ):
                for number, line in enumerate(source, start=1):
                    target.write(halves.spell_out(line, label=label, line=number))
            found[str(copy) if label in halves.found else path] = label
        self.notes += halves.notes()
        return found

    def _add_merges(
        self, row: Row, relation: str, values: Mapping[str, object], *, label: str
    ) -> None:
        """Take the merged users of a file (specification C3)."""
        event = MERGES.event(row)
        ids = ("amplitude_id", "merged_amplitude_id")
        casts = ", ".join(f"TRY_CAST({event[name]} AS BIGINT) AS {name}" for name in ids)
        merges = f"(SELECT {casts}, {event['merge_time']} AS merge_time FROM {relation})"
        with data_errors(label):
            bad = self.connection.execute(
                f"SELECT count(*) FROM {merges} WHERE {ids[0]} IS NULL OR {ids[1]} IS NULL", values
            ).fetchall()[0][0]
        if bad:
            raise DataError(f"{label}: {bad:,} merges lack one of {' and '.join(ids)}")
        self.merges.append((merges, dict(values)))
        self.notes.append(f"{label} has merged users, which are applied")

    def _without_merges(self, files: list[EventFile]) -> list[EventFile]:
        """Take the merged users of a warehouse from among Parquet files."""
        parquet = {file.path: file for file in files if file.format == "parquet"}
        if len(files) == 1 or not parquet:
            return files
        for path, names in self._columns_of(list(parquet.values())).items():
            if MERGES.recognises(names):
                file = parquet[path]
                values = {"files": literally([str(path)])}
                source = ParquetFiles(self.connection, (str(path),), (file.label,))
                row = Row(read_schema(source).types)
                relation = read_parquet("$files", hive=False)
                self._add_merges(row, relation, values, label=file.label)
                files.remove(file)
        return files

    def _settle(self, converted: Sequence[str]) -> None:
        """Leave out copies and find ids in what came as lines of JSON (specification A13)."""
        if self.explicit or not converted:
            return
        target = self.folder / f"settled-{next(self.counter)}.parquet"
        with data_errors(sum_up([self.parquet[path] for path in converted])):
            settled = settle(self.connection, converted, target)
        if settled is None:
            return
        label = sum_up([self.parquet.pop(path) for path in converted])
        self.parquet[str(settled.file)] = label
        self.notes += settled.notes
        if settled.joined:
            self.merges.append(("(SELECT *, NULL::TIMESTAMP AS merge_time FROM fk_joined)", {}))

    def _follow(self) -> str | None:
        """Write where each merged id leads in the end; return the file, None if there is none."""
        if not self.merges:
            return None
        self.connection.execute(
            "CREATE TEMP TABLE fk_merges "
            "(amplitude_id BIGINT, merged_amplitude_id BIGINT, merge_time TIMESTAMP)"
        ).fetchall()
        for relation, values in self.merges:
            self.connection.execute(
                f"INSERT INTO fk_merges BY NAME FROM {relation}", values
            ).fetchall()
        if not follow(self.connection, "fk_merges"):
            return None
        target = self.folder / "merges.parquet"
        self.connection.execute(
            "COPY fk_final TO $target (FORMAT parquet)", {"target": str(target)}
        ).fetchall()
        return str(target)

    def _convert_csv(self, files: Sequence[EventFile]) -> None:
        tables = [
            delimited_rows(
                self.connection, file, self.folder / f"text-{next(self.counter)}.parquet"
            )
            for file in files
        ]
        for rows in [rows for rows in tables if MERGES.recognises(rows.names)]:
            tables.remove(rows)
            row = Row(dict.fromkeys(rows.names, "VARCHAR"))
            self._add_merges(row, rows.relation, rows.values, label=rows.label)
        booleans = boolean_columns(tables)
        for rows in tables:
            roles = find_roles(rows.names, explicit=self.explicit, where=rows.label)
            self._convert(replace(rows, booleans=booleans), roles, milliseconds=False)

    def _convert(self, rows: Rows, roles: Roles, *, milliseconds: bool) -> None:
        target = self.folder / f"events-{next(self.counter)}.parquet"
        with data_errors(rows.label):
            self.notes += convert(
                rows, target, roles=roles, keep=self.explicit, milliseconds=milliseconds
            )
        self.parquet[str(target)] = rows.label
