"""`funnelkit sql`: the funnel as a plain DuckDB statement to read and run by hand."""

from __future__ import annotations

from pathlib import Path

from funnelkit.cli import options as opt  # noqa: TC001 - Typer reads the annotations


def sql(
    events: opt.Events,
    steps: opt.Steps = None,
    step: opt.Step = None,
    funnel: opt.FunnelName = None,
    where: opt.Where = None,
    where_every_step: opt.WhereEveryStep = None,
    from_: opt.From = None,
    to: opt.To = None,
    timezone: opt.Timezone = None,
    window: opt.Window = None,
    resolution: opt.ResolutionChoice = None,
    columns: opt.Columns = None,
    output: opt.Output = None,
) -> None:
    """Print the funnel as one plain DuckDB statement, values and all.

    It counts what `report` counts, in another way, on Parquet files: a second opinion to read,
    change and run in any DuckDB. It knows no segments, groups, sessions or times to convert.
    """
    from funnelkit import api
    from funnelkit.cli.output import say, write
    from funnelkit.cli.steps import eaten_steps, steps_of
    from funnelkit.engine.plain_sql import plain_sql
    from funnelkit.errors import UnsupportedError
    from funnelkit.events.sources import open_events
    from funnelkit.specs.define import define

    chosen, file_columns, _ = api.resolve(funnel)
    defined = define(
        funnel=chosen,
        steps=steps_of(steps, step),
        where=where or (),
        where_every_step=where_every_step or (),
        from_=from_,
        to=to,
        timezone=timezone,
        window=window,
        resolution=resolution.value if resolution else None,
    )
    with open_events(events, columns=columns or file_columns) as table:
        statement = plain_sql(defined, table)
    copies = [file for file in table.files if not Path(file).exists()]
    if copies:
        labels = dict(zip(table.files, table.labels, strict=True))
        raise UnsupportedError(
            f"{', '.join(labels[file] for file in copies)} is not Parquet: funnelkit reads a "
            "temporary copy of it, which the statement could not find"
        )
    say(eaten_steps(defined))
    write(statement, output)
    say(f"note: {note}" for note in table.notes)
