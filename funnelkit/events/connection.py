"""The one way in which funnelkit opens DuckDB, and turns its errors into ours.

Only calls that work alike on DuckDB 1.5 and 2.0 are used anywhere:
`connection.execute(sql, parameters).fetchall()`, always drained, and
`connection.sql(sql, params=parameters).to_arrow_table()`.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING

from funnelkit.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duckdb import DuckDBPyConnection


def connect() -> DuckDBPyConnection:
    """Return a connection in memory that installs nothing, sees no Python variables, and is in UTC.

    What does not fit into memory goes to the system's folder for temporary files, not into the
    current one.
    """
    import duckdb

    spill = os.path.join(tempfile.gettempdir(), f"funnelkit-spill-{os.getpid()}")  # noqa: PTH118
    connection = duckdb.connect(
        config={
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "python_enable_replacements": False,
            "temp_directory": spill,
        }
    )
    for setting in ("TimeZone = 'UTC'", "enable_progress_bar = false"):
        connection.execute(f"SET {setting}").fetchall()
    return connection


@contextmanager
def data_errors(what: str) -> Iterator[None]:
    """Raise a failure of DuckDB inside the block as a `DataError` that begins with `what`."""
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        # Only the first line: the rest is advice about DuckDB's own functions and options.
        reason = str(error).strip().partition("\n")[0]
        raise DataError(f"{what}: {reason}") from error
