"""A shell that was given `--steps A > B` without quotes writes a file B, and passes on only A."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from funnelkit.errors import fold
from funnelkit.specs.text import format_step

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from funnelkit.model import Step

_FRESH: Final = 60.0  # seconds from the redirection to this check, on a slow machine


def eaten_by_shell(
    steps: Sequence[Step],
    *,
    directory: Path | None = None,
    stdout: int = 1,
    events: Iterable[str] | None = None,
) -> str | None:
    """Return a warning where a shell took the `>` of unquoted steps as a redirection, else None.

    That is so where only one step arrived and the directory holds an empty file, just written or
    the one that standard output goes to, whose name is like that of an event: one of `events`,
    whatever its case and blanks, or where these are not known any name without a dot.

    Args:
        steps: the steps that arrived.
        directory: where the shell ran; by default the current directory.
        stdout: the file descriptor of standard output, to which nothing has been written yet.
        events: the event types that exist, if they are known.
    """
    if len(steps) != 1:
        return None
    files = _new_files(Path() if directory is None else directory, stdout=stdout)
    if events is None:
        eaten = [name for name in files if "." not in name]
    else:
        known = set(map(fold, events))
        eaten = [name for name in files if fold(name) in known]
    if not eaten:
        return None
    step = format_step(steps[0])
    noun = "file" if len(eaten) == 1 else "files"
    return (
        f"only one step arrived, {step}, and the shell has just written the {noun} "
        f"{', '.join(eaten)}: it took > for a redirection. Quote the steps, as in "
        f"--steps '{' > '.join([step, *eaten])}', and delete the {noun}."
    )


def _new_files(folder: Path, *, stdout: int) -> list[str]:
    """Return the empty files that were just written, oldest first; standard output comes last."""
    try:
        target = os.fstat(stdout)
        states = [(path.name, path.stat()) for path in folder.iterdir() if path.is_file()]
    except OSError:  # a closed descriptor, a file that vanished: then there is nothing to say
        return []
    now = time.time()
    found = [
        (os.path.samestat(state, target), state.st_mtime_ns, name)
        for name, state in states
        if state.st_size == 0
        and (os.path.samestat(state, target) or abs(now - state.st_mtime) < _FRESH)
    ]
    return [name for _, _, name in sorted(found)]
