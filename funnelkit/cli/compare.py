"""`funnelkit compare`: two periods, two filters or two variants of one funnel."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from funnelkit.cli import options as opt
from funnelkit.cli.chart import ChartFile, ChartTheme  # noqa: TC001 - typer reads the annotations
from funnelkit.cli.definition import GROUPS, MEASURES, RELATIVE, defines_a_funnel

SIDES = "What is compared"
RANGE = "FROM..TO"
UNLIKE = (
    *GROUPS, *MEASURES, *RELATIVE, "segment", "count_by", "users", "optional_step", "compare_event"
)  # fmt: skip
"""What no comparison looks at."""

Baseline = Annotated[
    str | None,
    typer.Option(
        metavar=RANGE,
        help="The period to compare with: days, or instants.",
        rich_help_panel=SIDES,
    ),
]
Against = Annotated[
    str | None,
    typer.Option(metavar=RANGE, help="The period that is compared.", rich_help_panel=SIDES),
]
BaselineWhere = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FILTER", help="Filters step 1 of the baseline only.", rich_help_panel=SIDES
    ),
]
AgainstWhere = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FILTER", help="Filters step 1 of the other side only.", rich_help_panel=SIDES
    ),
]
AgainstFunnel = Annotated[
    str | None,
    typer.Option(
        metavar="FILE:NAME",
        help="The definition of the other side; --funnel is one's own.",
        rich_help_panel=SIDES,
    ),
]
RandomisedBy = Annotated[
    str | None,
    typer.Option(
        metavar="PROPERTY",
        help="Chance assigned the values: compare these variants.",
        rich_help_panel=SIDES,
    ),
]
Decompose = Annotated[
    str | None,
    typer.Option(
        metavar="PROPERTY",
        help="Split the difference into mix and within-group parts.",
        rich_help_panel=SIDES,
    ),
]
Assert = Annotated[
    list[str] | None,
    typer.Option(
        "--assert",
        metavar='"lift > 0 points"',
        help="Exit 1 unless the whole interval of the lift agrees; may be given several times.",
        rich_help_panel=opt.OUTPUT,
    ),
]


@defines_a_funnel(without=UNLIKE)
def compare(
    events: opt.Events,
    baseline: Baseline = None,
    against: Against = None,
    baseline_where: BaselineWhere = None,
    against_where: AgainstWhere = None,
    against_funnel: AgainstFunnel = None,
    data_end: opt.DataEnd = None,
    randomised_by: RandomisedBy = None,
    decompose: Decompose = None,
    columns: opt.Columns = None,
    format: opt.PageFormatChoice = None,  # noqa: A002 - the option's name
    output: opt.Output = None,
    chart: ChartFile = None,
    chart_theme: ChartTheme = None,
    assert_: Assert = None,
    **definition: Any,
) -> None:
    """Compare two periods of a funnel, and say whether they are alike."""
    from funnelkit import api
    from funnelkit.charts.pictures import check_extra
    from funnelkit.cli.chart import check_chart, write_chart
    from funnelkit.cli.output import check_output, form_of, say, write
    from funnelkit.cli.progress import working
    from funnelkit.cli.steps import eaten_steps
    from funnelkit.cli.typed import command_line
    from funnelkit.comparison.judgement import check_claims, check_comparison, check_steps
    from funnelkit.render.comparison import render_comparison
    from funnelkit.specs.assertions import parse_assertion

    funnels = [against_funnel]
    check_output(output, events, definition, funnels=funnels)
    check_chart(chart, chart_theme, events, definition, output=output, funnels=funnels)
    form = form_of(format, output, known=opt.PageFormat)
    if form == opt.PageFormat.html:
        check_extra("HTML")
    asserted = [parse_assertion(text) for text in assert_ or ()]
    check_claims(asserted)
    with working("Comparing"):
        result = api.compare(
            events,
            against_funnel=against_funnel,
            baseline=baseline,
            against=against,
            baseline_where=baseline_where or (),
            against_where=against_where or (),
            data_end=data_end,
            randomised_by=randomised_by,
            decompose=decompose,
            columns=columns,
            fingerprint=form == opt.PageFormat.html,
            **definition,
        )
    check_steps(result, asserted)
    say(eaten_steps(result.baseline.funnel, events, columns))
    write(render_comparison(result, format=form, command=command_line()), output)
    write_chart(result, chart, chart_theme)
    say(f"note: {note}" for note in result.notes)
    say(f"warning: {warning}" for warning in result.warnings)
    check_comparison(result, asserted)
