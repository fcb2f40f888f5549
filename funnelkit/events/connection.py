"""The one way in which funnelkit opens DuckDB, and turns its errors into ours.

Only calls that work alike on DuckDB 1.5 and 2.0 are used anywhere:
`connection.execute(sql, parameters).fetchall()`, always drained, and
`connection.sql(sql, params=parameters).to_arrow_table()`.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from funnelkit.errors import DataError
from funnelkit.events.processors import processors

_LONGEST: Final = 200

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duckdb import DuckDBPyConnection


def connect() -> DuckDBPyConnection:
    """Return a connection that installs nothing, sees no Python variables, and is in UTC.

    All connections of a process are to one database in memory, since another one takes 20 ms and
    threads of its own; whoever creates something in it, creates it TEMP. What does not fit into
    memory goes to the system's folder for temporary files, not into the current one.
    """
    return another(_database(os.getpid()))


def another(connection: DuckDBPyConnection) -> DuckDBPyConnection:
    """Return one more connection to the same database, for another thread; close it."""
    return _set(connection.cursor())


def _set(connection: DuckDBPyConnection) -> DuckDBPyConnection:
    for setting in ("TimeZone = 'UTC'", "enable_progress_bar = false"):
        connection.execute(f"SET {setting}").fetchall()
    return connection


@cache
def _database(process: int) -> DuckDBPyConnection:
    """Return the database of a process: one that was forked off makes its own."""
    import duckdb

    spill = Path(tempfile.gettempdir(), f"funnelkit-spill-{process}")
    return duckdb.connect(config=_config(spill))


def _config(spill: Path) -> dict[str, str | bool | int | float | list[str]]:
    # DuckDB counts the processors of the machine, or of its container.
    threads: dict[str, int] = {}
    if processors() < (os.cpu_count() or 1):
        threads = {"threads": processors()}
    return {
        **threads,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "enable_external_file_cache": False,  # a file may be written anew within a second
        "python_enable_replacements": False,
        "temp_directory": str(spill),
    }


def work_connection(folder: Path) -> DuckDBPyConnection:
    """Return a connection to a database of its own for work larger than memory.

    It takes about 1.2 GB, and puts what does not fit into `folder`.
    """
    import duckdb

    return _set(duckdb.connect(config=_config(folder) | {"memory_limit": "1200MB"}))


def open_database(path: Path | None) -> DuckDBPyConnection:
    """Return a connection to a database file, to read it only; without a file, to an empty one."""
    import duckdb

    config = _config(Path(tempfile.gettempdir(), f"funnelkit-spill-{os.getpid()}-read"))
    if path is None:
        connection = duckdb.connect(config=config)
    else:
        connection = duckdb.connect(str(path), read_only=True, config=config)
    connection.execute("SET TimeZone = 'UTC'").fetchall()
    return connection


@contextmanager
def data_errors(what: str) -> Iterator[None]:
    """Raise a failure of DuckDB inside the block as a `DataError` that begins with `what`."""
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        raise DataError(f"{what}: {_reason(str(error))}") from error


def _reason(text: str) -> str:
    """Return DuckDB's message in one line, without its advice about its own functions."""
    if "No space left on device" in text or "File too large" in text:
        return "the disk is full"
    told = text.partition("\nPossible")[0].partition("\nLINE ")[0]
    lines = [line.strip() for line in told.splitlines() if line.strip()]
    return "; ".join(line if len(line) <= _LONGEST else line[:_LONGEST] + "…" for line in lines)
