"""JSON bodies: `[event, …]` and `{"events": [event, …]}`, as they are sent to Amplitude."""

from __future__ import annotations

import codecs
import gzip
import json
from itertools import islice
from typing import IO, TYPE_CHECKING, Final, cast

from funnelkit.errors import DataError
from funnelkit.events.halves import Halves

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from funnelkit.events.files import EventFile


def write_lines(
    connection: DuckDBPyConnection,
    file: EventFile,
    target: Path,
    *,
    rejected: Callable[[int, str, bytes], None] | None = None,
    halves: Halves | None = None,
) -> int:
    """Write the events of a body, or of one body a line, as JSON lines; return their number.

    Of one body a line, `rejected` is told of those that are none: their line, why, and the text.
    `halves` is told of half characters that were spelt out.

    Raises:
        DataError: the file is no JSON, or holds something else than lists of events; lines only
            without `rejected`.
    """
    count = 0
    with target.open("w", encoding="utf-8", newline="\n") as lines:
        for body in _bodies(file, rejected, halves or Halves()):
            # DuckDB takes the list apart, since Python would round long numbers.
            found = connection.execute(
                "SELECT unnest(json_extract($body::JSON, $path))::VARCHAR",
                {"body": body, "path": ["$[*]" if body.startswith("[") else "$.events[*]"][0]},
            ).fetchall()
            lines.writelines(f"{event}\n" for (event,) in found)
            count += len(found)
    return count


def _bodies(
    file: EventFile, rejected: Callable[[int, str, bytes], None] | None, halves: Halves
) -> Iterator[str]:
    if not _one_a_line(file):
        with _open(file) as stream:
            whole = stream.read().removeprefix(codecs.BOM_UTF8)
        yield _body(halves.spell_out(whole, label=file.label, line=1), file.label, 0)
        return
    with _open(file) as stream:
        for number, line in enumerate(stream, start=1):
            text = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
            if not text.strip():
                continue
            text = halves.spell_out(text, label=file.label, line=number)
            try:
                body = _body(text, file.label, number)
            except DataError as error:
                if rejected is None:
                    raise
                rejected(number, str(error).removeprefix(f"{_place(file.label, number)} "), text)
            else:
                yield body


def _one_a_line(file: EventFile) -> bool:
    """Tell whether one of the first lines is a body by itself."""
    with _open(file) as stream:
        for line in islice(stream, _TRIED):
            try:
                _body(line.removeprefix(codecs.BOM_UTF8), file.label, 0)
            except DataError:
                continue
            return True
    return False


_TRIED: Final = 20


def _open(file: EventFile) -> IO[bytes]:
    if file.compression == "gzip":
        return cast("IO[bytes]", gzip.open(file.path, "rb"))
    return file.path.open("rb")


def _place(label: str, line: int) -> str:
    return f"{label}, line {line}:" if line else f"{label}:"


def _body(content: bytes, label: str, line: int) -> str:
    """Return a body as text; `line` is its line, 0 if it is the whole file."""
    try:
        text = content.decode().strip()
        body = json.loads(text)
    except UnicodeDecodeError as error:
        raise DataError(f"{_place(label, line)} not UTF-8 at byte {error.start + 1}") from error
    except json.JSONDecodeError as error:
        place = _place(label, line or error.lineno)
        what = error.msg.removesuffix(" at")
        raise DataError(f"{place} not JSON: {what} at character {error.colno}") from error
    except RecursionError as error:
        raise DataError(f"{_place(label, line)} nested too deeply") from error
    events = body.get("events") if isinstance(body, dict) else body
    if not isinstance(events, list):
        raise DataError(
            f"{_place(label, line)} neither a list of events nor an object with one under `events`"
        )
    return text
