"""The work of an import: sources become runs, runs become one file of events in order."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
from dataclasses import asdict, dataclass, field
from threading import Lock
from typing import IO, TYPE_CHECKING, Final

from funnelkit.errors import DataError, DefinitionError
from funnelkit.events.bodies import write_lines
from funnelkit.events.columns import ARRIVAL
from funnelkit.events.connection import data_errors
from funnelkit.events.delimited import delimited_rows
from funnelkit.events.files import EventFile, foreign, sum_up, text_format
from funnelkit.events.halves import Halves
from funnelkit.events.imported import (
    Imported,
    ImportedFile,
    imported_with,
)
from funnelkit.events.importers.archive import Member, opened
from funnelkit.events.importers.columns import EXPORT
from funnelkit.events.importers.crew import Crew
from funnelkit.events.importers.epochs import suspects
from funnelkit.events.importers.finish import Finish
from funnelkit.events.importers.formats import format_of, needs_its_file
from funnelkit.events.importers.header import BLANK, rows_of
from funnelkit.events.importers.held import Held
from funnelkit.events.importers.likeness import Strangers, guesses, keys_of
from funnelkit.events.importers.lines import CHUNK, LEAST, Chunk, Reject, Splitter, shown
from funnelkit.events.importers.plain import Plain
from funnelkit.events.importers.result import ImportResult
from funnelkit.events.importers.row import Row
from funnelkit.events.importers.runs import (
    NO_OBJECT,
    Alike,
    Problem,
    Run,
    Written,
    can_spell,
    in_capitals,
    ordinal,
    write_alike,
    write_table,
    write_unlike,
)
from funnelkit.events.jsonfault import json_fault
from funnelkit.events.schema import ParquetFiles, read_schema
from funnelkit.events.table import literally, read_parquet

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from funnelkit.events.delimited import DelimitedRows
    from funnelkit.events.importers import Format
    from funnelkit.events.table import Role

_HEAD: Final = 1 << 20  # bytes in which the format is looked for
_KNOWN: Final = frozenset(EXPORT)  # however they are spelt, they get one name


@dataclass(slots=True)
class Import:
    """The work of an import so far: sources become runs, runs become one file of events."""

    connection: DuckDBPyConnection
    folder: Path
    state: Imported
    as_format: Format | None
    explicit: Mapping[Role, str]
    strict: bool
    progress: Callable[[int], None] | None
    files: list[str] = field(default_factory=list)
    new_files: list[ImportedFile] = field(default_factory=list)
    known: set[str] = field(default_factory=set)
    known_files: int = 0
    runs: list[Run] = field(default_factory=list)
    dropped: list[tuple[int, int]] = field(default_factory=list)
    spelt: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    lines: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    packed: int = 0
    chunk: Chunk | None = None
    target: IO[bytes] | None = None
    form: Format | None = None
    alone: bool = False
    capitals: bool = False
    copied: int = 0
    spare: list[Path] = field(default_factory=list)
    spool: IO[str] | None = None
    lock: Lock = field(default_factory=Lock)
    counter: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    held: Held = field(default_factory=Held)
    halves: Halves = field(default_factory=Halves)
    strangers: Strangers = field(default_factory=Strangers)
    crew: Crew = field(init=False)

    def __post_init__(self) -> None:
        self.crew = Crew(self.connection)

    def read(self, member: Member) -> None:
        """Read one file, or member of an archive."""
        with opened(member) as stream:
            head = stream.read(_HEAD)
        if head.startswith(b"PAR1"):
            kind = "parquet"
        elif what := foreign(head):
            raise DataError(f"{member.label} is {what}")
        else:
            kind = text_format(head.removeprefix(b"\xef\xbb\xbf"), member.ending, member.label)
        if kind == "empty":
            self._heard(member.size)
            self.notes.append(f"{member.label} is empty")
        elif kind in {"parquet", "csv", "body"}:
            self._read_whole(member, kind)
        else:
            self._read_lines(member, head)

    def _heard(self, count: int) -> None:
        self.packed += count
        if self.progress is not None:
            self.progress(count)

    # Lines of JSON

    def _read_lines(self, member: Member, head: bytes) -> None:
        keys = keys_of(head)
        form = self._format(keys, member.label)
        alone = needs_its_file(form, keys)
        capitals = in_capitals(keys)
        if self.form is not None and (
            form.name != self.form.name or alone or self.alone or capitals != self.capitals
        ):
            self.flush()  # one chunk is of one format, and of one file where that says something
        self.form, self.alone, self.capitals = form, alone, capitals
        number = self._file(member.label)
        start = self._position()
        with opened(member, self._heard) as stream:
            lines, digest = Splitter(self._reject, self.halves).copy(
                stream, file=number, label=member.label, chunks=self._chunk
            )
        self._finished(member.label, digest, lines, start, self._position())

    def _format(self, keys: Collection[str], label: str) -> Format:
        """Return the format of a file with these keys, and note what only their names suggest."""
        form = format_of(keys, chosen=self.as_format, explicit=self.explicit)
        if isinstance(form, Plain):
            self.notes += guesses(form, keys, label)
        return form

    def _file(self, label: str) -> int:
        self.files.append(label)
        return len(self.files) - 1

    def _position(self) -> tuple[int, int]:
        """Return the run and the row where the next line will stand."""
        if self.chunk is None:
            return len(self.runs) + 1, 0
        return len(self.runs) + 1, self.chunk.rows

    def _chunk(self) -> tuple[Chunk, IO[bytes]]:
        if self.chunk is not None and self.chunk.size >= min(CHUNK, LEAST + self.copied):
            form = self.form
            self.flush()
            self.form = form
        if self.chunk is None or self.target is None:
            path = self._chunk_file()
            self.chunk = Chunk(path)
            self.target = path.open("r+b")
            self.target.write(BLANK)
        return self.chunk, self.target

    def _chunk_file(self) -> Path:
        """Return a file for a chunk: one that was read, or a new one."""
        with self.lock:
            if self.spare:
                return self.spare.pop()
        path = self.folder / f"chunk-{next(self.counter)}.jsonl"
        path.touch()
        return path

    def _finished(
        self, label: str, digest: str, lines: int, start: tuple[int, int], end: tuple[int, int]
    ) -> None:
        """Note that a file was read; forget its lines if it has been imported before."""
        seen = {file.sha256 for file in (*self.state.files, *self.new_files)}
        if digest in seen and lines:
            self.known.add(label)
            self.known_files += 1
            self._forget(start, end)
            return
        self.lines += lines
        self.new_files.append(ImportedFile(label, digest, lines))

    def _forget(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        self.dropped.append((ordinal(*start), ordinal(*end)))

    def flush(self) -> None:
        """Turn the lines that were put together into a run, while others are split."""
        chunk, target, form = self.chunk, self.target, self.form
        self.chunk = self.target = self.form = None
        if chunk is None or target is None or form is None:
            return
        target.truncate()
        target.close()
        if not chunk.rows:  # not one of its lines could be trusted
            chunk.path.unlink()
            return
        self.copied += chunk.size
        run = self._run(chunk.rows, form)
        labels = list(dict.fromkeys(self.files[segment.file] for segment in chunk.segments))

        # Merges are read from their file; there are few of them.
        in_memory = self.held.wants(run.rows) and not run.merges

        def attempt(connection: DuckDBPyConnection) -> Alike | None:
            with data_errors(sum_up(labels)):
                return write_alike(
                    connection,
                    chunk,
                    as_format=form,
                    target=run.path,
                    in_memory=in_memory,
                    label=labels[0],
                )

        def settle(connection: DuckDBPyConnection, alike: Alike | None) -> None:
            problems: Sequence[Problem] = ()
            with data_errors(sum_up(labels)):
                if alike is not None and can_spell(alike, self.spelt):
                    written = alike.written
                else:
                    problems, written = write_unlike(
                        connection,
                        chunk,
                        as_format=form,
                        target=run.path,
                        in_memory=in_memory,
                        spelt=self.spelt,
                        label=labels[0],
                    )
                self._note_unit(connection, run, form, written, labels[0])
                if written.table is not None:
                    self.held.add(run, written.table)
            self._check(connection, run, problems, chunk, form)
            with self.lock:
                self.spare.append(chunk.path)

        self.crew.submit(attempt, settle)

    def wait(self) -> None:
        """Wait for the runs that are being written: they add to what is known of all."""
        self.crew.wait()

    def _note_unit(
        self,
        connection: DuckDBPyConnection,
        run: Run,
        form: Format,
        written: Written,
        label: str,
    ) -> None:
        unit = written.unit
        if unit is not None:
            self.notes.append(f"times read as epoch {unit}, UTC")
        if unit is None and form.name in {"http", "plain"}:
            unit = "milliseconds"
        if unit not in {None, "seconds"}:
            if written.table is None:
                relation, values = "read_parquet($run)", {"run": literally([str(run.path)])}
            else:
                relation, values = "fk_run", {}
                connection.register(relation, written.table.select(["event_time"]))
            said = suspects(connection, relation, values, unit, label)
            if said is not None:
                self.notes.append(said)

    def _run(self, rows: int, form: Format) -> Run:
        number = len(self.runs) + 1
        path = self.folder / f"run-{number:07}.parquet"
        run = Run(path, number, rows, merges=form.name == "merged-users")
        self.runs.append(run)
        return run

    def _check(
        self,
        connection: DuckDBPyConnection,
        run: Run,
        problems: Sequence[Problem],
        chunk: Chunk,
        form: Format,
    ) -> None:
        """Reject the rows of a run that are no events."""
        found = self._problems(connection, run)
        reasons: dict[int, str] = dict(found) | {each.row: each.reason for each in problems}
        forgotten = [(a, b) for a, b in self.dropped if b > ordinal(run.number, 0)]
        for row, line in rows_of(chunk.path, reasons) if reasons else ():
            place = ordinal(run.number, row)
            if any(a <= place < b for a, b in forgotten):
                continue
            reason = reasons[row]
            if reason == NO_OBJECT:
                reason = json_fault(line) or "no JSON object"
            file, number = chunk.place(row)
            label = self.files[file]
            if reasons[row] != NO_OBJECT:
                reason = self.strangers.reason(reason, line, form=form, label=label, number=number)
            self._reject(Reject(label, number, reason, shown(line)))
        for each in problems:
            self._forget((run.number, each.row), (run.number, each.row + 1))

    # Files that are read whole

    def _read_whole(self, member: Member, kind: str) -> None:
        path = self.folder / f"file-{next(self.counter)}{member.ending}"
        digest = hashlib.sha256()
        with opened(member, self._heard) as stream, path.open("wb") as copy:
            while block := stream.read(1 << 20):
                digest.update(block)
                copy.write(block)
        file = EventFile(path, member.label, kind)  # type: ignore[arg-type]
        bad: list[int] = []

        def rejected(line: int, reason: str, text: bytes) -> None:
            bad.append(line)
            self._reject(Reject(member.label, line, reason, shown(text)))

        if kind == "body":
            self.wait()
            lines = self.folder / f"lines-{next(self.counter)}.jsonl"
            label = f"{member.label} (as one event a line)"
            with data_errors(member.label):
                write_lines(self.connection, file, lines, rejected=rejected, halves=self.halves)
            with lines.open("rb") as written:
                self._read_lines(Member(lines, label, 0), written.read(_HEAD))
            if label in self.known:
                self.known.add(member.label)
            else:
                self.lines += len(bad)
            path.unlink()
            lines.unlink()
            return
        self.flush()
        self.wait()
        rows = None
        if kind == "csv":
            text = self.folder / f"text-{next(self.counter)}.parquet"
            rows = delimited_rows(self.connection, file, text, rejected=rejected)
        with data_errors(member.label):
            row, relation, values = self._table(file, rows, own=imported_with(member.path))
        form = self._format(row.types.keys(), member.label)
        self._clash(row, member.label)
        with data_errors(member.label):
            count = self.connection.execute(f"SELECT count(*) FROM {relation}", values).fetchall()[
                0
            ][0]
            run = self._run(count, form)
            made = write_table(
                self.connection, relation, values, row=row, as_format=form, target=run.path
            )
            self._note_unit(self.connection, run, form, made, member.label)
        self._check_table(run, member.label, rows)
        all_rows = (run.number, 0), (run.number, count)
        self._finished(member.label, digest.hexdigest(), count + len(bad), *all_rows)
        path.unlink()

    def _table(
        self, file: EventFile, rows: DelimitedRows | None, *, own: Imported | None
    ) -> tuple[Row, str, Mapping[str, object]]:
        """Return the rows of a CSV or Parquet file; of `own` events as they were before."""
        if rows is not None:
            types = dict.fromkeys(rows.names, "VARCHAR")
            return Row(types, file.label), rows.relation, rows.values
        source = ParquetFiles(self.connection, (str(file.path),), (file.label,))
        schema = read_schema(source)
        fields = {name: schema.fields(name) for name in schema.types}
        relation = read_parquet("$files", hive=False)
        types = dict(schema.types)
        if own is not None and ARRIVAL in types:  # ids that were found are found anew
            del types[ARRIVAL]
            relation = (
                f"(SELECT * EXCLUDE ({ARRIVAL}) "
                "REPLACE (CASE WHEN amplitude_id >= 0 THEN amplitude_id END AS amplitude_id) "
                f"FROM {relation} ORDER BY {ARRIVAL})"
            )
        return Row(types, file.label, fields), relation, {"files": literally([str(file.path)])}

    def _clash(self, row: Row, label: str) -> None:
        capitals = in_capitals(row.types)
        for name in row.types:
            if name.lower() in _KNOWN:
                continue
            other = self.spelt.setdefault(name.lower(), name.lower() if capitals else name)
            if other != name and not (capitals and other == name.lower()):
                raise DataError(f"{label}: the column {name!r} differs only in case from {other!r}")

    def _check_table(self, run: Run, label: str, rows: DelimitedRows | None) -> None:
        problems = self._problems(self.connection, run)
        places = rows.places({row for row, _ in problems}) if rows and problems else {}
        for row, reason in problems:
            place = places.get(row)
            line, text = (row + 1, "") if place is None else (place.line, shown(place.text))
            self._reject(Reject(label, line, reason, text))

    def _problems(self, connection: DuckDBPyConnection, run: Run) -> list[tuple[int, str]]:
        """Return the rows of a run that are no events, and why."""
        held = self.held.problems(run)
        if held is not None:
            return held
        return connection.execute(
            "SELECT file_row_number, fk_problem FROM read_parquet($run) "
            "WHERE fk_problem IS NOT NULL AND fk_skip IS NULL ORDER BY 1",
            {"run": literally([str(run.path)])},
        ).fetchall()

    # Rejects

    def _reject(self, reject: Reject) -> None:
        if self.strict:
            raise DataError(f"{reject.file}, line {reject.line}: {reject.reason}")
        with self.lock:
            if self.spool is None:
                self.spool = (self.folder / "rejects.jsonl").open("w+", encoding="utf-8")
            self.rejected[reject.file] = self.rejected.get(reject.file, 0) + 1
            self.spool.write(json.dumps(asdict(reject), ensure_ascii=False) + "\n")

    def keep_rejects(self, wanted: Path | None) -> Path | None:
        """Write the rejected lines; return the file, None if there are none."""
        if self.spool is None:
            return None
        self.spool.seek(0)
        # A file that is found to be known at its end has been read by then.
        kept = (line for line in self.spool if json.loads(line)["file"] not in self.known)
        first = next(kept, None)
        if first is None:
            return None
        path = wanted or self._free()
        try:
            with path.open("w", encoding="utf-8") as file:
                file.write(first)
                file.writelines(kept)
        except OSError as error:
            raise DefinitionError(f"cannot write {path}: {error.strerror}") from error
        return path

    def _free(self) -> Path:
        """Return the name for rejects; another one if an import at the same time has it."""
        path = self.state.beside / f"rejects-{self.state.number}.jsonl"
        try:
            path.touch(exist_ok=False)
        except FileExistsError:
            path = path.with_stem(f"{path.stem}-{os.urandom(4).hex()}")
        return path

    def close(self) -> None:
        """Close what is open, however the import ended."""
        self.crew.close()
        for file in (self.spool, self.target):
            if file is not None:
                file.close()

    def _remove_chunks(self) -> None:
        """Remove the files of chunks: beside the last step, since that takes a while, too."""
        while self.spare:
            self.spare.pop().unlink()

    def finish(self, insert_id_clock: str, earlier: str | None = None) -> ImportResult:
        """Put everything in order and make it the state of the folder.

        `earlier` is the SELECT of those who were seen before elsewhere (see `Finish`).
        """
        self.crew.submit(lambda _: None, lambda _, __: self._remove_chunks())
        work = Finish(self.connection, self.folder, self.state, self.runs, self.held, self.dropped)
        work.earlier = earlier
        with data_errors(str(self.state.folder)):
            counts = work.write(insert_id_clock, self.new_files)
        self.notes += work.notes()
        self.notes += self.halves.notes(without=self.known)
        self.notes += self.strangers.notes(without=self.known)
        return ImportResult(
            output=self.state.folder,
            files=len(self.new_files) + self.known_files,
            known_files=self.known_files,
            lines=self.lines,
            events=counts.events,
            identify_calls=counts.identify_calls,
            duplicates=counts.duplicates,
            rejected=sum(n for label, n in self.rejected.items() if label not in self.known),
            skipped=counts.skipped,
            merges=counts.merges,
            total=counts.total,
            without_id=counts.without_id,
            bytes=self.packed,
            notes=tuple(dict.fromkeys(self.notes)),
        )
