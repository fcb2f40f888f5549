"""Who writes where: data goes to stdout or to a file, as the same bytes; talk goes to stderr."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from funnelkit.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Iterable


def write(text: str | bytes, output: Path | None = None) -> bool:
    """Write data, text as UTF-8, to the file, or to stdout; return whether anybody still reads.

    A reader that left (`| head`) is no error: there is just nothing more to say to it.

    Raises:
        DefinitionError: the file or stdout cannot be written.
    """
    content = text if isinstance(text, bytes) else text.encode("utf-8", "backslashreplace")
    if output is not None:
        try:
            output.write_bytes(content)
        except OSError as error:
            raise DefinitionError(f"cannot write {output}: {error.strerror}") from error
        return True
    if sys.stdout is None:
        raise DefinitionError("cannot write to stdout: it is closed; write to a file with -o FILE")
    try:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        silence()
        return False
    except OSError as error:
        silence()
        raise DefinitionError(f"cannot write to stdout: {error.strerror}") from error
    return True


def silence() -> None:
    """Let stdout go nowhere from now on: Python would complain once more when it ends."""
    if sys.stdout is not None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def say(lines: Iterable[str]) -> None:
    """Say something to the user, line by line."""
    for line in lines:
        if sys.stderr is not None:
            print(line, file=sys.stderr)  # noqa: T201 - stderr is talk


def check_output(output: Path | None, sources: Iterable[str]) -> None:
    """Refuse to write the answer over the events that it comes from.

    Raises:
        DefinitionError: `output` is one of the files that are read.
    """
    from funnelkit.events.files import find_files

    if output is None or not output.exists():
        return
    for source in sources:
        read = [] if source == "-" else find_files(source)
        if any(output.samefile(file) for file in read if Path(file).exists()):
            raise DefinitionError(f"-o {output} would overwrite the events that are read")
