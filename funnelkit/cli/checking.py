"""What `verify` and `lock` both take: funnels, their events, and Amplitude's own numbers."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from funnelkit.cli.pull import Region

if TYPE_CHECKING:
    from collections.abc import Callable

    from funnelkit.verification.case import Case
    from funnelkit.verification.expected import Expectation

RUN: Final = "What is verified"


class Doubt(StrEnum):
    """What Amplitude may say of its own numbers."""

    sampled = "sampled"
    pruned = "pruned"
    group_limit = "group-limit"
    realtime_missing = "realtime-missing"


Files = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="FILE|EVENTS",
        help="FILE: a *.toml with what is expected, a *.lock.json, or JSON or CSV that holds a "
        "chart or a saved answer of Amplitude's, or a folder with *.funnel.toml in it. Everything "
        "else is EVENTS, as for report. [default: *.funnel.toml below the current folder]",
    ),
]
Events = Annotated[
    list[str] | None,
    typer.Option(
        metavar="EVENTS",
        help="The events, instead of those that the files name.",
        rich_help_panel=RUN,
    ),
]
Keyword = Annotated[
    str | None,
    typer.Option("-k", metavar="NAME", help="Only funnels called like this.", rich_help_panel=RUN),
]
Allow = Annotated[
    list[Doubt] | None,
    typer.Option(help="Take numbers of which Amplitude says this.", rich_help_panel=RUN),
]
AMPLITUDE: Final = "Amplitude's numbers, fetched"
Fetch = Annotated[
    bool,
    typer.Option(
        "--fetch",
        help="Ask Amplitude for its numbers, by the definition, or the chart that [expect] names.",
        rich_help_panel=AMPLITUDE,
    ),
]
RegionChoice = Annotated[
    Region,
    typer.Option("--region", help="Where the project's data is kept.", rich_help_panel=AMPLITUDE),
]
Url = Annotated[
    str | None,
    typer.Option(
        metavar="URL", help="Another server, instead of a region.", rich_help_panel=AMPLITUDE
    ),
]
Keys = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="A file with api_key = … and secret_key = …, instead of the variables "
        "AMPLITUDE_API_KEY and AMPLITUDE_SECRET_KEY.",
        rich_help_panel=AMPLITUDE,
    ),
]
MaxWait = Annotated[
    str,
    typer.Option(
        metavar="15m",
        help="How long to wait at most when Amplitude's limit is reached.",
        rich_help_panel=AMPLITUDE,
    ),
]


def fetching(
    region: Region, url: str | None, keys: Path | None, max_wait: str
) -> Callable[[Case], Expectation]:
    """Return what asks Amplitude for the numbers of a case."""
    from funnelkit import api
    from funnelkit.cli.output import say

    return api.amplitude_numbers(
        region=region.value, url=url, keys=keys, max_wait=max_wait, tell=lambda one: say([one])
    )
