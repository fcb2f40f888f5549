"""The commands, in the order in which `--help` lists them."""

from __future__ import annotations

import typer

from funnelkit.cli.compare import compare
from funnelkit.cli.convert import convert
from funnelkit.cli.demo import demo
from funnelkit.cli.describe import describe
from funnelkit.cli.drivers import drivers
from funnelkit.cli.fixture import fixture
from funnelkit.cli.help import Command
from funnelkit.cli.import_ import import_
from funnelkit.cli.lock import lock
from funnelkit.cli.pull import pull
from funnelkit.cli.report import report
from funnelkit.cli.shrink import shrink
from funnelkit.cli.simulate import simulate
from funnelkit.cli.sql import sql
from funnelkit.cli.store import store
from funnelkit.cli.trace import trace
from funnelkit.cli.users import users
from funnelkit.cli.verify import verify
from funnelkit.cli.version import Version  # noqa: TC001 - typer reads the annotation

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


for command in (
    demo,
    simulate,
    pull,
    import_,
    describe,
    report,
    compare,
    drivers,
    verify,
    fixture,
    shrink,
    lock,
    users,
    trace,
    sql,
    convert,
):
    app.command(cls=Command, name=command.__name__.strip("_"))(command)

app.add_typer(store, name="store")
