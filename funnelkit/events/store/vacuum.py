"""Erases files that no version needs any more."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from funnelkit.errors import DataError
from funnelkit.events.store.layout import SIDE
from funnelkit.events.store.lock import writing
from funnelkit.events.store.state import LOG
from funnelkit.events.store.versions import held_versions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEEP: Final = timedelta(days=7)
"""How long a version can be read after another one took its place."""


@dataclass(frozen=True, slots=True)
class Vacuumed:
    """What was erased: files, their bytes, and the versions that cannot be read any more."""

    files: tuple[str, ...]
    size: int
    versions: tuple[int, ...]


def vacuum(folder: Path, *, keep: timedelta = KEEP, dry_run: bool = False) -> Vacuumed:
    """Erase the files of versions that were replaced before `keep`, and of killed imports.

    The last version always stays. With `dry_run` nothing is erased.

    Raises:
        DataError: the folder cannot be written.
    """
    with writing(folder):
        held = list(held_versions(folder))
        now = datetime.now(UTC)
        replaced = [*(one.version.time for one in held[1:]), now]
        kept = [
            one
            for number, (one, until) in enumerate(zip(held, replaced, strict=True))
            if number == len(held) - 1 or until > now - keep
        ]
        needed = frozenset[str]().union(*(one.files for one in kept))
        lost = [path for path in _files(folder) if str(path.relative_to(folder)) not in needed]
        size = sum(map(_size, lost))
        names = tuple(str(path.relative_to(folder)) for path in lost)
        gone = tuple(
            one.version.number for one in held if one.readable and not one.files.isdisjoint(names)
        )
        if not dry_run:
            erase(folder, lost)
    return Vacuumed(names, size, gone)


def erase(folder: Path, files: list[Path]) -> None:
    """Erase files, and the folders that are empty then.

    Raises:
        DataError: a file cannot be erased.
    """
    try:
        for path in files:
            path.unlink(missing_ok=True)
        parents = {path.parent for path in files} | {path.parent.parent for path in files}
    except OSError as error:
        raise DataError(f"{error.filename} cannot be erased: {error.strerror}") from error
    for parent in sorted(parents - {folder}, key=lambda path: -len(path.parts)):
        with suppress(OSError):  # it is not empty, or a report is just about to keep something
            parent.rmdir()


def _size(file: Path) -> int:
    """Return the bytes of a file; none if a report erased it, which may always happen."""
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


def _files(folder: Path) -> Iterator[Path]:
    """Yield every file but for the log and the lock; unfinished commits are no part of the log."""
    for path in sorted(folder.rglob("*")):
        within = path.relative_to(folder).parts
        in_log = within[0] == LOG and not path.name.startswith("_commit_")
        if path.is_file() and not in_log and within != (SIDE, "lock"):
            yield path
