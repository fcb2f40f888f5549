"""`funnelkit simulate`: make events of a store, into files or straight to a server."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from funnelkit.events.simulation.simulation import Simulation


class Platform(StrEnum):
    """What the visitors hold in their hands."""

    web = "web"
    ios = "ios"
    android = "android"


class Format(StrEnum):
    """How the files are written."""

    parquet = "parquet"
    jsonl = "jsonl"
    jsonl_gz = "jsonl.gz"


Scenario = Annotated[
    str,
    typer.Argument(
        metavar="SCENARIO",
        help="workshop, workshop-search, workshop-experiment, or a TOML file.",
    ),
]
Folder = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="DIR", help="Write the events into this folder."),
]
Show = Annotated[
    bool, typer.Option("--show", help="Print the scenario as TOML, to copy and edit, and stop.")
]
Seed = Annotated[int, typer.Option(help="The same seed gives the same events on every machine.")]
Clock = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="Where the last period ends: 2026-05-31, or now."),
]
Zone = Annotated[
    str | None, typer.Option("--timezone", help="Of the clock and of the hours of the day.")
]
Days = Annotated[int | None, typer.Option(help="The length of every period.")]
SessionsPerDay = Annotated[
    int | None,
    typer.Option(help="Each hour gets the whole part of its share: 10 a day become 5."),
]
Returning = Annotated[
    float | None,
    typer.Option(metavar="SHARE", help="The chance that a session's user was there before."),
]
Jitter = Annotated[
    int | None, typer.Option("--jitter", metavar="SECONDS", help="Spread starts over so much.")
]
Uplift = Annotated[
    float | None,
    typer.Option(metavar="POINTS", help="What the experiment's second variant causes."),
]
PlatformChoice = Annotated[Platform | None, typer.Option("--platform", help="Of all users.")]
Identify = Annotated[
    bool | None, typer.Option("--identify/--no-identify", help="Add the users' traits.")
]
InsertId = Annotated[
    bool | None, typer.Option("--insert-id/--no-insert-id", help="Number the events.")
]
SessionId = Annotated[
    bool | None, typer.Option("--session-id/--no-session-id", help="Add session ids.")
]
Products = Annotated[
    Path | None, typer.Option(metavar="FILE", help="The original store's products.yaml.")
]
Users = Annotated[
    Path | None, typer.Option(metavar="FILE", help="The original store's users.json[.gz].")
]
Bugs = Annotated[
    bool,
    typer.Option(
        "--reproduce-original-bugs", help="Restore the original's faults that change numbers."
    ),
]
FormatChoice = Annotated[Format, typer.Option("--format", "-f", help="What the files hold.")]
Server = Annotated[
    str | None,
    typer.Option("--to-amplitude", metavar="URL", help="Send the events to this server."),
]
ApiKey = Annotated[
    str | None,
    typer.Option(
        metavar="KEY",
        help="The project's key; better in FUNNELKIT_AMPLITUDE_API_KEY or a file.",
    ),
]
ApiKeyFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="A file with nothing but the key.")
]
ResumeFrom = Annotated[
    int, typer.Option(metavar="N", help="Leave out the first N events, sent earlier.")
]


def simulate(
    scenario: Scenario = "workshop",
    *,
    output: Folder = None,
    show: Show = False,
    seed: Seed = 0,
    clock: Clock = None,
    timezone: Zone = None,
    days: Days = None,
    sessions_per_day: SessionsPerDay = None,
    returning: Returning = None,
    jitter: Jitter = None,
    uplift: Uplift = None,
    platform: PlatformChoice = None,
    identify: Identify = None,
    insert_id: InsertId = None,
    session_id: SessionId = None,
    products: Products = None,
    users: Users = None,
    reproduce_original_bugs: Bugs = False,
    format: FormatChoice = Format.parquet,  # noqa: A002 - the option's name
    to_amplitude: Server = None,
    api_key: ApiKey = None,
    api_key_file: ApiKeyFile = None,
    resume_from: ResumeFrom = 0,
) -> None:
    """Simulate a store's visitors: into files, or straight to an Amplitude-compatible server."""
    from funnelkit.errors import DefinitionError
    from funnelkit.events.simulation import simulate as simulated

    if show:
        from funnelkit.events.simulation.scenario_files import scenario_text

        sys.stdout.write(scenario_text(scenario))
        return
    if output is None and to_amplitude is None:
        raise DefinitionError(
            "where to? Name a folder with -o DIR, or a server: --to-amplitude URL"
        )
    if to_amplitude is None:
        _check_unused(
            {"--api-key": api_key, "--api-key-file": api_key_file, "--resume-from": resume_from}
        )
    store = simulated(
        scenario,
        seed=seed,
        clock=clock,
        timezone=timezone,
        days=days,
        sessions_per_day=sessions_per_day,
        returning=returning,
        jitter_seconds=jitter,
        uplift=uplift,
        platform=None if platform is None else platform.value,
        identify=identify,
        insert_id=insert_id,
        session_id=session_id,
        catalog=products,
        users=users,
        reproduce_original_bugs=reproduce_original_bugs,
    )
    _describe(store)
    if output is not None:
        with _progress("writing", store.event_count) as advance:
            files = store.write(output, format=format.value, progress=advance)
        sys.stdout.writelines(f"{file}\n" for file in files)
    if to_amplitude is not None:
        with _progress("sending", max(store.event_count - resume_from, 0)) as advance:
            delivery = store.send(
                url=to_amplitude,
                api_key=api_key,
                api_key_file=api_key_file,
                resume_from=resume_from,
                progress=advance,
            )
        requests = "1 request" if delivery.requests == 1 else f"{delivery.requests} requests"
        sys.stdout.write(f"{delivery.events} events accepted in {requests}\n")


def _check_unused(options: Mapping[str, object]) -> None:
    """Refuse options that only sending heeds."""
    from funnelkit.errors import DefinitionError

    for option, given in options.items():
        if given:
            raise DefinitionError(f"{option} is about sending: add --to-amplitude URL or drop it")


def _describe(store: Simulation) -> None:
    """Say on stderr what was made, and when the periods begin and end."""
    spans = store.scenario.spans()
    for (period, start, end), sessions in zip(spans, store.sessions, strict=True):
        sys.stderr.write(
            f"{period.name}: {sessions.events:,} events, {len(sessions.user):,} sessions, "
            f"{sessions.users:,} users, "
            f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC\n"
        )
        asked = store.scenario.sessions_per_day * period.days
        reasons = []
        if store.scenario.sessions_of_a_day < store.scenario.sessions_per_day:
            reasons.append("each hour gets the whole part of its share")
        if end - start != timedelta(days=period.days):
            hours = (end - start) / timedelta(hours=1)
            reasons.append(f"the clocks change, and it has {hours:g} hours")
        if len(sessions.user) != asked and reasons:
            sys.stderr.write(
                f"{period.name}: {asked:,} sessions were asked for; {'; '.join(reasons)}\n"
            )


@contextmanager
def _progress(word: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show a bar on stderr where somebody looks at it; yield what moves it."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(word, total=total)
        yield lambda events: bar.advance(task, events)
