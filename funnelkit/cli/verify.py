"""`funnelkit verify`: do expected numbers hold?"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from funnelkit.cli import options as opt
from funnelkit.cli.checking import (
    RUN,
    Allow,
    Doubt,
    Events,
    Fetch,
    Files,
    Keys,
    Keyword,
    MaxWait,
    RegionChoice,
    Url,
    fetching,
)
from funnelkit.cli.definition import MEASURES, defines_a_funnel
from funnelkit.cli.pull import Region

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from funnelkit.api import LockChange
    from funnelkit.verification.arguments import Arguments
    from funnelkit.verification.case import Case, VerificationRun
    from funnelkit.verification.expected import Expectation


class Unchecked(StrEnum):
    """What a funnel is that could not be checked."""

    error = "error"
    fail = "fail"
    skip = "skip"


Expect = Annotated[
    str | None,
    typer.Option(
        metavar='"1177, 638"',
        help="The exact count of each step.",
        rich_help_panel=RUN,
    ),
]
ExitFirst = Annotated[
    bool,
    typer.Option("-x", "--exitfirst", help="Stop after the first that fails.", rich_help_panel=RUN),
]
Quiet = Annotated[
    bool,
    typer.Option("-q", "--quiet", help="A line for each that fails.", rich_help_panel=RUN),
]
Settle = Annotated[
    str | None,
    typer.Option(
        metavar="14d",
        help="How long Amplitude's numbers may still change after dates and window are over.",
        rich_help_panel=RUN,
    ),
]
UncheckedChoice = Annotated[
    Unchecked,
    typer.Option(
        "--unchecked",
        help="What cannot be checked (not settled, no answer, no key): exit 5, a failure, or fine.",
        rich_help_panel=RUN,
    ),
]
Update = Annotated[
    bool,
    typer.Option(
        "--update",
        help="Show how the lock files would differ, and write them anew.",
        rich_help_panel=RUN,
    ),
]


Why = Annotated[
    bool | None,
    typer.Option(
        "--why/--no-why",
        help="Where numbers differ, look for the reading that makes all match, also two at a time. "
        "[default: one at a time]",
        rich_help_panel=RUN,
    ),
]


@defines_a_funnel(without=(*MEASURES, "optional_step", "compare_event"))
def verify(
    files: Files = None,
    expect: Expect = None,
    events: Events = None,
    keyword: Keyword = None,
    exit_first: ExitFirst = False,  # noqa: FBT002 - Typer calls it by name
    quiet: Quiet = False,  # noqa: FBT002
    settle: Settle = None,
    allow: Allow = None,
    unchecked: UncheckedChoice = Unchecked.error,
    why: Why = None,
    update: Update = False,  # noqa: FBT002
    fetch: Fetch = False,  # noqa: FBT002
    region: RegionChoice = Region.us,
    url: Url = None,
    keys: Keys = None,
    max_wait: MaxWait = "15m",
    data_end: opt.DataEnd = None,
    columns: opt.Columns = None,
    format: opt.VerifyFormatChoice = None,  # noqa: A002 - the option's name
    output: opt.Output = None,
    **definition: Any,
) -> None:
    """Hold funnels to expected numbers; exit 1 where one differs, 5 where it cannot be checked.

    One funnel by options: verify EVENTS --steps "A > B" --window 7d --expect "10, 4". Those of
    files: verify, or verify shop.funnel.toml. A saved answer of Amplitude's: verify answer.json
    EVENTS --funnel chart.json.
    """
    from funnelkit.charts.pictures import check_extra
    from funnelkit.cli.output import form_of
    from funnelkit.verification.arguments import told_apart

    form = form_of(format, output, known=opt.VerifyFormat)
    if form == opt.VerifyFormat.html:
        check_extra("HTML")
    defined = expect is not None or "steps" in definition or "funnel" in definition
    arguments = told_apart(files or (), folders_hold_events=defined)
    asks = fetching(region, url, keys, max_wait) if fetch else None
    if update:
        _update(files or [], events, keyword, allow, asks, data_end, columns, definition)
    elif (
        events is None
        and asks is None
        and not quiet
        and _is_simple(arguments, expect, form, definition)
    ):
        _verify_one(arguments.events, expect, why, data_end, columns, form, output, definition)
    else:
        run = _run(
            arguments, files or [], output, definition,
            events=events, expect=expect, keyword=keyword, exit_first=exit_first, settle=settle,
            allow=allow, why=why, fetch=asks, data_end=data_end, columns=columns,
        )  # fmt: skip
        _say(run, form, output, quiet=quiet, full=bool(why))
        run.raise_if_failed(unchecked=unchecked.value)


def _is_simple(
    arguments: Arguments, expect: str | None, form: str, definition: dict[str, Any]
) -> bool:
    """Whether one funnel of options is held to counts, and shown with its definition."""
    from funnelkit.specs.define import project_of
    from funnelkit.specs.files import select_funnel

    if arguments.has_files or not arguments.events or form not in {"table", "json"}:
        return False
    if expect is None and "funnel" in definition:
        project = {key: value for key, value in definition.items() if key != "funnel"}
        custom_events, settings = project_of(project)
        entry = select_funnel(definition["funnel"], custom_events=custom_events, settings=settings)
        return entry.expect_table is None
    return True


def _verify_one(
    events: tuple[str, ...],
    expect: str | None,
    why: bool | None,  # noqa: FBT001 - as the option has it
    data_end: str | None,
    columns: str | None,
    form: str,
    output: Path | None,
    definition: dict[str, Any],
) -> None:
    from funnelkit import api
    from funnelkit.cli.output import check_output, say, write
    from funnelkit.cli.progress import working
    from funnelkit.cli.steps import eaten_steps
    from funnelkit.render.verification import render_verification

    check_output(output, events, definition)
    with working("Reading the events"):
        verification = api.verify(
            [*events],
            expect=expect,
            why=False if "-" in events else why,
            data_end=data_end,
            columns=columns,
            **definition,
        )
    say(eaten_steps(verification.result.funnel, events, columns))
    say(f"note: {note}" for note in verification.result.notes)
    say(f"warning: {warning}" for warning in verification.result.warnings)
    write(render_verification(verification, format=form, full=bool(why)), output)
    verification.raise_if_failed()


def _run(
    arguments: Arguments,
    files: list[str],
    output: Path | None,
    definition: dict[str, Any],
    *,
    events: list[str] | None,
    allow: list[Doubt] | None,
    **options: Any,
) -> VerificationRun:
    from funnelkit import api
    from funnelkit.cli.output import check_output
    from funnelkit.cli.progress import working

    read = (*arguments.funnels, *arguments.answers, *arguments.locks)
    check_output(output, events or arguments.events, definition, files=read)
    with working("Reading the events"):
        return api.verify_files(
            files,
            events=events,
            allow=[doubt.value for doubt in allow or ()],
            **options,
            **definition,
        )


def _say(run: VerificationRun, form: str, output: Path | None, *, quiet: bool, full: bool) -> None:
    from funnelkit.api.fingerprints import with_fingerprints
    from funnelkit.cli.output import say, write
    from funnelkit.cli.typed import command_line
    from funnelkit.render.verification_run import render_run

    for result in run.results:
        if result.result is not None:
            name = result.case.name
            say(f"note: {name}: {note}" for note in result.result.notes)
            say(f"warning: {name}: {warning}" for warning in result.result.warnings)
    if form == opt.VerifyFormat.html:
        run = with_fingerprints(run)
    shown = render_run(run, format=form, quiet=quiet, full=full, command=command_line())
    write(shown, output)
    if form == opt.VerifyFormat.github:
        _step_summary(run)


def _step_summary(run: VerificationRun) -> None:
    """Add the run to the summary of a step of GitHub Actions, where one is running."""
    import os
    from pathlib import Path

    from funnelkit.render.verification_run import render_run

    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(render_run(run, format="markdown"))


def _update(
    files: list[str],
    events: list[str] | None,
    keyword: str | None,
    allow: list[Doubt] | None,
    fetch: Callable[[Case], Expectation] | None,
    data_end: str | None,
    columns: str | None,
    definition: dict[str, Any],
) -> None:
    from funnelkit import api
    from funnelkit.cli.lock import Failures, write_locks
    from funnelkit.cli.progress import working

    failures = Failures()
    with working("Reading the events"):
        changes: tuple[LockChange, ...] = api.lock(
            files,
            events=events,
            keyword=keyword,
            allow=[doubt.value for doubt in allow or ()],
            fetch=fetch,
            data_end=data_end,
            columns=columns,
            could_not=failures.add,
            **definition,
        )
    write_locks(changes)
    failures.check()
