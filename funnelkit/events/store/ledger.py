"""Which files were imported: the same file twice changes nothing."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from funnelkit.errors import DataError
from funnelkit.events.store.layout import SIDE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

MOST_FILES: Final = 32
"""So many files of the ledger become one."""


@dataclass(frozen=True, slots=True)
class Import:
    """A file that was imported: what its lines are by SHA-256, its name, and when (ISO 8601)."""

    sha256: str
    name: str
    lines: int
    time: str


def read_ledger(folder: Path, files: Iterable[str]) -> list[Import]:
    """Return the imports that the files of a ledger name, the oldest first.

    Raises:
        DataError: a file is missing or damaged.
    """
    found = []
    for name in files:
        try:
            lines = (folder / name).read_text("utf-8").splitlines()
            found += [Import(**json.loads(line)) for line in lines]
        except (OSError, ValueError, TypeError) as error:
            raise DataError(f"{folder / name}: the import ledger is damaged: {error}") from error
    return found


def with_imports(folder: Path, files: Sequence[str], more: Sequence[Import]) -> tuple[str, ...]:
    """Write more imports and return the files of the ledger that has them."""
    if not more:
        return tuple(files)
    kept = list(files)
    if len(kept) >= MOST_FILES:
        more = [*read_ledger(folder, kept), *more]
        kept = []
    name = f"{SIDE}/ledger-{uuid4().hex}.jsonl"
    lines = (json.dumps(asdict(one), ensure_ascii=False) + "\n" for one in more)
    (folder / name).write_text("".join(lines), "utf-8")
    return (*kept, name)
