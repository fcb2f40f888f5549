"""`funnelkit verify`: do expected counts hold?"""

from __future__ import annotations

from typing import Annotated

import typer

from funnelkit.cli import options as opt

Expect = Annotated[
    str | None,
    typer.Option(metavar='"1177, 638"', help="The exact count of each step."),
]


def verify(
    events: opt.Events,
    steps: opt.Steps = None,
    step: opt.Step = None,
    expect: Expect = None,
    funnel: opt.FunnelName = None,
    where: opt.Where = None,
    where_every_step: opt.WhereEveryStep = None,
    segment: opt.Segment = None,
    from_: opt.From = None,
    to: opt.To = None,
    timezone: opt.Timezone = None,
    window: opt.Window = None,
    unit: opt.UnitChoice = None,
    resolution: opt.ResolutionChoice = None,
    columns: opt.Columns = None,
    format: opt.VerifyFormatChoice = opt.VerifyFormat.table,  # noqa: A002 - the option's name
    output: opt.Output = None,
) -> None:
    """Compare the counts of a funnel with expected ones; exit 1 where they differ."""
    from funnelkit import api
    from funnelkit.cli.output import check_output, say, write
    from funnelkit.cli.progress import working
    from funnelkit.cli.steps import eaten_steps, steps_of
    from funnelkit.render.verification import render_verification

    check_output(output, events)
    with working("Reading the events"):
        verification = api.verify(
            events,
            expect=expect,
            steps=steps_of(steps, step),
            funnel=funnel,
            where=where or (),
            where_every_step=where_every_step or (),
            segment=segment or (),
            from_=from_,
            to=to,
            timezone=timezone,
            window=window,
            unit=unit.value if unit else None,
            resolution=resolution.value if resolution else None,
            columns=columns,
        )
    say(eaten_steps(verification.result.funnel, events, columns))
    say(f"note: {note}" for note in verification.result.notes)
    say(f"warning: {warning}" for warning in verification.result.warnings)
    write(render_verification(verification, format=format.value), output)
    verification.raise_if_failed()
