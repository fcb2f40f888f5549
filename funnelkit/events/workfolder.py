"""A folder for what lives no longer than some work."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class WorkFolder:
    """A folder that somebody else removes; it gives every file a name of its own."""

    path: Path
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def new(self, name: str) -> Path:
        """Return where a new file or folder goes: `events-3.parquet` for `events.parquet`."""
        stem, dot, ending = name.partition(".")
        return self.path / f"{stem}-{next(self._numbers)}{dot}{ending}"
