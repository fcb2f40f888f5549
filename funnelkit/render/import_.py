"""What an import did, as text: a sum that adds up, or JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from funnelkit.events.importers.result import ImportResult


def render_import(result: ImportResult, *, format: str) -> str:  # noqa: A002 - the option's name
    """Return the counts in the format: table or json."""
    if format == "json":
        return json.dumps(_record(result), indent=2, ensure_ascii=False) + "\n"
    return "".join(f"{line}\n" for line in _table(result))


def _record(result: ImportResult) -> dict[str, object]:
    return {
        "schema": "funnelkit.import/1",
        "output": str(result.output),
        "files": result.files,
        "known_files": result.known_files,
        "lines": result.lines,
        "events": result.events,
        "identify_calls": result.identify_calls,
        "duplicates": result.duplicates,
        "rejected": result.rejected,
        "skipped": result.skipped,
        "merges": result.merges,
        "total": result.total,
        "without_amplitude_id": result.without_id,
        "bytes": result.bytes,
        "rejects": None if result.rejects is None else str(result.rejects),
        "notes": list(result.notes),
    }


def _table(result: ImportResult) -> Iterator[str]:
    files = _count(result.files - result.known_files, "file")
    yield f"{_count(result.lines, 'line')} of {files}"
    rows = [
        (result.events, "imported as events", True),
        (result.identify_calls, "imported identify calls, which are no events", False),
        (result.duplicates, "duplicates, left out", True),
        (result.rejected, "rejected", True),
        (result.skipped, "left out, as their format asks", False),
        (result.merges, "merged users", False),
    ]
    shown = [(f"{count:,}", words) for count, words, always in rows if count or always]
    width = max(len(count) for count, _ in shown)
    for count, words in shown:
        yield f"  {count:>{width}} {words}"
    yield f"{result.output} holds {_count(result.total, 'event')} now"


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"
