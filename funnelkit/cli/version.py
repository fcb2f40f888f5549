"""`funnelkit --version`: funnelkit, DuckDB and Python on one line."""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import Annotated

import typer

from funnelkit import __version__


def show_version(asked: bool) -> None:  # noqa: FBT001 - the signature of an option's callback
    """Write the versions and end, if asked to."""
    if asked:
        typer.echo(
            f"funnelkit {__version__}, DuckDB {version('duckdb')}, "
            f"Python {platform.python_version()}"
        )
        raise typer.Exit


Version = Annotated[
    bool,
    typer.Option("--version", callback=show_version, is_eager=True, help="Show the versions."),
]
