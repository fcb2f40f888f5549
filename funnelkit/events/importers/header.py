"""Lines at the head of a chunk that tell DuckDB its keys, so that it refuses every other one.

`read_json` is silent about keys that it was not told of, but for one case: where it found the keys
itself, in lines that it looked at, another key is an error. So two lines of ours stand first, they
are all that it looks at, and one pass tells that a chunk has the keys of its sample and no other,
none twice, and nothing but objects. Where it fails, or DuckDB does not do so, the keys of every
line are found one by one, which takes twice as long.
"""

from __future__ import annotations

import json
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from funnelkit.events.sql import quote_identifier
from funnelkit.events.table import literally

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from duckdb import DuckDBPyConnection

SPACE: Final = 1 << 16
"""Bytes that are kept free at the head of a chunk; a blank line until the header is written."""

BLANK: Final = b" " * (SPACE - 1) + b"\n"

_KEY: Final = "fk_header"
_SAMPLE: Final = 64


def sampled_keys(path: Path) -> dict[str, None]:
    """Return the keys of some lines of a chunk, in their order; none if there is no object."""
    found: dict[str, None] = {}
    step = max(1, path.stat().st_size // _SAMPLE)
    with path.open("rb") as file:
        for place in range(SPACE, path.stat().st_size, step):
            if place > file.tell():
                file.seek(place - 1)
                file.readline()  # the rest of a line
            try:
                value = json.loads(file.readline())
            except (ValueError, RecursionError):
                continue
            if isinstance(value, dict):
                found |= dict.fromkeys(value)
    return found


def known_rows(
    connection: DuckDBPyConnection, path: Path, types: Mapping[str, str], *, longest: int
) -> str | None:
    """Write the header for keys of these types, VARCHAR or JSON; return the FROM item of the rows.

    It takes `$files`, and fails on anything unexpected. None: it cannot be had.
    """
    lines = _header(types)
    if lines is None or not _refuses_others():
        return None
    _put(path, lines)
    relation = _read(longest)
    found = connection.execute(
        f"DESCRIBE FROM {relation}", {"files": literally([str(path)])}
    ).fetchall()
    if {name: kind for name, kind, *_ in found} != {**types, _KEY: "VARCHAR"}:
        return None
    return f"(SELECT * EXCLUDE ({_KEY}) FROM {relation} WHERE {_KEY} IS NULL)"


def clear(path: Path) -> None:
    """Take the header away again."""
    _put(path, BLANK)


def rows_of(path: Path, wanted: Mapping[int, str]) -> Iterator[tuple[int, bytes]]:
    """Yield the wanted rows of a chunk below its header, in their order."""
    with path.open("rb") as lines:
        lines.seek(SPACE)
        for row, line in enumerate(lines):
            if row in wanted:
                yield row, line


def _header(types: Mapping[str, str]) -> bytes | None:
    """Return the header; None if it has no room, or a key has its name."""
    every = {_KEY: "x", **dict.fromkeys(types, "x")}
    mixed = {_KEY: "x", **{name: {} for name, kind in types.items() if kind == "JSON"}}
    lines = "\n".join(json.dumps(line, ensure_ascii=False) for line in (every, mixed))
    text = lines.encode("utf-8", "replace")
    fits = len(text) < SPACE and _KEY not in {name.lower() for name in types}
    return text + BLANK[len(text) :] if fits else None


def _put(path: Path, head: bytes) -> None:
    with path.open("r+b") as file:
        file.write(head)


def _read(longest: int) -> str:
    return (
        "read_json($files, format = 'newline_delimited', records = true, sample_size = 2, "
        f"map_inference_threshold = -1, maximum_object_size = {longest:d})"
    )


@cache
def _refuses_others() -> bool:
    """Return whether this DuckDB fails on a key that stands in no header."""
    import duckdb

    with tempfile.TemporaryDirectory(prefix="funnelkit-") as folder:
        path = Path(folder, "probe.jsonl")
        head = _header({"a": "VARCHAR", "b": "JSON"})
        found = []
        for line in (b'{"a":1,"b":{}}\n', b'{"a":1,"c":2}\n', b'{"a":1,"a":2}\n'):
            path.write_bytes((head or b"") + line)
            with duckdb.connect() as connection:
                try:
                    connection.execute(
                        f"SELECT {quote_identifier('a')}, b FROM {_read(SPACE * 2)} "
                        f"WHERE {_KEY} IS NULL",
                        {"files": literally([str(path)])},
                    ).fetchall()
                except duckdb.Error:
                    found.append(False)
                else:
                    found.append(True)
    return found == [True, False, False]
