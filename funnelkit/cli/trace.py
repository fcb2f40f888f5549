"""`funnelkit trace`: what one user did, and why he counts as he does."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from funnelkit.cli import options as opt
from funnelkit.cli.chart import ChartFile, ChartTheme  # noqa: TC001 - typer reads the annotations
from funnelkit.cli.definition import defines_a_funnel
from funnelkit.cli.users import BAR, SegmentName, Variant

User = Annotated[
    str,
    typer.Option(
        metavar="ID", help="The user; or the value, where values are counted.", rich_help_panel=BAR
    ),
]
Held = Annotated[
    str | None,
    typer.Option(
        metavar="VALUE", help="Only the pair or session of this value.", rich_help_panel=BAR
    ),
]


@defines_a_funnel()
def trace(
    events: opt.Events,
    user: User,
    held: Held = None,
    segment_name: SegmentName = None,
    variant: Variant = None,
    data_end: opt.DataEnd = None,
    columns: opt.Columns = None,
    format: opt.TraceFormatChoice = opt.TraceFormat.table,  # noqa: A002 - the option's name
    output: opt.Output = None,
    chart: ChartFile = None,
    chart_theme: ChartTheme = None,
    **definition: Any,
) -> None:
    """Show what a user did, which event filled which step, and why he went no further."""
    from funnelkit import api
    from funnelkit.cli.chart import check_chart, write_chart
    from funnelkit.cli.output import check_output, say, write
    from funnelkit.cli.progress import working
    from funnelkit.cli.steps import eaten_steps
    from funnelkit.render.trace import render_trace

    check_output(output, events, definition)
    check_chart(chart, chart_theme, events, definition, output=output)
    with working("Reading the events"):
        found = api.trace(
            events,
            user=user,
            held=held,
            segment_name=segment_name,
            variant=variant,
            data_end=data_end,
            columns=columns,
            **definition,
        )
    say(eaten_steps(found.funnel, events, columns))
    write(render_trace(found, format=format.value), output)
    write_chart(found, chart, chart_theme)
    say(f"note: {note}" for note in found.notes)
