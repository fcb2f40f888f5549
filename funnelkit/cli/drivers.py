"""`funnelkit drivers`: what those who went on did more often than those who did not."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from funnelkit.cli import options as opt
from funnelkit.cli.definition import GROUPS, MEASURES, defines_a_funnel

Between = Annotated[
    str,
    typer.Option(metavar="1,2", help="The step from which on, and the one to which, to look."),
]
By = Annotated[
    str | None,
    typer.Option(metavar="PROPERTY", help="Tell the values of this property apart, too."),
]
Limit = Annotated[int, typer.Option(metavar="N", help="Show so many events.")]


@defines_a_funnel(without=(*MEASURES, *GROUPS, "optional_step", "compare_event"))
def drivers(
    events: opt.Events,
    between: Between = "1,2",
    by: By = None,
    limit: Limit = 20,
    data_end: opt.DataEnd = None,
    columns: opt.Columns = None,
    format: opt.FormatChoice = None,  # noqa: A002 - the option's name
    output: opt.Output = None,
    **definition: Any,
) -> None:
    """Show which events between two steps converters did more often than drop-offs."""
    from funnelkit import api
    from funnelkit.cli.output import check_output, form_of, say, write
    from funnelkit.cli.progress import working
    from funnelkit.cli.steps import eaten_steps
    from funnelkit.render.drivers import render_drivers

    check_output(output, events, definition)
    form = form_of(format, output, known=opt.Format)
    with working("Reading the events"):
        result = api.drivers(
            events,
            between=_pair(between),
            by=by,
            limit=limit,
            data_end=data_end,
            columns=columns,
            **definition,
        )
    say(eaten_steps(result.funnel, events, columns))
    write(render_drivers(result, format=form), output)
    say(f"note: {note}" for note in result.notes)
    say(f"warning: {warning}" for warning in result.warnings)


def _pair(text: str) -> tuple[int, int]:
    """Return the two steps of `--between`.

    Raises:
        DefinitionError: the text does not name two steps.
    """
    from funnelkit.errors import DefinitionError

    earlier, _, later = text.partition(",")
    try:
        return int(earlier), int(later)
    except ValueError:
        raise DefinitionError(f"--between takes two steps, like 1,2; got {text!r}") from None
