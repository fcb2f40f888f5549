"""The work of an import: sources become runs, runs become one file of events in order."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from funnelkit.errors import DataError
from funnelkit.events.bodies import write_lines
from funnelkit.events.connection import data_errors
from funnelkit.events.files import EventFile, foreign, text_format
from funnelkit.events.imported import imported_with
from funnelkit.events.importers.archive import Member, opened
from funnelkit.events.importers.finish import Finish
from funnelkit.events.importers.intake import Intake
from funnelkit.events.importers.jsonfiles import JsonFiles
from funnelkit.events.importers.ledger import Ledger
from funnelkit.events.importers.rejects import Reject, Rejects, shown
from funnelkit.events.importers.result import ImportResult
from funnelkit.events.importers.tablefiles import read_table
from funnelkit.events.workfolder import WorkFolder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from funnelkit.events.files import Format as FileFormat
    from funnelkit.events.imported import Imported
    from funnelkit.events.importers import Format
    from funnelkit.events.table import Role

_HEAD: Final = 1 << 20  # bytes in which the format is looked for
_BLOCK: Final = 1 << 20


class Import:
    """Reads files one after the other, and then makes them the state of a folder of events."""

    def __init__(
        self,
        *,
        connection: DuckDBPyConnection,
        folder: Path,
        state: Imported,
        as_format: Format | None,
        explicit: Mapping[Role, str],
        strict: bool,
        progress: Callable[[int], None] | None,
    ) -> None:
        self._state = state
        self._intake = Intake(
            connection=connection,
            folder=WorkFolder(folder),
            ledger=Ledger(state.files),
            rejects=Rejects(folder, strict=strict),
            as_format=as_format,
            explicit=explicit,
            progress=progress,
        )
        self._json = JsonFiles(self._intake)

    def note(self, text: str) -> None:
        """Note what should be known of the import."""
        self._intake.notes.append(text)

    def read(self, member: Member) -> None:
        """Read one file, or member of an archive.

        Raises:
            DataError: it cannot be read, or holds nothing that can be events.
        """
        with opened(member) as stream:
            head = stream.read(_HEAD)
        if head.startswith(b"PAR1"):
            kind: FileFormat = "parquet"
        elif what := foreign(head):
            raise DataError(f"{member.label} is {what}")
        else:
            kind = text_format(head.removeprefix(b"\xef\xbb\xbf"), member.ending, member.label)
        if kind == "empty":
            self._intake.heard(member.size)
            self.note(f"{member.label} is empty")
        elif kind == "body":
            self._read_body(member)
        elif kind == "json":
            self._json.read(member, head)
        else:
            self._read_table(member, kind)

    def _read_body(self, member: Member) -> None:
        """Read what was sent to Amplitude, as lines."""
        intake, ledger = self._intake, self._intake.ledger
        file, _ = self._copied(member, "body")
        bad: list[int] = []

        def rejected(line: int, reason: str, text: bytes) -> None:
            bad.append(line)
            intake.rejects.add(Reject(member.label, line, reason, shown(text)))

        self._json.wait()
        lines = intake.folder.new("lines.jsonl")
        label = f"{member.label} (as one event a line)"
        with data_errors(member.label):
            write_lines(intake.connection, file, lines, rejected=rejected, halves=intake.halves)
        with lines.open("rb") as written:
            head = written.read(_HEAD)
        self._json.read(Member(lines, label, 0), head)
        if label in ledger.known:
            ledger.known.add(member.label)
        else:
            ledger.lines += len(bad)
        file.path.unlink()
        lines.unlink()

    def _read_table(self, member: Member, kind: FileFormat) -> None:
        file, digest = self._copied(member, kind)
        self.flush()
        self.wait()
        own = imported_with(member.path) is not None
        read_table(file, digest, self._intake, own=own)
        file.path.unlink()

    def _copied(self, member: Member, kind: FileFormat) -> tuple[EventFile, str]:
        """Return an unpacked copy of a member, and the SHA-256 of its content."""
        path = self._intake.folder.new(f"file{member.ending}")
        digest = hashlib.sha256()
        with opened(member, self._intake.heard) as stream, path.open("wb") as copy:
            while block := stream.read(_BLOCK):
                digest.update(block)
                copy.write(block)
        return EventFile(path, member.label, kind), digest.hexdigest()

    def flush(self) -> None:
        """Turn the lines that were put together into a run."""
        self._json.flush()

    def wait(self) -> None:
        """Wait for the runs that are being written."""
        self._json.wait()

    def keep_rejects(self, wanted: Path | None) -> Path | None:
        """Write the rejected lines; return the file, None if there are none.

        Raises:
            DefinitionError: the file cannot be written.
        """
        known = self._intake.ledger.known
        return self._intake.rejects.keep(wanted, self._state, without=known)

    def finish(self, insert_id_clock: str, earlier: str | None = None) -> ImportResult:
        """Put everything in order and make it the state of the folder.

        `earlier` is the SELECT of those who were seen before elsewhere (see `Finish`).
        """
        intake, ledger = self._intake, self._intake.ledger
        self._json.remove()
        work = Finish(
            intake.connection,
            intake.folder.path,
            self._state,
            intake.runs,
            intake.held,
            ledger.forgotten,
        )
        work.earlier = earlier
        with data_errors(str(self._state.folder)):
            counts = work.write(insert_id_clock, ledger.new)
        intake.notes += work.notes()
        intake.notes += intake.halves.notes(without=ledger.known)
        intake.notes += self._json.notes()
        return ImportResult(
            output=self._state.folder,
            files=len(ledger.new) + ledger.known_files,
            known_files=ledger.known_files,
            lines=ledger.lines,
            events=counts.events,
            identify_calls=counts.identify_calls,
            duplicates=counts.duplicates,
            rejected=intake.rejects.count(without=ledger.known),
            skipped=counts.skipped,
            merges=counts.merges,
            total=counts.total,
            without_id=counts.without_id,
            bytes=intake.packed,
            notes=tuple(dict.fromkeys(intake.notes)),
        )

    def close(self) -> None:
        """Close what is open, however the import ended."""
        self._json.close()
        self._intake.rejects.close()
