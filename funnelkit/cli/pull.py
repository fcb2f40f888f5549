"""`funnelkit pull`: exports from Amplitude, into a folder that can be pulled into again."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.progress import Progress

    from funnelkit.amplitude_api.export import Pulled


class Region(StrEnum):
    """Where a project's data is kept."""

    us = "us"
    eu = "eu"


Folder = Annotated[
    Path, typer.Option("--output", "-o", metavar="DIR", help="Write the zips into this folder.")
]
Start = Annotated[
    str,
    typer.Option(
        "--from", metavar="DATE|HOUR", help="First day, or hour of UTC: 2024-01-05, 2024-01-05T14."
    ),
]
End = Annotated[
    str | None,
    typer.Option(
        "--to",
        metavar="DATE|HOUR",
        help="Last day or hour, included. [default: the last available hour]",
    ),
]
RegionChoice = Annotated[Region, typer.Option("--region", help="Where the project's data is kept.")]
Url = Annotated[
    str | None, typer.Option(metavar="URL", help="Another server, instead of a region.")
]
Keys = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="A file with api_key = … and secret_key = …, instead of the variables "
        "AMPLITUDE_API_KEY and AMPLITUDE_SECRET_KEY.",
    ),
]
MaxWait = Annotated[
    str,
    typer.Option(metavar="15m", help="How long to wait at most when Amplitude's limit is reached."),
]


def pull(
    *,
    output: Folder,
    start: Start,
    end: End = None,
    region: RegionChoice = Region.us,
    url: Url = None,
    keys: Keys = None,
    max_wait: MaxWait = "15m",
) -> None:
    """Fetch raw events from Amplitude's Export API; what is there is not fetched again.

    The range is of the time at which Amplitude received the events (server_upload_time).
    """
    from funnelkit.api import pull as pulled
    from funnelkit.cli.output import say

    with _watcher() as watcher:
        told = pulled(
            output,
            start=start,
            end=end,
            region=region.value,
            url=url,
            keys=keys,
            max_wait=max_wait,
            watcher=watcher,
        )
    say(_summary(told))


def _summary(told: Pulled) -> Iterator[str]:
    here = f"; {told.here:,} were here before" if told.here else ""
    if not told.hours:
        yield f"nothing to fetch{here}"
        return
    files = "1 file" if len(told.files) == 1 else f"{len(told.files):,} files"
    yield (
        f"{told.hours:,} hours fetched, {told.empty:,} of them without events: {files}, "
        f"{told.size / 1e6:,.1f} MB{here}"
    )
    if told.empty == told.hours and not told.here:
        yield "note: no event in the whole range; are these the project, the region and the dates?"


class _Plain:
    """Files on stdout, sentences on stderr."""

    def begin(self, hours: int) -> None:
        """Not worth a line."""

    def received(self, size: int) -> None:
        """Not worth a line."""

    def finished(self, hours: int) -> None:
        """Not worth a line."""

    def wrote(self, file: Path) -> None:
        """Name the file."""
        from funnelkit.cli.output import write

        write(f"{file}\n")

    def say(self, sentence: str) -> None:
        """Say it."""
        from funnelkit.cli.output import say

        say([sentence])


class _Bar(_Plain):
    """The same, above a bar of hours, bytes and their rate."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("fetching", total=None, bytes="")
        self._bytes = 0

    def begin(self, hours: int) -> None:
        """Set the length of the bar."""
        self._progress.update(self._task, total=hours)

    def received(self, size: int) -> None:
        """Show the bytes."""
        self._bytes += size
        spent = self._progress.tasks[0].elapsed or 0.0
        rate = f" ({self._bytes / spent / 1e6:.1f} MB/s)" if spent > 1 else ""
        self._progress.update(self._task, bytes=f"{self._bytes / 1e6:,.1f} MB{rate}")

    def finished(self, hours: int) -> None:
        """Move the bar."""
        self._progress.advance(self._task, hours)

    def wrote(self, file: Path) -> None:
        """Name the file, above the bar if both are on one terminal."""
        if sys.stdout is not None and sys.stdout.isatty():
            self.say(str(file))
        else:
            super().wrote(file)

    def say(self, sentence: str) -> None:
        """Say it above the bar."""
        self._progress.console.print(sentence, markup=False, highlight=False, soft_wrap=True)


@contextmanager
def _watcher() -> Iterator[_Plain]:
    """Yield what watches: with a bar where somebody looks at it."""
    if not sys.stderr.isatty():
        yield _Plain()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("hours  {task.fields[bytes]}", markup=False),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, redirect_stdout=False) as progress:
        yield _Bar(progress)
