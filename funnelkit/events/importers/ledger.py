"""Which files an import has read, and which of them were imported before."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from funnelkit.events.imported import ImportedFile

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(slots=True)
class Ledger:
    """Files by their content: one that is known counts for nothing, whatever it is called.

    Attributes:
        before: the files of earlier imports.
        new: those that were read now, and not before.
        known: what those that were read before are called now.
        known_files: how many they are.
        lines: how many lines the new files have.
        forgotten: places of rows (see `ordinal`) that count for nothing, from the first up to the
            one that counts again.
    """

    before: Sequence[ImportedFile]
    new: list[ImportedFile] = field(default_factory=list)
    known: set[str] = field(default_factory=set)
    known_files: int = 0
    lines: int = 0
    forgotten: list[tuple[int, int]] = field(default_factory=list)

    def add(self, label: str, digest: str, lines: int, *, start: int, end: int) -> None:
        """Note that a file was read, whose rows have the places from `start` up to `end`."""
        seen = {file.sha256 for file in (*self.before, *self.new)}
        if digest in seen and lines:
            self.known.add(label)
            self.known_files += 1
            self.forget(start, end)
            return
        self.lines += lines
        self.new.append(ImportedFile(label, digest, lines))

    def forget(self, start: int, end: int) -> None:
        """Let rows count for nothing."""
        self.forgotten.append((start, end))
