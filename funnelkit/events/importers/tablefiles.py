"""Files of CSV or Parquet in an import: each is read whole, and becomes a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from funnelkit.errors import DataError
from funnelkit.events.columns import ARRIVAL
from funnelkit.events.connection import data_errors
from funnelkit.events.delimited import delimited_rows
from funnelkit.events.importers.columns import EXPORT
from funnelkit.events.importers.rejects import Reject, shown
from funnelkit.events.importers.row import Row
from funnelkit.events.importers.runs import in_capitals, write_table
from funnelkit.events.schema import ParquetFiles, read_schema
from funnelkit.events.table import literally, read_parquet

if TYPE_CHECKING:
    from collections.abc import Mapping

    from duckdb import DuckDBPyConnection

    from funnelkit.events.delimited import DelimitedRows
    from funnelkit.events.files import EventFile
    from funnelkit.events.importers.intake import Intake
    from funnelkit.events.importers.runs import Run

_KNOWN: Final = frozenset(EXPORT)  # however they are spelt, they get one name


@dataclass(frozen=True, slots=True)
class _Table:
    """The rows of a file, and the values that the SQL of its relation has placeholders for."""

    row: Row
    relation: str
    values: Mapping[str, object]

    def count(self, connection: DuckDBPyConnection) -> int:
        """Return how many rows there are."""
        counted = connection.execute(f"SELECT count(*) FROM {self.relation}", self.values)
        return int(counted.fetchall()[0][0])


def read_table(file: EventFile, digest: str, intake: Intake, *, own: bool) -> None:
    """Read a file of CSV or Parquet; `own` says that an import wrote it.

    Raises:
        DataError: it cannot be read, or a column differs only in case from another file's.
    """
    connection, label = intake.connection, file.label
    bad: list[int] = []

    def rejected(line: int, reason: str, text: bytes) -> None:
        bad.append(line)
        intake.rejects.add(Reject(label, line, reason, shown(text)))

    rows = None
    if file.format == "csv":
        text = intake.folder.new("text.parquet")
        rows = delimited_rows(connection, file, text, rejected=rejected)
    with data_errors(label):
        table = _parquet(connection, file, own=own) if rows is None else _csv(rows, label)
    form = intake.format_of(table.row.types.keys(), label)
    _spell(table.row, intake.spelt, label)
    with data_errors(label):
        count = table.count(connection)
        run = intake.new_run(count, form)
        written = write_table(
            connection,
            table.relation,
            table.values,
            row=table.row,
            as_format=form,
            target=run.path,
        )
        intake.note_unit(connection, run, written, form, label)
    _check(run, intake, label, rows)
    intake.ledger.add(label, digest, count + len(bad), start=run.first, end=run.first + count)


def _csv(rows: DelimitedRows, label: str) -> _Table:
    return _Table(Row(dict.fromkeys(rows.names, "VARCHAR"), label), rows.relation, rows.values)


def _parquet(connection: DuckDBPyConnection, file: EventFile, *, own: bool) -> _Table:
    """Return the rows of a Parquet file; those that an import wrote as they were before it."""
    schema = read_schema(ParquetFiles(connection, (str(file.path),), (file.label,)))
    fields = {name: schema.fields(name) for name in schema.types}
    relation = read_parquet("$files", hive=False)
    types = dict(schema.types)
    if own and ARRIVAL in types:  # ids that were found are found anew
        del types[ARRIVAL]
        relation = (
            f"(SELECT * EXCLUDE ({ARRIVAL}) "
            "REPLACE (CASE WHEN amplitude_id >= 0 THEN amplitude_id END AS amplitude_id) "
            f"FROM {relation} ORDER BY {ARRIVAL})"
        )
    values = {"files": literally([str(file.path)])}
    return _Table(Row(types, file.label, fields), relation, values)


def _spell(row: Row, spelt: dict[str, str], label: str) -> None:
    """Add the names of columns to those that are known; none may differ only in case."""
    capitals = in_capitals(row.types)
    for name in row.types:
        if name.lower() in _KNOWN:
            continue
        other = spelt.setdefault(name.lower(), name.lower() if capitals else name)
        if other != name and not (capitals and other == name.lower()):
            raise DataError(f"{label}: the column {name!r} differs only in case from {other!r}")


def _check(run: Run, intake: Intake, label: str, rows: DelimitedRows | None) -> None:
    """Reject the rows of a run that are no events."""
    problems = intake.problems(intake.connection, run)
    places = rows.places({row for row, _ in problems}) if rows and problems else {}
    for row, reason in problems:
        place = places.get(row)
        line, text = (row + 1, "") if place is None else (place.line, shown(place.text))
        intake.rejects.add(Reject(label, line, reason, text))
