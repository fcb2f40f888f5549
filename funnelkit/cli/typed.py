"""What was typed: a report that is sent says how to get the same numbers again."""

from __future__ import annotations

import shlex
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_arguments: ContextVar[Sequence[str]] = ContextVar("arguments", default=())


@contextmanager
def typing(arguments: Sequence[str]) -> Iterator[None]:
    """Remember the arguments inside the `with` statement."""
    token = _arguments.set(arguments)
    try:
        yield
    finally:
        _arguments.reset(token)


def command_line() -> str | None:
    """Return the command as a shell reads it; None where none was typed."""
    arguments = _arguments.get()
    return shlex.join(["funnelkit", *arguments]) if arguments else None
