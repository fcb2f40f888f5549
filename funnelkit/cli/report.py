"""`funnelkit report`: the funnel of some events."""

from __future__ import annotations

from funnelkit.cli import options as opt


def report(
    events: opt.Events,
    steps: opt.Steps = None,
    step: opt.Step = None,
    funnel: opt.FunnelName = None,
    where: opt.Where = None,
    where_every_step: opt.WhereEveryStep = None,
    segment: opt.Segment = None,
    from_: opt.From = None,
    to: opt.To = None,
    timezone: opt.Timezone = None,
    window: opt.Window = None,
    unit: opt.UnitChoice = None,
    group_by: opt.GroupBy = None,
    resolution: opt.ResolutionChoice = None,
    columns: opt.Columns = None,
    format: opt.FormatChoice = opt.Format.table,  # noqa: A002 - the option's name
    output: opt.Output = None,
    assert_: opt.Assert = None,
) -> None:
    """Count how many users get through the steps of a funnel, as Amplitude's chart would."""
    from funnelkit import api
    from funnelkit.cli.output import check_output, say, write
    from funnelkit.cli.progress import working
    from funnelkit.cli.steps import eaten_steps, steps_of
    from funnelkit.render.report import render_report
    from funnelkit.specs.assertions import parse_assertion
    from funnelkit.verification.assertions import check_meaning, check_report

    check_output(output, events)
    asserted = [parse_assertion(text) for text in assert_ or ()]
    with working("Reading the events"):
        result = api.report(
            events,
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
            group_by=group_by,
            resolution=resolution.value if resolution else None,
            columns=columns,
        )
    check_meaning(asserted, result.funnel)
    say(eaten_steps(result.funnel, events, columns))
    write(render_report(result, format=format.value), output)
    say(f"note: {note}" for note in result.notes)
    say(f"warning: {warning}" for warning in result.warnings)
    check_report(result, asserted)
