"""Rows of CSV as they stand in their file, and those that are none."""

from __future__ import annotations

import codecs
import csv
from collections import deque
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

LONGEST: Final = 64 * 2**20
"""Bytes of a row; DuckDB's own limit of 2 MB is soon reached by properties."""


@dataclass(frozen=True, slots=True)
class CsvRow:
    """A row below the header: the line in which it begins, from 1, its bytes, and what is wrong."""

    line: int
    text: bytes
    fault: str | None = None


def csv_rows(stream: IO[bytes], *, delimiter: str, columns: int) -> Iterator[CsvRow]:
    """Yield the header, as a row, and all rows but blank ones.

    A row that is malformed is one line: the next one is looked at by itself, so that a quote which
    nothing closes takes no other row along.
    """
    csv.field_size_limit(LONGEST)
    lines = _Lines(stream)
    while True:
        begin = lines.number
        taken, count, fault = _row(lines, delimiter)
        if not taken:
            return
        if fault is None and count not in {0, columns}:
            values = "1 value" if count == 1 else f"{count} values"
            fault = f"{values} in the place of {columns}"
        if fault is not None:
            lines.put_back(taken[1:])
            yield CsvRow(begin, taken[0], fault)
        elif count:
            yield CsvRow(begin, b"".join(taken))


def begins_of(
    stream: IO[bytes], *, delimiter: str, wanted: Collection[int], without: Collection[int]
) -> dict[int, CsvRow]:
    """Return rows below the header by their number, from 0, among those of other lines than some.

    `without` are the lines of those that `csv_rows` finds fault with.
    """
    csv.field_size_limit(LONGEST)
    found: dict[int, CsvRow] = {}
    taken: list[tuple[int, bytes]] = []

    def texts() -> Iterator[str]:
        for number, line in enumerate(stream, start=1):
            if number not in without:
                text = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
                taken.append((number, text))
                yield text.decode("utf-8", "replace")

    row, last = -2, max(wanted, default=-1)
    for values in csv.reader(texts(), delimiter=delimiter):
        row += bool(values)  # a blank line is no row
        if values and row in wanted:
            found[row] = CsvRow(taken[0][0], b"".join(text for _, text in taken))
        if row >= last:
            break
        taken.clear()
    return found


class _Lines:
    """Lines of a stream, which can be put back; `number` is that of the next, from 1."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._ahead: deque[bytes] = deque()
        self.number = 1

    def next(self) -> bytes | None:
        line = self._ahead.popleft() if self._ahead else self._stream.readline()
        if not line:
            return None
        if self.number == 1:
            line = line.removeprefix(codecs.BOM_UTF8)
        self.number += 1
        return line

    def put_back(self, lines: list[bytes]) -> None:
        self._ahead.extendleft(reversed(lines))
        self.number -= len(lines)


def _row(lines: _Lines, delimiter: str) -> tuple[list[bytes], int, str | None]:
    """Return the lines of the next row, how many values it has, and what is wrong with it."""
    taken: list[bytes] = []

    def texts() -> Iterator[str]:
        while (line := lines.next()) is not None:
            taken.append(line)
            if (place := line.find(b"\0")) >= 0:
                raise csv.Error(f"a NUL byte at byte {place + 1}")
            yield line.decode()

    try:
        values = next(csv.reader(texts(), delimiter=delimiter, strict=True), [])
    except UnicodeDecodeError as error:
        fault = f"not UTF-8 at byte {error.start + 1}"
    except csv.Error as error:
        fault = _in_words(str(error))
    else:
        return taken, len(values), None
    return taken, 0, fault


def _in_words(error: str) -> str:
    if error == "unexpected end of data":
        return "a quote that is not closed"
    return "a value goes on after its closing quote" if "expected after" in error else error
