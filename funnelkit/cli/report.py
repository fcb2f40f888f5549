"""`funnelkit report`: the funnel of some events."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from funnelkit.cli import options as opt
from funnelkit.cli.chart import ChartFile, ChartTheme  # noqa: TC001 - typer reads the annotations
from funnelkit.cli.definition import defines_a_funnel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from funnelkit.result import FunnelResult


class View(StrEnum):
    """The tables of a report."""

    steps = "steps"
    intervals = "intervals"
    time_to_convert = "time-to-convert"
    frequency = "frequency"
    by_age = "by-age"
    ab = "ab"
    compared_to = "compared-to"


Baseline = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="A/B view: a segment, or a group, against which the others are judged.",
        rich_help_panel=opt.MEASURES,
    ),
]
CompareTo = Annotated[
    str | None,
    typer.Option(
        metavar="previous[:N]|'group VALUE'",
        help="Beside the period of equal length before the dates (N of them), or a group.",
        rich_help_panel=opt.MEASURES,
    ),
]
ViewChoice = Annotated[
    View | None,
    typer.Option(
        "--view",
        help="Which table csv holds. [default: steps]",
        rich_help_panel=opt.OUTPUT,
    ),
]


@defines_a_funnel()
def report(
    events: opt.Events,
    baseline: Baseline = None,
    compare_to: CompareTo = None,
    data_end: opt.DataEnd = None,
    columns: opt.Columns = None,
    engine: opt.EngineChoice = opt.Engine.duckdb,
    master: opt.Master = None,
    format: opt.PageFormatChoice = None,  # noqa: A002 - the option's name
    view: ViewChoice = None,
    output: opt.Output = None,
    chart: ChartFile = None,
    chart_theme: ChartTheme = None,
    assert_: opt.Assert = None,
    **definition: Any,
) -> None:
    """Count how many users get through the steps of a funnel, as Amplitude's chart would."""
    from funnelkit import api
    from funnelkit.charts.pictures import check_extra
    from funnelkit.cli.chart import check_chart, write_chart
    from funnelkit.cli.output import check_output, form_of, say, write
    from funnelkit.cli.progress import working
    from funnelkit.cli.steps import eaten_steps
    from funnelkit.cli.typed import command_line
    from funnelkit.errors import DefinitionError
    from funnelkit.render.report import render_report
    from funnelkit.specs.assertions import parse_assertion
    from funnelkit.verification.assertions import check_meaning, check_report

    check_output(output, events, definition)
    check_chart(chart, chart_theme, events, definition, output=output)
    form = form_of(format, output, known=opt.PageFormat)
    if view is not None and form != opt.PageFormat.csv:
        raise DefinitionError(f"--view chooses a table for --format csv; {form} has all")
    if form == opt.PageFormat.html:
        check_extra("HTML")
    asserted = [parse_assertion(text) for text in assert_ or ()]
    with working("Reading the events"):
        result = api.report(
            events,
            baseline=baseline,
            compare_to=compare_to,
            data_end=data_end,
            columns=columns,
            fingerprint=form == opt.PageFormat.html and engine is opt.Engine.duckdb,
            engine=engine.value,
            master=master,
            **definition,
        )
    check_meaning(asserted, result.funnel)
    say(eaten_steps(result.funnel, events, columns))
    table = (view or View.steps).replace("-", "_")
    write(render_report(result, format=form, view=table, command=command_line()), output)
    write_chart(result, chart, chart_theme)
    if form == opt.PageFormat.csv and view is None:
        say(_other_tables(result))
    say(f"note: {note}" for note in result.notes)
    say(f"warning: {warning}" for warning in result.warnings)
    check_report(result, asserted)


def _other_tables(result: FunnelResult) -> Iterator[str]:
    """Say which tables are not among what was written."""
    from funnelkit.result.records import asked

    others = [f"--view {view.replace('_', '-')}" for view in asked(result)[1:]]
    if others:
        yield f"note: the table of the steps is written; others come with {', '.join(others)}"
