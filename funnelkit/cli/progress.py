"""A sign of life for work that takes longer than a moment; nothing on a pipe."""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

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
