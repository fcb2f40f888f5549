"""`funnelkit sql`: the funnel as a statement that a person can read and run."""

from __future__ import annotations

from funnelkit.cli import options as opt  # noqa: TC001 - typer reads the annotations


def sql(
    events: opt.ParquetEvents,
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
    from funnelkit.cli.output import check_output, write
    from funnelkit.cli.steps import steps_of

    check_output(output, events)
    statement = api.sql(
        events,
        steps=steps_of(steps, step),
        funnel=funnel,
        where=where or (),
        where_every_step=where_every_step or (),
        from_=from_,
        to=to,
        timezone=timezone,
        window=window,
        resolution=resolution.value if resolution else None,
        columns=columns,
    )
    write(statement, output)
