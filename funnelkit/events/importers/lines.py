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

from funnelkit.events.halves import Halves
from funnelkit.events.jsonfault import json_fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
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
_WORTHWHILE: Final = 1 << 18
"""Bytes of a block for which it is worth to load numpy."""


@dataclass(frozen=True, slots=True)
class Reject:
    """A line that is no event, and why; `text` is how it begins."""

    file: str
    line: int
    reason: str
    text: str


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
        stream: IO[bytes],
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
            if first:
                text = text.removeprefix(codecs.BOM_UTF8)
                first = False
            digest.update(text)
            text = self.halves.spell_out(text, label=label, line=line)
            chunk, target = chunks()
            count = _clean_lines(text)
            if count is not None:
                _write(chunk, target, text, count, file=file, line=line)
                line += count
                lines += count
                continue
            for each in text.split(b"\n")[:-1]:
                if each.strip():
                    lines += 1
                    fault = _unsafe(each)
                    if fault is None:
                        _write(chunk, target, each + b"\n", 1, file=file, line=line)
                    else:
                        self.rejected(Reject(label, line, fault, shown(each)))
                line += 1
        return lines, digest.hexdigest()


def shown(line: bytes) -> str:
    """Return how a line begins, whatever bytes it holds."""
    return line[:2000].decode("utf-8", "backslashreplace").rstrip("\r\n")


@dataclass(frozen=True, slots=True)
class _TooLong:
    size: int
    begin: str


def _blocks(stream: IO[bytes]) -> Iterator[bytes | _TooLong]:
    """Yield whole lines in blocks; the last gets a line end if it has none."""
    rest: list[bytes] = []
    size = 0
    skipped = 0
    begin = ""
    while block := stream.read(BLOCK):
        cut = block.rfind(b"\n") + 1
        if not cut:
            size += len(block)
            if skipped or size > LONGEST:
                begin = begin or shown(rest[0] if rest else block)
                skipped += size
                rest, size = [], 0
            else:
                rest.append(block)
            continue
        start = 0
        if skipped:
            start = block.index(b"\n") + 1
            yield _TooLong(skipped + start - 1, begin)
            skipped, begin = 0, ""
        if rest or start < cut:
            yield b"".join([*rest, memoryview(block)[start:cut]])  # which copies it only once
        rest = [block[cut:]] if cut < len(block) else []
        size = len(block) - cut
    if skipped:
        yield _TooLong(skipped + size, begin)
    elif rest:
        yield b"".join([*rest, b"\n"])


def _clean_lines(text: bytes) -> int | None:
    """Return how many lines a block has; None if one of them is blank or not safe."""
    if b"\0" in text or not (text.isascii() or _is_text(text)) or text[:1] in b" \t\r\n":
        return None
    if len(text) < _WORTHWHILE:
        return None if _BLANK.search(text) else text.count(b"\n")
    import numpy as np

    every = np.frombuffer(text, np.uint8)
    ends = np.flatnonzero(every == _LINE_END)
    # Nothing but a blank line begins with a blank, in nearly every file.
    if (every[ends[:-1] + 1] <= _SPACE).any() and _BLANK.search(text):
        return None
    return len(ends)


def _is_text(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _unsafe(line: bytes) -> str | None:
    if b"\0" in line:
        return json_fault(line)
    return None if _is_text(line) else json_fault(line)


def _write(
    chunk: Chunk, target: IO[bytes], text: bytes, count: int, *, file: int, line: int
) -> None:
    last = chunk.segments[-1] if chunk.segments else None
    if last is None or last.file != file or last.line + chunk.rows - last.row != line:
        chunk.segments.append(Segment(chunk.rows, file, line))
    target.write(text)
    chunk.rows += count
    chunk.size += len(text)
    if len(text) > 2 * BLOCK:  # a block is that long only where a line is
        chunk.longest = max(chunk.longest, len(text))
