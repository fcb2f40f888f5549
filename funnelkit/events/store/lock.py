"""One writer at a time: a lock that the system takes back when its holder dies."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from funnelkit.errors import DataError
from funnelkit.events.store.layout import SIDE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@contextmanager
def writing(folder: Path, *, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold the store's lock inside the block; `waiting` is called once if another has it.

    Where the system has no such locks, two writers find out about each other when they commit.

    Raises:
        DataError: the folder cannot be written.
    """
    side = folder / SIDE
    try:
        side.mkdir(parents=True, exist_ok=True)
        handle = os.open(side / "lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise DataError(f"{folder} cannot be written: {error.strerror}") from error
    try:
        _lock(handle, waiting)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, waiting: Callable[[], None]) -> None:
    try:
        import fcntl
    except ImportError:  # Windows
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        waiting()
        fcntl.flock(handle, fcntl.LOCK_EX)
    except OSError:  # a file system without locks
        return
