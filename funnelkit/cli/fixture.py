"""`funnelkit fixture`: the events that decide a funnel's numbers, small enough to commit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from funnelkit.cli import options as opt
from funnelkit.cli.definition import defines_a_funnel
from funnelkit.verification.fixture import MAX_SIZE

FunnelNames = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FILE[:NAME]",
        help="As for report; may be given several times, and FILE is every funnel of a file.",
        rich_help_panel=opt.FUNNEL,
    ),
]
File = Annotated[
    Path,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE.parquet",
        help="The file to write.",
        rich_help_panel=opt.OUTPUT,
    ),
]
Key = Annotated[
    str | None,
    typer.Option(
        metavar="TEXT",
        envvar="FUNNELKIT_FIXTURE_KEY",
        help="The key of the hashes of ids; the same key gives the same file. [default: a random "
        "one, which is thrown away]",
        rich_help_panel=opt.OUTPUT,
    ),
]
MaxSize = Annotated[
    str,
    typer.Option(metavar="SIZE", help="How large the file may be.", rich_help_panel=opt.OUTPUT),
]
Shift = Annotated[
    str | None,
    typer.Option(metavar="-52w", help="Move all times by whole days.", rich_help_panel=opt.OUTPUT),
]


@defines_a_funnel(without=("funnel",))
def fixture(
    events: opt.Events,
    output: File,
    funnel: FunnelNames = None,
    key: Key = None,
    max_size: MaxSize = MAX_SIZE,
    shift: Shift = None,
    data_end: opt.DataEnd = None,
    columns: opt.Columns = None,
    format: opt.TraceFormatChoice = opt.TraceFormat.table,  # noqa: A002 - the option's name
    **definition: Any,
) -> None:
    """Write the fewest events that give the same numbers, without ids, and check that they do."""
    from funnelkit import api
    from funnelkit.cli.output import check_output, say, write
    from funnelkit.cli.progress import working
    from funnelkit.errors import DefinitionError
    from funnelkit.render.fixture import render_fixture

    if output.suffix != ".parquet":
        raise DefinitionError(f"-o {output}: a fixture is a Parquet file, NAME.parquet")
    whole = [one for one in funnel or () if Path(one).is_file()]
    named = [one for one in funnel or () if one not in whole]
    check_output(output, events, definition, funnels=named, files=map(Path, whole))
    with working("Cutting the events"):
        found = api.fixture(
            events,
            output,
            funnel=funnel,
            key=key,
            max_size=max_size,
            shift=shift,
            data_end=data_end,
            columns=columns,
            **definition,
        )
    write(render_fixture(found, format=format.value))
    warnings = [warning for result in found.results for warning in result.warnings]
    say(f"warning: {warning}" for warning in dict.fromkeys(warnings))
    say(
        f"note: every value of {name} stays as it is: it is shown, added up or looked into"
        for name in found.kept_texts
    )
