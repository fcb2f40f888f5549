"""Files of JSON lines in an import: put together into chunks, which become runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from funnelkit.events.connection import data_errors
from funnelkit.events.files import sum_up
from funnelkit.events.importers.archive import opened
from funnelkit.events.importers.chunks import Chunks
from funnelkit.events.importers.crew import Crew
from funnelkit.events.importers.formats import needs_its_file
from funnelkit.events.importers.header import rows_of
from funnelkit.events.importers.likeness import Strangers, keys_of
from funnelkit.events.importers.lines import Splitter
from funnelkit.events.importers.rejects import Reject, shown
from funnelkit.events.importers.runs import (
    NO_OBJECT,
    can_spell,
    in_capitals,
    ordinal,
    write_alike,
    write_unlike,
)
from funnelkit.events.jsonfault import json_fault

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import IO

    from duckdb import DuckDBPyConnection

    from funnelkit.events.importers import Format
    from funnelkit.events.importers.archive import Member
    from funnelkit.events.importers.intake import Intake
    from funnelkit.events.importers.lines import Chunk
    from funnelkit.events.importers.runs import Alike, Problem, Run


@dataclass(frozen=True, slots=True)
class _Kind:
    """What the lines of a chunk have in common: `alone` says that they are of one file."""

    form: Format
    alone: bool
    capitals: bool

    def goes_with(self, other: _Kind) -> bool:
        """Tell whether lines of both kinds may be in one chunk."""
        return (
            self.form.name == other.form.name
            and not (self.alone or other.alone)
            and self.capitals == other.capitals
        )


class JsonFiles:
    """Reads files of JSON lines; chunks become runs beside it, in the order of the lines."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._chunks = Chunks(intake.folder)
        self._crew = Crew(intake.connection)
        self._strangers = Strangers()
        self._kind: _Kind | None = None
        self._labels: list[str] = []

    def read(self, member: Member, head: bytes) -> None:
        """Read a file that begins with `head`."""
        intake = self._intake
        keys = keys_of(head)
        form = intake.format_of(keys, member.label)
        kind = _Kind(form, needs_its_file(form, keys), in_capitals(keys))
        if self._kind is not None and not kind.goes_with(self._kind):
            self.flush()
        self._kind = kind
        self._labels.append(member.label)
        start = self._position()
        with opened(member, intake.heard) as stream:
            lines, digest = Splitter(intake.rejects.add, intake.halves).copy(
                stream, file=len(self._labels) - 1, label=member.label, chunks=self._filling
            )
        intake.ledger.add(member.label, digest, lines, start=start, end=self._position())

    def _position(self) -> int:
        """Return the place where the next line will stand."""
        return ordinal(len(self._intake.runs) + 1, self._chunks.rows)

    def _filling(self) -> tuple[Chunk, IO[bytes]]:
        if self._chunks.is_full:
            kind = self._kind
            self.flush()
            self._kind = kind
        return self._chunks.filling()

    def flush(self) -> None:
        """Turn the lines that were put together into a run, while others are split."""
        chunk, kind = self._chunks.take(), self._kind
        self._kind = None
        if chunk is None or kind is None:
            return
        intake, form = self._intake, kind.form
        run = intake.new_run(chunk.rows, form)
        labels = list(dict.fromkeys(self._labels[segment.file] for segment in chunk.segments))

        # Merges are read from their file; there are few of them.
        in_memory = intake.held.wants(run.rows) and not run.merges

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
                if alike is not None and can_spell(alike, intake.spelt):
                    written = alike.written
                else:
                    problems, written = write_unlike(
                        connection,
                        chunk,
                        as_format=form,
                        target=run.path,
                        in_memory=in_memory,
                        spelt=intake.spelt,
                        label=labels[0],
                    )
                intake.note_unit(connection, run, written, form, labels[0])
                if written.table is not None:
                    intake.held.add(run, written.table)
            self._check(connection, run, problems, chunk, form)
            self._chunks.give_back(chunk)

        self._crew.submit(attempt, settle)

    def _check(
        self,
        connection: DuckDBPyConnection,
        run: Run,
        problems: Sequence[Problem],
        chunk: Chunk,
        form: Format,
    ) -> None:
        """Reject the rows of a run that are no events."""
        ledger = self._intake.ledger
        found = self._intake.problems(connection, run)
        reasons: dict[int, str] = dict(found) | {each.row: each.reason for each in problems}
        forgotten = [(a, b) for a, b in ledger.forgotten if b > run.first]
        for row, line in rows_of(chunk.path, reasons) if reasons else ():
            place = ordinal(run.number, row)
            if any(a <= place < b for a, b in forgotten):
                continue
            file, number = chunk.place(row)
            label, reason = self._labels[file], reasons[row]
            if reason == NO_OBJECT:
                reason = json_fault(line) or "no JSON object"
            else:
                reason = self._strangers.reason(reason, line, form=form, label=label, number=number)
            self._intake.rejects.add(Reject(label, number, reason, shown(line)))
        for each in problems:
            place = ordinal(run.number, each.row)
            ledger.forget(place, place + 1)

    def wait(self) -> None:
        """Wait for the runs that are being written: they add to what is known of all."""
        self._crew.wait()

    def remove(self) -> None:
        """Remove what was read, beside whatever is done next: it takes a while."""
        self._crew.submit(lambda _: None, lambda _, __: self._chunks.remove())

    def notes(self) -> list[str]:
        """Say which files are of more than one format."""
        return self._strangers.notes(without=self._intake.ledger.known)

    def close(self) -> None:
        """End the threads, and close what is open."""
        self._crew.close()
        self._chunks.close()
