"""Where reports keep what they selected from a store's files, for the next report."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from funnelkit.events.store.layout import SIDE

if TYPE_CHECKING:
    from pathlib import Path

FOLDER: Final = f"{SIDE}/selections"
LEAST: Final = 2**30
UNFINISHED: Final = ".unfinished"
ABANDONED: Final = 3600 * 10**9
"""Nanoseconds without a word after which an unfinished file is that of a report that was killed."""


@dataclass(frozen=True, slots=True)
class SelectionFolder:
    """A folder that takes at most so many bytes.

    Everything in it can be made again from the store, and may be erased at any moment: whoever
    reads a file, has it until it is closed.
    """

    path: Path
    most: int

    def prune(self) -> None:
        """Erase what killed reports left, and what was not used for longest beyond the bound."""
        oldest = time.time_ns() - ABANDONED
        room = self.most
        for used, size, file in sorted(_used(self.path), reverse=True):
            room -= size
            if room < 0 or (file.suffix == UNFINISHED and used < oldest):
                _erase(file)


def selections_of(store: Path, events: int) -> SelectionFolder:
    """Return the folder of a store whose events take so many bytes: no more is kept, or 1 GiB."""
    return SelectionFolder(store / FOLDER, max(events, LEAST))


def kept_selections(store: Path) -> list[Path]:
    """Return the files that are kept: they hold ids and times of users."""
    return _files(store / FOLDER)


def kept_bytes(store: Path) -> int:
    """Return how many bytes are kept."""
    return sum(size for _, size, _ in _used(store / FOLDER))


def _used(folder: Path) -> list[tuple[int, int, Path]]:
    """Return when each file was used last, in nanoseconds, and its size."""
    found = []
    for file in _files(folder):
        with suppress(OSError):  # somebody has just erased it
            status = file.stat()
            found.append((status.st_mtime_ns, status.st_size, file))
    return found


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:  # nothing was kept yet
        return []


def _erase(file: Path) -> None:
    try:
        file.unlink(missing_ok=True)
    except OSError:  # of another user, or read at this moment: it stays until the next time
        return
