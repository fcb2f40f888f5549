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

from funnelkit.events.jsonfault import json_fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

BLOCK: Final = 1 << 20
CHUNK: Final = 192 << 20
"""Bytes of lines that are put together; small files share a chunk."""
LONGEST: Final = 64 << 20
"""Bytes of a line that is still read. Amplitude takes at most 1 MB (specification D1)."""

_BLANK: Final = re.compile(rb"\n[ \t\r]*\n")


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

    def __init__(self, rejected: Callable[[Reject], None]) -> None:
        self.rejected = rejected

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
            chunk, target = chunks()
            if _is_clean(text):
                count = text.count(b"\n")
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
        head = block[:cut]
        if skipped:
            end = block.index(b"\n") + 1
            yield _TooLong(skipped + end - 1, begin)
            skipped, begin = 0, ""
            head = block[end:cut]
        if rest or head:
            yield b"".join([*rest, head])
        rest = [block[cut:]] if cut < len(block) else []
        size = len(block) - cut
    if skipped:
        yield _TooLong(skipped + size, begin)
    elif rest:
        yield b"".join([*rest, b"\n"])


def _is_clean(text: bytes) -> bool:
    """Return whether a block has neither blank lines nor lines that are not safe."""
    if b"\0" in text or text[:1] in b" \t\r\n" or _BLANK.search(text):
        return False
    return text.isascii() or _is_text(text)


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
