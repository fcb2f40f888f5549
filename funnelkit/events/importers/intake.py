"""What an import has taken in so far, which whoever reads its files adds to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from funnelkit.events.halves import Halves
from funnelkit.events.importers.epochs import suspects
from funnelkit.events.importers.formats import format_of
from funnelkit.events.importers.held import Held
from funnelkit.events.importers.likeness import guesses
from funnelkit.events.importers.plain import Plain
from funnelkit.events.importers.runs import Run
from funnelkit.events.table import literally

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from duckdb import DuckDBPyConnection

    from funnelkit.events.importers import Format
    from funnelkit.events.importers.ledger import Ledger
    from funnelkit.events.importers.rejects import Rejects
    from funnelkit.events.importers.runs import Written
    from funnelkit.events.table import Role
    from funnelkit.events.workfolder import WorkFolder


@dataclass(slots=True)
class Intake:
    """The runs of an import, and what has to be known and said of all of its files.

    Attributes:
        connection: DuckDB, whose temporary files are in the work folder.
        folder: for whatever is made on the way.
        ledger: which files were read.
        rejects: the lines that are no events.
        as_format: the format of every file, if the files do not tell.
        explicit: the columns that were given.
        progress: is told how many bytes were read since it was last called.
        runs: the rows that were read, in order.
        held: those of the runs that are in memory.
        spelt: how the column of each name in small letters is spelt.
        halves: where half characters were spelt out.
        notes: what should be said of the import.
        packed: how many bytes were read, as they lie.
    """

    connection: DuckDBPyConnection
    folder: WorkFolder
    ledger: Ledger
    rejects: Rejects
    as_format: Format | None
    explicit: Mapping[Role, str]
    progress: Callable[[int], None] | None
    runs: list[Run] = field(default_factory=list)
    held: Held = field(default_factory=Held)
    spelt: dict[str, str] = field(default_factory=dict)
    halves: Halves = field(default_factory=Halves)
    notes: list[str] = field(default_factory=list)
    packed: int = 0

    def heard(self, count: int) -> None:
        """Count bytes that were read."""
        self.packed += count
        if self.progress is not None:
            self.progress(count)

    def format_of(self, keys: Collection[str], label: str) -> Format:
        """Return the format of a file with these keys, and note what only their names suggest.

        Raises:
            ColumnError: a role that an event needs has no key.
        """
        form = format_of(keys, chosen=self.as_format, explicit=self.explicit)
        if isinstance(form, Plain):
            self.notes += guesses(form, keys, label)
        return form

    def new_run(self, rows: int, form: Format) -> Run:
        """Return the next run, which somebody will write."""
        number = len(self.runs) + 1
        path = self.folder.path / f"run-{number:07}.parquet"
        run = Run(path, number, rows, merges=form.name == "merged-users")
        self.runs.append(run)
        return run

    def note_unit(
        self, connection: DuckDBPyConnection, run: Run, written: Written, form: Format, label: str
    ) -> None:
        """Note in which unit the times of a run were read, and where it seems to be another."""
        unit = written.unit
        if unit is not None:
            self.notes.append(f"times read as epoch {unit}, UTC")
        if unit is None and form.name in {"http", "plain"}:
            unit = "milliseconds"
        if unit is None or unit == "seconds":
            return
        if written.table is None:
            relation, values = "read_parquet($run)", {"run": literally([str(run.path)])}
        else:
            relation, values = "fk_run", {}
            connection.register(relation, written.table.select(["event_time"]))
        said = suspects(connection, relation, values, unit, label)
        if said is not None:
            self.notes.append(said)

    def problems(self, connection: DuckDBPyConnection, run: Run) -> list[tuple[int, str]]:
        """Return the rows of a run that are no events, and why."""
        held = self.held.problems(run)
        if held is not None:
            return held
        return connection.execute(
            "SELECT file_row_number, fk_problem FROM read_parquet($run) "
            "WHERE fk_problem IS NOT NULL AND fk_skip IS NULL ORDER BY 1",
            {"run": literally([str(run.path)])},
        ).fetchall()
