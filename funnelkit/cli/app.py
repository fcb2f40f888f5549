"""The commands, in the order in which `--help` lists them."""

from __future__ import annotations

from importlib import import_module
from typing import Final

import typer

from funnelkit.cli.help import Command
from funnelkit.cli.version import Version  # noqa: TC001 - typer reads the annotation

COMMANDS: Final = (
    "demo",
    "simulate",
    "pull",
    "import",
    "describe",
    "report",
    "compare",
    "drivers",
    "verify",
    "fixture",
    "shrink",
    "lock",
    "users",
    "trace",
    "sql",
    "convert",
    "store",
)
"""Each is a function in the module of its name."""


def application(named: str | None = None) -> typer.Typer:
    """Return the program; where a command is `named`, only that one is loaded, to start sooner."""
    app = typer.Typer(
        name="funnelkit",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @app.callback()
    def funnelkit(*, version: Version = False) -> None:
        """Amplitude funnels, offline."""

    for name in (named,) if named in COMMANDS else COMMANDS:
        word = "import_" if name == "import" else name
        command = getattr(import_module(f"funnelkit.cli.{word}"), str(word))
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command(cls=Command, name=name)(command)
    return app
