"""`funnelkit convert`: a funnel in another form, Amplitude's own among them."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from funnelkit.cli import options as opt  # noqa: TC001 - typer reads the annotations


class Form(StrEnum):
    """What is written."""

    toml = "toml"
    json = "json"
    chart = "chart"
    query = "query"


Source = Annotated[
    str,
    typer.Argument(
        metavar="FUNNEL",
        help="FILE:NAME of a funnel file, the JSON file of an Amplitude chart, or an API query.",
    ),
]
To = Annotated[
    Form,
    typer.Option("--to", help="A file of funnels, Amplitude's chart definition, or API query."),
]


CustomEvents = Annotated[
    list[str] | None,
    typer.Option(
        "--custom-event",
        metavar='"NAME = A | B"',
        help="What a custom event is that a chart or a query only names: ce:NAME.",
    ),
]

Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--setting",
        metavar="NAME=VALUE",
        help="How a chart or a query is read: step_index, api_any_order_window.",
    ),
]


def convert(
    funnel: Source,
    to: To,
    timezone: opt.Timezone = None,
    custom_event: CustomEvents = None,
    setting: Settings = None,
    output: opt.Output = None,
) -> None:
    """Write a funnel as a funnel file, Amplitude's chart or API query.

    What the other form cannot say is refused by name, with exit code 2.
    """
    from funnelkit.cli.output import check_output, write
    from funnelkit.specs.forms import write_funnel

    given = {"funnel": funnel, "custom_event": custom_event, "setting": setting}
    check_output(output, definition=given)
    written = write_funnel(
        funnel,
        form=to.value,
        timezone=timezone,
        custom_event=custom_event or (),
        setting=setting or (),
    )
    write(written, output)
