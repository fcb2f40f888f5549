"""Who writes where: data goes to stdout or to a file, as the same bytes; talk goes to stderr."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from funnelkit.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def write(text: str, output: Path | None = None) -> None:
    """Write data as UTF-8 to the file, or to stdout."""
    content = text.encode("utf-8", "backslashreplace")
    if output is None:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    try:
        output.write_bytes(content)
    except OSError as error:
        raise DefinitionError(f"cannot write {output}: {error.strerror}") from error


def say(lines: Iterable[str]) -> None:
    """Say something to the user, line by line."""
    for line in lines:
        print(line, file=sys.stderr)  # noqa: T201 - stderr is talk
