"""`funnelkit verify`: do expected counts hold?"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from funnelkit.cli import options as opt
from funnelkit.cli.definition import GROUPS, MEASURES, defines_a_funnel

Expect = Annotated[
    str | None,
    typer.Option(
        metavar='"1177, 638"',
        help="The exact count of each step.",
        rich_help_panel=opt.OUTPUT,
    ),
]


@defines_a_funnel(without=(*GROUPS, *MEASURES, "optional_step", "compare_event"))
def verify(
    events: opt.Events,
    expect: Expect = None,
    data_end: opt.DataEnd = None,
    columns: opt.Columns = None,
    format: opt.VerifyFormatChoice = opt.VerifyFormat.table,  # noqa: A002 - the option's name
    output: opt.Output = None,
    **definition: Any,
) -> None:
    """Compare the counts of a funnel with expected ones; exit 1 where they differ."""
    from funnelkit import api
    from funnelkit.cli.output import check_output, say, write
    from funnelkit.cli.progress import working
    from funnelkit.cli.steps import eaten_steps
    from funnelkit.render.verification import render_verification

    check_output(output, events, definition)
    with working("Reading the events"):
        verification = api.verify(
            events, expect=expect, data_end=data_end, columns=columns, **definition
        )
    say(eaten_steps(verification.result.funnel, events, columns))
    say(f"note: {note}" for note in verification.result.notes)
    say(f"warning: {warning}" for warning in verification.result.warnings)
    write(render_verification(verification, format=format.value), output)
    verification.raise_if_failed()
