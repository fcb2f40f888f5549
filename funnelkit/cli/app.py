"""The commands, in the order in which `--help` lists them."""

from __future__ import annotations

import typer

from funnelkit.cli.simulate import simulate

app = typer.Typer(
    name="funnelkit",
    help="Amplitude funnels, offline.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def funnelkit() -> None:
    """Amplitude funnels, offline."""


app.command("simulate")(simulate)


def _register() -> None:
    from funnelkit.cli.compare import compare
    from funnelkit.cli.describe import describe
    from funnelkit.cli.report import report
    from funnelkit.cli.sql import sql
    from funnelkit.cli.verify import verify

    app.command()(describe)
    app.command()(report)
    app.command()(compare)
    app.command()(verify)
    app.command()(sql)


_register()
