"""JSON bodies: `[event, …]` and `{"events": [event, …]}`, as they are sent to Amplitude."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

from funnelkit.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from funnelkit.events.files import EventFile


def write_lines(connection: DuckDBPyConnection, file: EventFile, target: Path) -> int:
    """Write the events of a body, or of one body a line, as JSON lines; return their number.

    Raises:
        DataError: the file is no JSON, or holds something else than lists of events.
    """
    opener = gzip.open if file.compression == "gzip" else open
    try:
        with opener(file.path, "rt", encoding="utf-8-sig") as text:
            content = text.read()
    except UnicodeDecodeError as error:
        raise DataError(f"{file.label} is not UTF-8 at byte {error.start + 1}") from error
    count = 0
    with target.open("w", encoding="utf-8", newline="\n") as lines:
        for body in _bodies(content, file.label):
            # DuckDB takes the list apart, since Python would round long numbers.
            found = connection.execute(
                "SELECT unnest(json_extract($body::JSON, $path))::VARCHAR",
                {"body": body, "path": ["$[*]" if body.startswith("[") else "$.events[*]"][0]},
            ).fetchall()
            lines.writelines(f"{event}\n" for (event,) in found)
            count += len(found)
    return count


def _bodies(content: str, label: str) -> Iterator[str]:
    try:
        _check(json.loads(content), f"{label}:")
    except json.JSONDecodeError as whole:
        if not whole.msg.startswith("Extra data"):
            raise DataError(
                f"{label}, line {whole.lineno}: not JSON: {whole.msg} at character {whole.colno}"
            ) from whole
    else:
        yield content.strip()
        return
    for number, line in enumerate(content.splitlines(), start=1):
        if line.strip():
            try:
                _check(json.loads(line), f"{label}, line {number}:")
            except json.JSONDecodeError as error:
                raise DataError(
                    f"{label}, line {number}: not JSON: {error.msg} at character {error.colno}"
                ) from error
            yield line.strip()


def _check(body: object, where: str) -> None:
    events = body.get("events") if isinstance(body, dict) else body
    if not isinstance(events, list):
        raise DataError(f"{where} neither a list of events nor an object with one under `events`")
