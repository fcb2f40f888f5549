"""Folders that travel with the package: `sql/` and `sample_events/`.

A wheel carries them inside the package. In a source checkout, which is also what an editable
install runs, they lie beside it.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from funnelkit.errors import FunnelkitError

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable


def packaged_folder(name: str) -> Traversable:
    """Return the folder `name`; raise `FunnelkitError` where this installation has none."""
    package = files("funnelkit")
    inside = package / name
    if inside.is_dir():
        return inside
    if isinstance(package, Path) and (beside := package.parent / name).is_dir():
        return beside
    raise FunnelkitError(
        f"the folder {name}/ is missing from this installation of funnelkit ({package}); "
        "install it again"
    )


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
