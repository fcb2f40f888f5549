"""`funnelkit shrink`: the fewest events on which two readings of a funnel differ."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from funnelkit.cli import options as opt
from funnelkit.cli.definition import defines_a_funnel

READINGS = "What the two readings are"


class ShrinkFormat(StrEnum):
    """How the events are written."""

    table = "table"
    json = "json"
    jsonl = "jsonl"


A = Annotated[
    list[str] | None,
    typer.Option(
        "--a",
        metavar="NAME=VALUE",
        help="What sets one reading apart: window=1d, any option or setting by its name, "
        "columns=user=device_id, or FILE:NAME. [default: the options as they are]",
        rich_help_panel=READINGS,
    ),
]
B = Annotated[
    list[str] | None,
    typer.Option(
        "--b", metavar="NAME=VALUE", help="The same of the other one.", rich_help_panel=READINGS
    ),
]
FormatChoice = Annotated[
    ShrinkFormat | None,
    typer.Option(
        "--format",
        "-f",
        help="How to write the events; jsonl can be read again. [default: as FILE ends, else "
        "table]",
        rich_help_panel=opt.OUTPUT,
    ),
]


@defines_a_funnel()
def shrink(
    events: opt.Events,
    a: A = None,
    b: B = None,
    data_end: opt.DataEnd = None,
    columns: opt.Columns = None,
    format: FormatChoice = None,  # noqa: A002 - the option's name
    output: opt.Output = None,
    **definition: Any,
) -> None:
    """Find the fewest events on which two readings of a funnel differ, to show to others."""
    from funnelkit import api
    from funnelkit.cli.output import check_output, form_of, say, write
    from funnelkit.cli.progress import working
    from funnelkit.render.shrink import render_shrunk

    chosen = form_of(format and format.value, output, known=ShrinkFormat)
    check_output(output, events, definition)
    with working("Leaving out events"):
        found = api.shrink(
            events, a=a or (), b=b or (), data_end=data_end, columns=columns, **definition
        )
    write(render_shrunk(found, format=chosen), output)
    if chosen == "jsonl":
        for name, said in (("a", found.a), ("b", found.b)):
            say(f"{name}, {said.reading}: {words}" for words in said.why())
