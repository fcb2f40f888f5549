"""Lines that are no events: counted, and kept in a file with the reason."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from threading import Lock
from typing import IO, TYPE_CHECKING, Final

from funnelkit.errors import DataError, DefinitionError

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from funnelkit.events.imported import Imported

SHOWN: Final = 2000
"""Bytes of a line that are told of it."""


@dataclass(frozen=True, slots=True)
class Reject:
    """A line that is no event, and why; `text` is how it begins."""

    file: str
    line: int
    reason: str
    text: str


def shown(line: bytes) -> str:
    """Return how a line begins, whatever bytes it holds."""
    return line[:SHOWN].decode("utf-8", "backslashreplace").rstrip("\r\n")


class Rejects:
    """The lines that an import leaves out; with `strict` the first of them ends it.

    They are spooled into `folder`, since a file that turns out to be known is not told of. Any
    thread may add some.
    """

    def __init__(self, folder: Path, *, strict: bool) -> None:
        self._spooled = folder / "rejects.jsonl"
        self._strict = strict
        self._spool: IO[str] | None = None
        self._counts: dict[str, int] = {}
        self._lock = Lock()

    def add(self, reject: Reject) -> None:
        """Leave a line out.

        Raises:
            DataError: nothing may be left out.
        """
        if self._strict:
            raise DataError(f"{reject.file}, line {reject.line}: {reject.reason}")
        with self._lock:
            if self._spool is None:
                self._spool = self._spooled.open("w+", encoding="utf-8")
            self._counts[reject.file] = self._counts.get(reject.file, 0) + 1
            self._spool.write(json.dumps(asdict(reject), ensure_ascii=False) + "\n")

    def count(self, *, without: Collection[str]) -> int:
        """Return how many lines were left out, but for those of the files `without`."""
        return sum(n for label, n in self._counts.items() if label not in without)

    def keep(
        self, wanted: Path | None, state: Imported, *, without: Collection[str]
    ) -> Path | None:
        """Write the lines to the file that is wanted, or to one beside the events.

        Return the file; None if there are no lines, but for those of the files `without`.

        Raises:
            DefinitionError: the file cannot be written.
        """
        if self._spool is None:
            return None
        self._spool.seek(0)
        # A file that is found to be known at its end has been read by then.
        kept = (line for line in self._spool if json.loads(line)["file"] not in without)
        first = next(kept, None)
        if first is None:
            return None
        path = wanted or _free(state)
        try:
            with path.open("w", encoding="utf-8") as file:
                file.write(first)
                file.writelines(kept)
        except OSError as error:
            raise DefinitionError(f"cannot write {path}: {error.strerror}") from error
        return path

    def close(self) -> None:
        """Close the spool."""
        if self._spool is not None:
            self._spool.close()


def _free(state: Imported) -> Path:
    """Return the name for rejects; another one if an import at the same time has it."""
    path = state.beside / f"rejects-{state.number}.jsonl"
    try:
        path.touch(exist_ok=False)
    except FileExistsError:
        path = path.with_stem(f"{path.stem}-{os.urandom(4).hex()}")
    return path
