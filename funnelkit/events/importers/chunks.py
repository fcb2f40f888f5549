"""The files in which lines are put together, one at a time; what was read is written over."""

from __future__ import annotations

from threading import Lock
from typing import IO, TYPE_CHECKING

from funnelkit.events.importers.header import BLANK
from funnelkit.events.importers.lines import CHUNK, LEAST, Chunk

if TYPE_CHECKING:
    from pathlib import Path

    from funnelkit.events.workfolder import WorkFolder


class Chunks:
    """The chunk that is being filled, and the files of those that were read."""

    def __init__(self, folder: WorkFolder) -> None:
        self._folder = folder
        self._chunk: Chunk | None = None
        self._target: IO[bytes] | None = None
        self._filled = 0  # bytes of all chunks that were taken
        self._spare: list[Path] = []
        self._lock = Lock()

    @property
    def rows(self) -> int:
        """How many rows the chunk has that is being filled."""
        return 0 if self._chunk is None else self._chunk.rows

    @property
    def is_full(self) -> bool:
        """Whether the chunk that is being filled is large enough to be read."""
        return self._chunk is not None and self._chunk.size >= min(CHUNK, LEAST + self._filled)

    def filling(self) -> tuple[Chunk, IO[bytes]]:
        """Return the chunk that is being filled, and its file; a new one if there is none."""
        if self._chunk is None or self._target is None:
            path = self._file()
            self._chunk = Chunk(path)
            self._target = path.open("r+b")
            self._target.write(BLANK)
        return self._chunk, self._target

    def _file(self) -> Path:
        """Return a file for a chunk: one that was read, or a new one."""
        with self._lock:
            if self._spare:
                return self._spare.pop()
        path = self._folder.new("chunk.jsonl")
        path.touch()
        return path

    def take(self) -> Chunk | None:
        """Return the chunk that was filled; None if it has no rows."""
        chunk, target = self._chunk, self._target
        self._chunk = self._target = None
        if chunk is None or target is None:
            return None
        target.truncate()
        target.close()
        if not chunk.rows:  # not one of its lines could be trusted
            chunk.path.unlink()
            return None
        self._filled += chunk.size
        return chunk

    def give_back(self, chunk: Chunk) -> None:
        """Let the file of a chunk that was read be filled again; any thread may."""
        with self._lock:
            self._spare.append(chunk.path)

    def remove(self) -> None:
        """Remove the files of the chunks that were read."""
        while self._spare:
            self._spare.pop().unlink()

    def close(self) -> None:
        """Close the chunk that is being filled."""
        if self._target is not None:
            self._target.close()
