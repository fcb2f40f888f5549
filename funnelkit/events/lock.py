"""A lock that the system takes back when its holder dies."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@contextmanager
def locked(file: Path, *, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold a lock file inside the block; `waiting` is called once if another has it.

    Where the system has no such locks, nothing is held.

    Raises:
        OSError: the file cannot be written.
    """
    handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o644)
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
