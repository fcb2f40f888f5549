"""`funnelkit lock`: numbers that hold, with everything they depend on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from funnelkit.cli import options as opt  # noqa: TC001 - typer reads the annotations
from funnelkit.cli.checking import (
    Allow,
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
    from collections.abc import Iterable, Iterator

    from funnelkit.api import LockChange
    from funnelkit.errors import CouldNotCheck
    from funnelkit.verification.case import Case

FromEvents = Annotated[
    bool,
    typer.Option(
        "--from-events",
        help="Lock what funnelkit counts, even where the lock holds Amplitude's numbers.",
    ),
]


@defines_a_funnel(without=(*MEASURES, "optional_step", "compare_event"))
def lock(
    files: Files = None,
    events: Events = None,
    keyword: Keyword = None,
    allow: Allow = None,
    from_events: FromEvents = False,  # noqa: FBT002 - Typer calls it by name
    fetch: Fetch = False,  # noqa: FBT002
    region: RegionChoice = Region.us,
    url: Url = None,
    keys: Keys = None,
    max_wait: MaxWait = "15m",
    data_end: opt.DataEnd = None,
    columns: opt.Columns = None,
    output: opt.Output = None,
    **definition: Any,
) -> None:
    """Write NAME.lock.json beside a funnel file: its numbers, and what they depend on.

    The numbers are Amplitude's with --fetch, or where a saved answer is among the files, or is
    named by the funnel file (from = "answer.json"); else funnelkit counts the events. Beside them
    stand the definition and its hash, a fingerprint of the events, and funnelkit's version, so that
    verify can say what changed where a number no longer holds.
    """
    from funnelkit import api
    from funnelkit.cli.progress import working

    asks = fetching(region, url, keys, max_wait) if fetch else None
    failures = Failures()
    with working("Reading the events"):
        changes = api.lock(
            files or (),
            events=events,
            keyword=keyword,
            allow=[doubt.value for doubt in allow or ()],
            from_events=from_events,
            fetch=asks,
            output=output,
            data_end=data_end,
            columns=columns,
            could_not=failures.add,
            **definition,
        )
    write_locks(changes)
    failures.check()


class Failures:
    """Funnels of which Amplitude has no numbers to lock: said when the others are written."""

    def __init__(self) -> None:
        self._words: list[str] = []

    def add(self, case: Case, error: CouldNotCheck) -> None:
        """Keep what kept a funnel from being locked."""
        self._words.append(f"{case.name}: {error}")

    def check(self) -> None:
        """Raise `CouldNotCheck` where there is any."""
        from funnelkit.errors import CouldNotCheck

        if self._words:
            raise CouldNotCheck("\n       ".join(self._words))


def write_locks(changes: Iterable[LockChange]) -> None:
    """Write the locks that change, having said how."""
    from funnelkit.cli.output import write

    for change in changes:
        if change.changes:
            change.write()
        write("".join(f"{line}\n" for line in _said(change)))


def _said(change: LockChange) -> Iterator[str]:
    counts = " > ".join(f"{count:,}" for count in change.after.expectation.counts)
    counted = {"amplitude": "Amplitude", "events": "funnelkit"}[change.after.expectation.origin]
    if change.before is None:
        yield f"{change.path} is new: {counts or 'conversions'}, counted by {counted}"
    elif not change.changes:
        yield f"{change.path} stays as it is: {counts or 'conversions'}"
    else:
        yield f"{change.path} is written anew: {counts or 'conversions'}, counted by {counted}"
        yield from (f"  {words}" for words in change.words)
