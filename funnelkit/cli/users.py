"""`funnelkit users`: who is behind a bar."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from funnelkit.cli import options as opt
from funnelkit.cli.definition import defines_a_funnel

BAR = "Which bar is meant"


class Format(StrEnum):
    """How the list is written."""

    table = "table"
    json = "json"
    csv = "csv"


Reached = Annotated[
    int | None,
    typer.Option(metavar="STEP", help="Who got to this step or further.", rich_help_panel=BAR),
]
LostBefore = Annotated[
    int | None,
    typer.Option(
        metavar="STEP", help="Who got to the step before it, and no further.", rich_help_panel=BAR
    ),
]
SegmentName = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="The series, if there are several.", rich_help_panel=BAR),
]
Variant = Annotated[
    str | None,
    typer.Option(
        metavar='"with B"',
        help="The funnel, if a step is optional or events are compared.",
        rich_help_panel=BAR,
    ),
]
Group = Annotated[
    str | None,
    typer.Option(metavar="VALUE", help="The group, as the report calls it.", rich_help_panel=BAR),
]
InInterval = Annotated[
    str | None,
    typer.Option(
        metavar="DATE",
        help="The interval that begins then: its own bar, with --interval.",
        rich_help_panel=BAR,
    ),
]
FormatChoice = Annotated[
    Format | None,
    typer.Option(
        "--format",
        "-f",
        help="How to write the list. [default: as FILE ends, .parquet too; else table]",
        rich_help_panel=opt.OUTPUT,
    ),
]


@defines_a_funnel()
def users(
    events: opt.Events,
    reached: Reached = None,
    lost_before: LostBefore = None,
    segment_name: SegmentName = None,
    variant: Variant = None,
    group: Group = None,
    in_interval: InInterval = None,
    data_end: opt.DataEnd = None,
    columns: opt.Columns = None,
    format: FormatChoice = None,  # noqa: A002 - the option's name
    output: opt.Output = None,
    **definition: Any,
) -> None:
    """List everybody behind a bar of the chart: as many as `report` counts there."""
    from funnelkit import api
    from funnelkit.cli.output import check_output, form_of, say, write
    from funnelkit.cli.progress import working
    from funnelkit.cli.steps import eaten_steps
    from funnelkit.render.users import render_users

    check_output(output, events, definition)
    form = form_of(format, output, known=[*Format, "parquet"])
    with working("Reading the events"):
        found = api.users(
            events,
            reached=reached,
            lost_before=lost_before,
            segment_name=segment_name,
            variant=variant,
            group=group,
            in_interval=in_interval,
            data_end=data_end,
            columns=columns,
            **definition,
        )
    say(eaten_steps(found.funnel, events, columns))
    write(render_users(found, format=form), output)
    say(f"note: {note}" for note in found.notes)
    say(f"warning: {warning}" for warning in found.warnings)
