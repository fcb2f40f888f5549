"""One writer at a time."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from funnelkit.errors import DataError
from funnelkit.events.lock import locked
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
    with ExitStack() as stack:
        try:
            side.mkdir(parents=True, exist_ok=True)
            stack.enter_context(locked(side / "lock", waiting=waiting))
        except OSError as error:
            raise DataError(f"{folder} cannot be written: {error.strerror}") from error
        yield
