"""Lines of JSON, split here and put together into files that DuckDB reads at full speed.

A line that no reader of JSON can be trusted with (a NUL byte, no UTF-8, tens of megabytes) is kept
out, so that it takes no neighbour along; a blank one does not count. Everything else stays as it
is, and what is no JSON object becomes a row of NULLs, whose place tells its file and line.
"""

from __future__ import annotations

import codecs
import hashlib
import re
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Final

from funnelkit.events.halves import Halves, may_have_halves
from funnelkit.events.importers.rejects import SHOWN, Reject, shown
from funnelkit.events.jsonfault import json_fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from io import BufferedIOBase
    from pathlib import Path

BLOCK: Final = 512 << 10
CHUNK: Final = 192 << 20
"""Bytes of lines that are put together in a large import; small files share a chunk."""
LEAST: Final = 64 << 20
"""Bytes of the first chunks: nothing else can be done until there is one."""
LONGEST: Final = 64 << 20
"""Bytes of a line that is still read. Amplitude takes at most 1 MB (specification D1)."""

_BLANK: Final = re.compile(rb"\n[ \t\r]*\n")
_LINE_END: Final = 0x0A
_SPACE: Final = 0x20
_ASCII: Final = 0x7F
_WORTHWHILE: Final = 1 << 18
"""Bytes of a block for which it is worth to load numpy."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Rows of a chunk, from `row` on, that follow each other in a file from `line` on."""

    row: int
    file: int
    line: int


@dataclass(slots=True)
class Chunk:
    """Lines of several files in one: `rows` of them, the longest of `longest` bytes at most."""

    path: Path
    segments: list[Segment] = field(default_factory=list)
    rows: int = 0
    size: int = 0
    longest: int = 0

    def place(self, row: int) -> tuple[int, int]:
        """Return the number of the file that a row comes from, and the line."""
        found = self.segments[bisect_right(self.segments, row, key=lambda each: each.row) - 1]
        return found.file, found.line + row - found.row


class Splitter:
    """Copies the lines of one stream after the other into chunks."""

    def __init__(self, rejected: Callable[[Reject], None], halves: Halves | None = None) -> None:
        self.rejected = rejected
        self.halves = Halves() if halves is None else halves

    def copy(
        self,
        stream: BufferedIOBase,
        *,
        file: int,
        label: str,
        chunks: Callable[[], tuple[Chunk, IO[bytes]]],
    ) -> tuple[int, str]:
        """Copy a stream; return how many lines it has that are not blank, and their SHA-256.

        `chunks` gives the chunk that is being filled, and is asked before every block.
        """
        line, lines = 1, 0
        digest = hashlib.sha256()
        first = True
        for block in _blocks(stream):
            if isinstance(block, _TooLong):
                self.rejected(Reject(label, line, f"{block.size:,} bytes in one line", block.begin))
                lines += 1
                line += 1
                continue
            text = block
            if first and bytes(text[: len(codecs.BOM_UTF8)]) == codecs.BOM_UTF8:
                text = text[len(codecs.BOM_UTF8) :]
            first = False
            digest.update(text)
            if may_have_halves(text):
                text = memoryview(self.halves.spell_out(bytes(text), label=label, line=line))
            chunk, target = chunks()
            count = _clean_lines(text)
            if count is not None:
                _write(chunk, target, text, count, file=file, line=line)
                line += count
                lines += count
                continue
            for each in bytes(text).split(b"\n")[:-1]:
                if each.strip():
                    lines += 1
                    fault = _unsafe(each)
                    if fault is None:
                        _write(chunk, target, each + b"\n", 1, file=file, line=line)
                    else:
                        self.rejected(Reject(label, line, fault, shown(each)))
                line += 1
        return lines, digest.hexdigest()


@dataclass(frozen=True, slots=True)
class _TooLong:
    size: int
    begin: str


def _blocks(stream: BufferedIOBase) -> Iterator[memoryview | _TooLong]:
    """Yield whole lines in blocks; the last gets a line end if it has none.

    A block is good until the next one: all are read into the same room, since new memory costs as
    much as to read.
    """
    room = bytearray(BLOCK)
    kept = 0  # bytes of a line whose end has not been read
    skipped = 0
    begin = ""
    while count := stream.readinto(memoryview(room)[kept : kept + BLOCK]):
        end = kept + count
        cut = room.rfind(b"\n", kept, end) + 1
        if not cut:
            if skipped or end > LONGEST:
                begin = begin or shown(bytes(room[:SHOWN]))
                skipped += end
                end = 0
            elif end == len(room):
                room = room + bytes(end)
            kept = end
            continue
        start = 0
        if skipped:
            start = room.index(b"\n") + 1
            yield _TooLong(skipped + start - 1, begin)
            skipped, begin = 0, ""
        if start < cut:
            yield memoryview(room)[start:cut]
        kept = end - cut
        rest = room[cut:end]
        if len(room) > BLOCK > kept:
            room = bytearray(BLOCK)
        room[:kept] = rest
    if skipped:
        yield _TooLong(skipped, begin)
    elif kept:
        yield memoryview(room[:kept] + b"\n")


def _clean_lines(text: memoryview) -> int | None:
    """Return how many lines a block has; None if one of them is blank or not safe."""
    if len(text) < _WORTHWHILE:
        some = bytes(text)
        unsafe = b"\0" in some or some[:1] in b" \t\r\n" or _BLANK.search(some)
        return None if unsafe or not _is_text(some) else some.count(b"\n")
    import numpy as np

    every = np.frombuffer(text, np.uint8)
    if every[0] <= _SPACE or not every.min() or (every.max() > _ASCII and not _is_text(text)):
        return None
    ends = np.flatnonzero(every == _LINE_END)
    # Nothing but a blank line begins with a blank, in nearly every file.
    if (every[ends[:-1] + 1] <= _SPACE).any() and _BLANK.search(text):
        return None
    return len(ends)


def _is_text(text: bytes | memoryview) -> bool:
    try:
        str(text, "utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _unsafe(line: bytes) -> str | None:
    if b"\0" in line:
        return json_fault(line)
    return None if _is_text(line) else json_fault(line)


def _write(
    chunk: Chunk, target: IO[bytes], text: bytes | memoryview, count: int, *, file: int, line: int
) -> None:
    last = chunk.segments[-1] if chunk.segments else None
    if last is None or last.file != file or last.line + chunk.rows - last.row != line:
        chunk.segments.append(Segment(chunk.rows, file, line))
    target.write(text)
    chunk.rows += count
    chunk.size += len(text)
    if len(text) > 2 * BLOCK:  # a block is that long only where a line is
        chunk.longest = max(chunk.longest, len(text))
