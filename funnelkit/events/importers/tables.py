"""Tables of DuckDB databases, and the results of a SELECT, as sources of an import."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from funnelkit.errors import DataError, DefinitionError, those_there_are
from funnelkit.events.connection import data_errors, open_database
from funnelkit.events.files import flatten
from funnelkit.events.sql import quote_identifier

if TYPE_CHECKING:
    from collections.abc import Sequence

    from duckdb import DuckDBPyConnection

MARK: Final = "::"
_MAGIC: Final = b"DUCK"  # at the ninth byte


@dataclass(frozen=True, slots=True)
class Query:
    """Rows of a database: those of a table, or of a SELECT; without a database, of files."""

    label: str
    database: Path | None
    table: str | None = None
    select: str | None = None

    def write(self, target: Path) -> Path:
        """Write the rows into a Parquet file; the database is only read.

        Raises:
            DataError: there is no such table, or the rows cannot be read.
            DefinitionError: the text is not one SELECT.
        """
        with data_errors(self.label), closing(open_database(self.database)) as connection:
            rows = _exact(connection, f"({self._rows(connection)}\n)")
            connection.execute(
                f"COPY ({rows}) TO $target (FORMAT parquet)", {"target": str(target)}
            ).fetchall()
        return target

    def _rows(self, connection: DuckDBPyConnection) -> str:
        if self.select is not None:
            return _one_select(connection, self.select, self.label)
        known = connection.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE NOT internal UNION ALL "
            "SELECT schema_name, view_name FROM duckdb_views() WHERE NOT internal ORDER BY ALL"
        ).fetchall()
        names = {
            spelling: schema_and_name
            for schema_and_name in known
            for spelling in (".".join(schema_and_name), schema_and_name[1])
        }
        if self.table not in names:
            shown = [name if schema == "main" else f"{schema}.{name}" for schema, name in known]
            if not self.table:
                raise DataError(
                    f"{self.database} is a database: name a table of it, {self.database}{MARK}TABLE."  # noqa: E501
                    f"{those_there_are('', shown)}"
                )
            raise DataError(
                f"{self.database} has no table {self.table!r}.{those_there_are(self.table, shown)}"
            )
        schema, name = names[self.table]
        return f"SELECT * FROM {quote_identifier(schema)}.{quote_identifier(name)}"


def split(
    sources: Any, source_sql: str | Path | None = None
) -> tuple[list[str | Path], list[Query]]:
    """Return the sources that are files, and the queries of the others.

    A source is `FILE.duckdb::TABLE`; with `source_sql`, a file with a SELECT, it may be the
    database on which that runs.

    Raises:
        DataError: there is no such file.
        DefinitionError: the SELECT is given more than one database.
    """
    files: list[str | Path] = []
    queries: list[Query] = []
    databases: list[Path] = []
    for source in flatten(sources):
        text = str(source)
        path, mark, table = text.rpartition(MARK)
        if mark and not Path(text).exists() and "://" not in text:
            if not Path(path).is_file():
                raise DataError(f"there is no file {path}, of which {table!r} would be a table")
            if not _is_database(Path(path)):
                raise DataError(f"{path} is no DuckDB database, and so it has no table {table!r}")
            queries.append(Query(text, Path(path), table))
        elif _is_database(Path(text)):
            databases.append(Path(text))
        else:
            files.append(source)
    if source_sql is None:
        queries += [Query(str(path), path, "") for path in databases]
        return files, queries
    if len(databases) > 1:
        raise DefinitionError(
            f"--source-sql runs on one database; got {', '.join(map(str, databases))}"
        )
    return files, [*queries, _query_of(Path(source_sql), databases)]


def _exact(connection: DuckDBPyConnection, rows: str) -> str:
    """Return a SELECT of rows whose numbers of 128 bits, such as every sum, Parquet can hold."""
    types = connection.execute(f"DESCRIBE FROM {rows}").fetchall()
    wide = [quote_identifier(name) for name, kind, *_ in types if kind in {"HUGEINT", "UHUGEINT"}]
    casts = ", ".join(f"CAST({name} AS DECIMAL(38, 0)) AS {name}" for name in wide)
    return f"SELECT *{f' REPLACE ({casts})' if casts else ''} FROM {rows}"


def _query_of(file: Path, databases: Sequence[Path]) -> Query:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise DefinitionError(f"{file} cannot be read: {reason}") from None
    return Query(str(file), databases[0] if databases else None, select=text)


def _one_select(connection: DuckDBPyConnection, text: str, label: str) -> str:
    import duckdb

    try:
        statements = connection.extract_statements(text)
    except duckdb.Error as error:
        raise DefinitionError(f"{label}: {str(error).partition(chr(10))[0]}") from None
    kinds = [statement.type for statement in statements]
    if kinds != [duckdb.StatementType.SELECT]:
        found = ", ".join(kind.name for kind in kinds) or "none"
        raise DefinitionError(f"{label} holds one SELECT, and nothing else; found: {found}")
    return str(statements[0].query).strip().rstrip(";")


def _is_database(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(12)[8:] == _MAGIC
