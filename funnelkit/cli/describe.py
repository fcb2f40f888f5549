"""`funnelkit describe`: what is in the events."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated

import typer

from funnelkit.cli import options as opt  # noqa: TC001 - typer reads the annotations


class DescribeFormat(StrEnum):
    """How the profile is written."""

    table = "table"
    json = "json"
    markdown = "markdown"


def describe(
    events: opt.EventsOrStore = None,
    store: opt.Store = None,
    store_version: opt.StoreVersion = None,
    as_of: opt.AsOf = None,
    columns: opt.Columns = None,
    top: Annotated[
        int, typer.Option(min=0, max=1000, help="How many of the commonest values to show.")
    ] = 5,
    plan: Annotated[  # noqa: FBT002 - a flag is given by its name
        bool, typer.Option("--plan", help="Compare with the tracking plan of the store.")
    ] = False,
    plan_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Compare with another tracking plan (TOML)."),
    ] = None,
    format: Annotated[  # noqa: A002 - the option's name
        DescribeFormat, typer.Option("--format", "-f", help="How to write the answer.")
    ] = DescribeFormat.table,
    output: opt.Output = None,
) -> None:
    """Show the event types, their users and times, and their properties.

    Types, share filled and commonest values of each property; with --plan, where the events differ
    from the tracking plan.
    """
    from funnelkit.cli.output import check_output, say, write
    from funnelkit.cli.place import events_of
    from funnelkit.cli.progress import working
    from funnelkit.events.plan import PLAN, differences, read_plan
    from funnelkit.events.profile import describe as profile_of
    from funnelkit.render.profile import render_profile

    planned = read_plan(plan_file or PLAN) if plan or plan_file else None
    place = events_of(events, store=store, store_version=store_version, as_of=as_of, required=True)
    check_output(output, place, files=[plan_file])
    with working("Reading the events"):
        profile = profile_of(place, columns=columns, top=top)
    found = differences(profile, planned) if planned else None
    write(render_profile(profile, format=format.value, differences=found), output)
    say(f"note: {note}" for note in profile.notes)
