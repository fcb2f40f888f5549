"""The text of the SQL files in `sql/`."""

from __future__ import annotations

from functools import cache

from funnelkit.errors import FunnelkitError
from funnelkit.packaged import packaged_folder


@cache
def read_sql(name: str) -> str:
    """Return the text of `sql/NAME.sql`.

    Raises:
        FunnelkitError: the folder or the file is missing from this installation.
    """
    folder = packaged_folder("sql")
    file = folder / f"{name}.sql"
    if not file.is_file():
        present = ", ".join(sorted(found.name for found in folder.iterdir()))
        raise FunnelkitError(f"sql/{name}.sql is missing from this installation; found {present}")
    return file.read_text("utf-8")
