"""CSV and its kin: a header, then one event a row; every value is text."""

from __future__ import annotations

import csv
import gzip
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from funnelkit.errors import DataError
from funnelkit.events.columns import first_clash
from funnelkit.events.connection import data_errors
from funnelkit.events.sql import quote_identifier
from funnelkit.events.table import literally

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from funnelkit.events.files import EventFile

_DELIMITERS: Final = ",\t;|"
_LONGEST_ROW: Final = 64 * 2**20  # bytes; DuckDB's own limit of 2 MB is soon reached by properties


@dataclass(frozen=True, slots=True)
class DelimitedRows:
    """The rows of one CSV file, which `copy` holds as text; an empty value is a missing one."""

    connection: DuckDBPyConnection
    label: str
    copy: Path
    names: Sequence[str]

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
        return quote_identifier(name)

    def place(self, row: int) -> str:
        """Return file and row; the header is not counted."""
        return f"{self.label}, row {row + 1}"

    def fault(self, row: int) -> str | None:  # noqa: ARG002 - DuckDB names a malformed row itself
        """Return None: every row that was read is well formed."""
        return None


def delimited_rows(connection: DuckDBPyConnection, file: EventFile, copy: Path) -> DelimitedRows:
    """Return the rows of a CSV file; the header tells names and delimiter.

    The file is first written as text to the Parquet file `copy`: it is then parsed only once, and
    DuckDB 2.0.0 turns a TRY_CAST over a CSV file into one that fails.

    Raises:
        DataError: the header has a name twice, or a column without a name, or a row has too many
            or too few values.
    """
    names, delimiter = _header(file)
    relation = (
        "read_csv($file, auto_detect = false, header = true, delim = $delimiter, "
        "quote = '\"', escape = '\"', nullstr = '', columns = $columns, "
        f"compression = $compression, max_line_size = {_LONGEST_ROW})"
    )
    values = {
        "file": literally([str(file.path)]),
        "delimiter": delimiter,
        "columns": dict.fromkeys(names, "VARCHAR"),
        "compression": file.compression,
        "copy": str(copy),
    }
    with data_errors(file.label):
        connection.execute(f"COPY (FROM {relation}) TO $copy (FORMAT parquet)", values).fetchall()
    return DelimitedRows(connection, file.label, copy, names)


def _header(file: EventFile) -> tuple[list[str], str]:
    """Return the names and the delimiter: the one that the first line has most of."""
    opener = gzip.open if file.compression == "gzip" else open
    try:
        with opener(file.path, "rt", encoding="utf-8-sig", newline="") as lines:
            first = lines.readline()
            delimiter = max(_DELIMITERS, key=first.count)
            lines.seek(0)
            names = next(csv.reader(lines, delimiter=delimiter), [])
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
