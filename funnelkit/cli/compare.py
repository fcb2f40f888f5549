"""`funnelkit compare`: two periods, two filters or two variants of one funnel."""

from __future__ import annotations

from typing import Annotated

import typer

from funnelkit.cli import options as opt

RANGE = "FROM..TO"

Baseline = Annotated[
    str | None,
    typer.Option(metavar=RANGE, help="The period to compare with: days, or instants."),
]
Against = Annotated[str | None, typer.Option(metavar=RANGE, help="The period that is compared.")]
BaselineWhere = Annotated[
    list[str] | None,
    typer.Option(metavar="FILTER", help="Filters step 1 of the baseline only."),
]
AgainstWhere = Annotated[
    list[str] | None,
    typer.Option(metavar="FILTER", help="Filters step 1 of the other side only."),
]
AgainstFunnel = Annotated[
    str | None,
    typer.Option(
        metavar="FILE:NAME", help="The definition of the other side; --funnel is one's own."
    ),
]
DataEnd = Annotated[
    str | None,
    typer.Option(metavar="INSTANT", help="Where the data ends. [default: its last event]"),
]
RandomisedBy = Annotated[
    str | None,
    typer.Option(metavar="PROPERTY", help="Chance assigned the values: compare these variants."),
]
Decompose = Annotated[
    str | None,
    typer.Option(metavar="PROPERTY", help="Split the difference into mix and within-group parts."),
]
Assert = Annotated[
    list[str] | None,
    typer.Option(
        "--assert",
        metavar='"lift > 0 points"',
        help="Exit 1 unless the whole interval of the lift agrees; may be given several times.",
    ),
]


def compare(
    events: opt.Events,
    steps: opt.Steps = None,
    step: opt.Step = None,
    baseline: Baseline = None,
    against: Against = None,
    where: opt.Where = None,
    baseline_where: BaselineWhere = None,
    against_where: AgainstWhere = None,
    where_every_step: opt.WhereEveryStep = None,
    funnel: opt.FunnelName = None,
    against_funnel: AgainstFunnel = None,
    from_: opt.From = None,
    to: opt.To = None,
    timezone: opt.Timezone = None,
    window: opt.Window = None,
    unit: opt.UnitChoice = None,
    resolution: opt.ResolutionChoice = None,
    data_end: DataEnd = None,
    randomised_by: RandomisedBy = None,
    decompose: Decompose = None,
    columns: opt.Columns = None,
    format: opt.FormatChoice = opt.Format.table,  # noqa: A002 - the option's name
    output: opt.Output = None,
    assert_: Assert = None,
) -> None:
    """Compare two periods of a funnel, and say whether they are alike."""
    from funnelkit import api
    from funnelkit.cli.output import check_output, say, write
    from funnelkit.cli.progress import working
    from funnelkit.cli.steps import eaten_steps, steps_of
    from funnelkit.comparison.judgement import check_comparison
    from funnelkit.render.comparison import render_comparison
    from funnelkit.specs.assertions import parse_assertion

    check_output(output, events)
    asserted = [parse_assertion(text) for text in assert_ or ()]
    with working("Comparing"):
        result = api.compare(
            events,
            steps=steps_of(steps, step),
            funnel=funnel,
            against_funnel=against_funnel,
            baseline=baseline,
            against=against,
            where=where or (),
            baseline_where=baseline_where or (),
            against_where=against_where or (),
            where_every_step=where_every_step or (),
            from_=from_,
            to=to,
            timezone=timezone,
            window=window,
            unit=unit.value if unit else None,
            resolution=resolution.value if resolution else None,
            data_end=data_end,
            randomised_by=randomised_by,
            decompose=decompose,
            columns=columns,
        )
    say(eaten_steps(result.baseline.funnel, events, columns))
    write(render_comparison(result, format=format.value), output)
    say(f"note: {note}" for note in result.notes)
    say(f"warning: {warning}" for warning in result.warnings)
    check_comparison(result, asserted)
