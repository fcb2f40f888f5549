"""Simulated events as files: Parquet or JSON lines, one per period, and the truth beside them."""

from __future__ import annotations

import gzip
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, BinaryIO, Final, Literal, Self, cast, get_args

from funnelkit.errors import DefinitionError, did_you_mean
from funnelkit.events.simulation.chunks import CHUNK
from funnelkit.events.simulation.payload import event_objects, json_line
from funnelkit.events.simulation.settings import path_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    import pyarrow as pa
    import pyarrow.parquet as pq

    from funnelkit.events.simulation.chunks import Chunk
    from funnelkit.events.simulation.simulation import Simulation

Format = Literal["parquet", "jsonl", "jsonl.gz"]

CLIMBING: Final = ("event_time", "event_id", "session")
"""Columns whose neighbours are near: stored as differences."""

ENDINGS: Final = tuple(f".{each}" for each in get_args(Format))

SHOWN: Final = 5
"""Files that a message names."""

ROW_GROUP: Final = 1 << 18  # rows

AHEAD: Final = ROW_GROUP // CHUNK + 1
"""Chunks that are made while a row group is written: with fewer, one of the two would wait."""

UNIQUE: Final = (*CLIMBING, "$insert_id", "event_properties.cartId")
"""Columns that hardly repeat a value, so that a dictionary would only cost time."""


def write(
    simulation: Simulation,
    folder: str | Path,
    format: str,  # noqa: A002 - the word of the command line
    progress: Callable[[int], None] | None,
) -> list[Path]:
    """Write a simulation; see `Simulation.write`."""
    if format not in get_args(Format):
        hint = did_you_mean(str(format), get_args(Format))
        raise DefinitionError(f"a format is parquet, jsonl or jsonl.gz; got {format!r}.{hint}")
    where = path_of(folder, "the folder")
    files = [where / f"{period}.{format}" for period in simulation.periods]
    files.append(where / "truth.parquet")
    try:
        where.mkdir(parents=True, exist_ok=True)
        _check_others(where, files)
        with ParquetFile(files[-1]) as truth:
            by_period = groupby(ahead(simulation.chunks()), key=attrgetter("period"))
            for path, (_, chunks) in zip(files, by_period, strict=False):
                with ParquetFile(path) if format == "parquet" else LinesFile(path) as events:
                    for chunk in chunks:
                        if isinstance(events, ParquetFile):
                            events.write(chunk.events)
                        else:
                            events.write(chunk)
                        truth.write(chunk.truth)
                        if progress is not None:
                            progress(len(chunk.events))
    except OSError as error:
        raise DefinitionError(f"cannot write {where}: {error.strerror or error}") from error
    return files


def _check_others(folder: Path, files: list[Path]) -> None:
    """Refuse a folder with events that would stay beside the new ones and be counted with them."""
    names = {file.name for file in files}
    others = sorted(
        file.name
        for file in folder.iterdir()
        if file.name not in names and file.name.endswith(ENDINGS)
    )
    if others:
        more = f" and {len(others) - SHOWN} more" if len(others) > SHOWN else ""
        raise DefinitionError(
            f"the folder {folder} already holds {', '.join(others[:SHOWN])}{more}, "
            "which would stay beside the new events and be read with them; "
            "remove what is old, or name another folder"
        )


def ahead(chunks: Iterable[Chunk]) -> Iterator[Chunk]:
    """Yield the chunks while a thread already makes the next ones, up to a row group of them."""
    source = iter(chunks)
    thread = ThreadPoolExecutor(max_workers=1)
    try:
        coming = deque(thread.submit(next, source, None) for _ in range(AHEAD))
        while (chunk := coming.popleft().result()) is not None:
            coming.append(thread.submit(next, source, None))
            yield chunk
    finally:
        thread.shutdown(cancel_futures=True)


def leaves(schema: pa.Schema) -> Iterator[str]:
    """Yield the columns as Parquet names them, the fields of a struct one by one."""
    import pyarrow as pa

    for field in schema:
        if pa.types.is_struct(field.type):
            yield from (f"{field.name}.{inner.name}" for inner in field.type)
        else:
            yield field.name


class Whole:
    """A file that appears under its name only when all of it has been written."""

    def __init__(self, path: Path) -> None:
        """Nothing is opened yet."""
        self.path = path
        self.part = path.with_name(path.name + ".part")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.close()
        if kind is None:
            self.part.replace(self.path)
        else:
            self.part.unlink(missing_ok=True)

    def close(self) -> None:
        """Close what is open."""


class ParquetFile(Whole):
    """Tables with the same columns, one after the other, in one Parquet file."""

    def __init__(self, path: Path) -> None:
        """Nothing is opened yet."""
        super().__init__(path)
        self.writer: pq.ParquetWriter | None = None
        self.waiting: list[pa.Table] = []

    def write(self, table: pa.Table) -> None:
        """Add the rows of a table; several tables make one row group."""
        self.waiting.append(table)
        if sum(map(len, self.waiting)) >= ROW_GROUP:
            self._write_waiting()

    def _write_waiting(self) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = pa.concat_tables(self.waiting)
        self.waiting = []
        if self.writer is None:
            self.writer = pq.ParquetWriter(
                self.part,
                table.schema,
                compression="zstd",
                use_dictionary=[name for name in leaves(table.schema) if name not in UNIQUE],
                column_encoding={
                    name: "DELTA_BINARY_PACKED" for name in table.column_names if name in CLIMBING
                },
            )
        self.writer.write_table(table)

    def close(self) -> None:
        """Write the last rows and the footer."""
        try:
            if self.waiting:
                self._write_waiting()
        finally:
            if self.writer is not None:
                self.writer.close()


class LinesFile(Whole):
    """JSON lines in the shape of the HTTP API, gzipped where the name ends in .gz."""

    def __init__(self, path: Path) -> None:
        """Open the file."""
        super().__init__(path)
        self.files: list[BinaryIO] = [self.part.open("wb")]
        if path.suffix == ".gz":
            # No name and no time inside: the same events give the same bytes.
            packed = gzip.GzipFile(filename="", fileobj=self.files[0], mode="wb", mtime=0)
            self.files.append(cast("BinaryIO", packed))

    def write(self, chunk: Chunk) -> None:
        """Add the events of a chunk."""
        self.files[-1].writelines(json_line(event) for event in event_objects(chunk))

    def close(self) -> None:
        """Close the file."""
        for file in reversed(self.files):
            file.close()
