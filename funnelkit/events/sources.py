"""Opens whatever holds events, as a table of Parquet files."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING

from funnelkit.errors import DataError
from funnelkit.events.columns import check_mapping, find_roles, parse_columns
from funnelkit.events.connection import connect, data_errors
from funnelkit.events.conversion import convert
from funnelkit.events.files import EventFile, find_files, flatten, is_hive, recognise
from funnelkit.events.jsonlines import JsonLines, read_names
from funnelkit.events.parquet import open_parquet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from duckdb import DuckDBPyConnection

    from funnelkit.events.files import Compression
    from funnelkit.events.table import EventTable, Role

STDIN = "-"


@contextmanager
def open_events(
    source: object,
    *,
    columns: Mapping[str, str] | str | None = None,
    stdin: IO[bytes] | None = None,
) -> Iterator[EventTable]:
    """Open events for the time of a `with` block; temporary files vanish at its end.

    Args:
        source: A path, a glob, a folder, `-` for standard input, a list of these, or a Polars,
            pandas or Arrow frame. Parquet is read where it lies; JSON lines, CSV, gzip, standard
            input and frames are converted once.
        columns: Which column is which, as a mapping or as the text `user=…,event=…,time=…`.
            What is not said is found by Amplitude's names, then by common names with a note.
        stdin: The stream that `-` stands for; by default the process's own.

    Raises:
        DefinitionError: `columns` cannot be read.
        ColumnError: a column is missing or has a type that cannot serve.
        DataError: a file cannot be read, a row is no event, a time is none. The text names it.
    """
    explicit = parse_columns(columns) if isinstance(columns, str) else check_mapping(columns or {})
    with (
        tempfile.TemporaryDirectory(prefix="funnelkit-", ignore_cleanup_errors=True) as folder,
    ):
        with closing(connect()) as connection:
            opening = _Opening(connection, Path(folder), explicit)
            table = opening.open(source, stdin=stdin)
        yield table


class _Opening:
    """The work of `open_events`: what was found so far."""

    def __init__(
        self, connection: DuckDBPyConnection, folder: Path, explicit: Mapping[Role, str]
    ) -> None:
        self.connection = connection
        self.folder = folder
        self.explicit = explicit
        self.parquet: dict[str, str] = {}
        self.notes: list[str] = []

    def open(self, source: object, *, stdin: IO[bytes] | None) -> EventTable:
        files = [
            file
            for path in flatten(source)
            for file in (
                [self._standard_input(stdin)]
                if os.fspath(path) == STDIN
                else map(recognise, find_files(path))
            )
        ]
        if not files:
            raise DataError("no events: the list of files is empty")
        hive = False
        for file in files:
            if file.format == "parquet":
                self.parquet[str(file.path)] = file.label
                hive = hive or is_hive([file.path])
        self._convert_json([file for file in files if file.format == "json"])
        empty = [file.label for file in files if file.format == "empty"]
        if not self.parquet:
            raise DataError(f"{', '.join(empty)} holds no events: it is empty")
        self.notes += [f"{label} is empty" for label in empty]
        with data_errors(_sum_up(list(self.parquet.values()))):
            table = open_parquet(
                self.connection,
                list(self.parquet),
                labels=list(self.parquet.values()),
                explicit=self.explicit,
                hive=hive,
            )
        return replace(table, notes=tuple(dict.fromkeys([*self.notes, *table.notes])))

    def _standard_input(self, stdin: IO[bytes] | None) -> EventFile:
        spooled = self.folder / "stdin"
        with spooled.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer if stdin is None else stdin, file)
        return recognise(spooled, label="standard input")

    def _convert_json(self, files: Sequence[EventFile]) -> None:
        """Convert JSON lines; files whose event type and time have other names go separately."""
        groups: dict[tuple[Compression, str, str], dict[str, list[str]]] = {}
        labels = {str(file.path): file.label for file in files}
        for compression in ("none", "gzip"):
            some = {str(f.path): f.label for f in files if f.compression == compression}
            if not some:
                continue
            with data_errors(_sum_up(list(some.values()))):
                found = read_names(self.connection, some, compression=compression)
            for path, names in found.items():
                roles = find_roles(names, explicit=self.explicit, where=labels[path]).columns
                key = (compression, roles["event_type"], roles["event_time"])
                groups.setdefault(key, {})[path] = names
            self.notes += [f"{some[path]} is empty" for path in some if path not in found]
        for (compression, *_), names_of in groups.items():
            rows = JsonLines(
                self.connection,
                {path: labels[path] for path in names_of},
                compression,
                list(dict.fromkeys(name for names in names_of.values() for name in names)),
            )
            target = self.folder / f"events-{len(self.parquet)}.parquet"
            with data_errors(rows.label):
                self.notes += convert(rows, target, explicit=self.explicit, milliseconds=True)
            self.parquet[str(target)] = rows.label


def _sum_up(labels: Sequence[str]) -> str:
    return labels[0] if len(labels) == 1 else f"{labels[0]} and {len(labels) - 1} more"
