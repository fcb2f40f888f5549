"""A sign of life for work that takes longer than a moment; nothing on a pipe."""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.progress import Progress

PATIENCE = 1.0  # seconds without a word


@contextmanager
def working(what: str) -> Iterator[None]:
    """Show `what` and the time it takes on stderr, if that is a terminal and it takes long."""
    if not sys.stderr.isatty():
        yield
        return
    shown: list[Progress] = []
    timer = threading.Timer(PATIENCE, lambda: shown.append(_show(what)))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()  # it may be showing just now
        for progress in shown:
            progress.stop()


def _show(what: str) -> Progress:
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    progress = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    progress.add_task(what, total=None)
    progress.start()
    return progress


@contextmanager
def reading(what: str, *, total: Callable[[], int]) -> Iterator[Callable[[int], None] | None]:
    """Show how many bytes are read, and how fast, on stderr, if that is a terminal.

    What the block yields is to be told of every byte; `total` says how many there are.
    """
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total())

        def advance(count: int) -> None:
            bar.advance(task, count)
            if bar.finished:  # what is left is to put the events in order
                bar.update(task, description="Ordering")

        yield advance
