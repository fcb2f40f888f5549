"""CSV and its kin: a header, then one event a row.

CSV has no types, so every value is text, but in columns of nothing but true and false. Numbers are
not told from text: `007` and `1.10` may be names.
"""

from __future__ import annotations

import csv
import gzip
import io
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final, cast

from funnelkit.errors import DataError
from funnelkit.events.columns import first_clash
from funnelkit.events.connection import data_errors
from funnelkit.events.csvrows import LONGEST, begins_of, csv_rows
from funnelkit.events.sql import quote_identifier
from funnelkit.events.table import literally

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from funnelkit.events.csvrows import CsvRow
    from funnelkit.events.files import EventFile

_DELIMITERS: Final = ",\t;|"


@dataclass(frozen=True, slots=True)
class DelimitedRows:
    """The rows of one CSV file, which `copy` holds as text; an empty value is a missing one.

    The columns `booleans` hold nothing but true and false, which are then no text. The lines
    `malformed`, each of which is no row, were left out.
    """

    connection: DuckDBPyConnection
    file: EventFile
    delimiter: str
    copy: Path
    names: Sequence[str]
    booleans: Collection[str] = ()
    malformed: Collection[int] = frozenset()

    @property
    def label(self) -> str:
        """The file in words."""
        return self.file.label

    @property
    def values(self) -> Mapping[str, object]:
        """The parameters of `relation`."""
        return {"copy": str(self.copy)}

    @property
    def relation(self) -> str:
        """The rows."""
        return "read_parquet($copy)"

    def text(self, name: str) -> str:
        """Return the SQL of a value as VARCHAR."""
        return quote_identifier(name)

    def json(self, name: str) -> str:
        """Return the SQL of a value as JSON; text that is no JSON becomes a JSON string."""
        value = quote_identifier(name)
        return f"coalesce(TRY_CAST({value} AS JSON), to_json({value}))"

    def other(self, name: str) -> str:
        """Return the SQL of a value that plays no role."""
        value = quote_identifier(name)
        return f"CAST({value} AS BOOLEAN)" if name in self.booleans else value

    def only_booleans(self) -> Mapping[str, bool]:
        """Return, of each column with any value, whether all are true or false in any case."""
        tests = (
            f"bool_and(lower({quote_identifier(name)}) IN ('true', 'false'))" for name in self.names
        )
        found = self.connection.execute(
            f"SELECT {', '.join(tests)} FROM {self.relation}", self.values
        ).fetchall()[0]
        return {
            name: only for name, only in zip(self.names, found, strict=True) if only is not None
        }

    def place(self, row: int) -> str:
        """Return file and line, as an editor counts them."""
        return f"{self.label}, line {self.places([row])[row].line}"

    def places(self, rows: Collection[int]) -> Mapping[int, CsvRow]:
        """Return rows, by their number from 0, as they stand in the file."""
        with _open(self.file) as stream:
            return begins_of(stream, delimiter=self.delimiter, wanted=rows, without=self.malformed)

    def fault(self, row: int) -> str | None:  # noqa: ARG002 - DuckDB names a malformed row itself
        """Return None: every row that was read is well formed."""
        return None


def delimited_rows(
    connection: DuckDBPyConnection,
    file: EventFile,
    copy: Path,
    *,
    rejected: Callable[[int, str, bytes], None] | None = None,
) -> DelimitedRows:
    """Return the rows of a CSV file; the header tells names and delimiter.

    The file is first written as text to the Parquet file `copy`: it is then parsed only once, and
    DuckDB 2.0.0 turns a TRY_CAST over a CSV file into one that fails. `rejected` is told of each
    row that is malformed: its line, why, and the text.

    Raises:
        DataError: the header has a name twice, or a column without a name; without `rejected` also
            where a row has too many or too few values, or is malformed otherwise.
    """
    names, delimiter = read_header(file)
    malformed: set[int] = set()
    try:
        _write(connection, file, file.path, delimiter, names, copy)
    except DataError:
        if rejected is None:
            raise
        whole = copy.with_suffix(".csv")
        with _open(file) as stream, whole.open("wb") as target:
            for row in csv_rows(stream, delimiter=delimiter, columns=len(names)):
                if row.fault is None:
                    target.write(row.text)
                else:
                    malformed.add(row.line)
                    rejected(row.line, row.fault, row.text)
        _write(connection, file, whole, delimiter, names, copy)
        whole.unlink()
    return DelimitedRows(connection, file, delimiter, copy, names, malformed=malformed)


def _write(
    connection: DuckDBPyConnection,
    file: EventFile,
    path: Path,
    delimiter: str,
    names: Sequence[str],
    copy: Path,
) -> None:
    """Write the rows at `path`, the file or what is left of it, as text to the file `copy`."""
    relation = (
        "read_csv($file, auto_detect = false, header = true, delim = $delimiter, "
        "quote = '\"', escape = '\"', nullstr = '', columns = $columns, "
        f"compression = $compression, max_line_size = {LONGEST})"
    )
    values = {
        "file": literally([str(path)]),
        "delimiter": delimiter,
        "columns": dict.fromkeys(names, "VARCHAR"),
        "compression": file.compression if path == file.path else "none",
        "copy": str(copy),
    }
    with data_errors(file.label):
        connection.execute(f"COPY (FROM {relation}) TO $copy (FORMAT parquet)", values).fetchall()


def boolean_columns(tables: Sequence[DelimitedRows]) -> set[str]:
    """Return the columns that hold nothing but true and false in any of the files."""
    found = [table.only_booleans() for table in tables]
    names = {name for columns in found for name in columns}
    return {name for name in names if all(columns.get(name, True) for columns in found)}


def read_header(file: EventFile) -> tuple[list[str], str]:
    """Return the names and the delimiter: the one that the first line has most of.

    Raises:
        DataError: there is no name, or there is one twice, or the header is no text.
    """
    try:
        # What is wrong further down is told of its line.
        with io.TextIOWrapper(
            _open(file), encoding="utf-8-sig", errors="surrogateescape", newline=""
        ) as lines:
            first = lines.readline()
            delimiter = max(_DELIMITERS, key=first.count)
            lines.seek(0)
            names = next(csv.reader(lines, delimiter=delimiter), [])
        "".join(names).encode("utf-8", "surrogateescape").decode()
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{file.label} has no header that can be read: {error}") from error
    for name in names:
        if not name.strip():
            raise DataError(f"{file.label}: a column of the header has no name")
        if names.count(name) > 1:
            raise DataError(f"{file.label}: the header names the column {name!r} twice")
    clash = first_clash(names)
    if clash:
        raise DataError(
            f"{file.label}: the columns {clash[0]!r} and {clash[1]!r} differ only in case"
        )
    return names, delimiter


def _open(file: EventFile) -> IO[bytes]:
    opener = gzip.open if file.compression == "gzip" else open
    return cast("IO[bytes]", opener(file.path, "rb"))
