"""JSON lines: one event a line, as Amplitude's HTTP API takes them or its export writes them.

DuckDB splits at line ends before it parses, so a bad line cannot take its neighbour along. A key
that stands twice in one event is refused; inside the properties the first one counts.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Final, cast

from funnelkit.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from duckdb import DuckDBPyConnection

# Keys whose values Amplitude documents as text (specification C2 and D1); all others stay JSON.
_TEXT: Final = frozenset(
    "amplitude_event_type platform os_name os_version device_family device_type device_carrier "
    "device_brand device_manufacturer device_model version_name start_version app_version "
    "language library country region city dma ip_address ip carrier user_agent adid idfa idfv "
    "android_id android_app_set_id paying currency productId revenueType partner_id data_type "
    "client_event_time client_upload_time server_received_time server_upload_time processed_time "
    "user_creation_time".split()
)

_OBJECTS = (
    "read_ndjson_objects($files, ignore_errors = true, compression = $compression, filename = true)"
)


@dataclass(frozen=True, slots=True)
class JsonLines:
    """JSON lines as rows to convert; `labels` gives the name of each file in messages."""

    connection: DuckDBPyConnection
    labels: Mapping[str, str]
    compression: str
    names: Sequence[str]

    @property
    def label(self) -> str:
        """The files in words."""
        first = next(iter(self.labels.values()))
        return first if len(self.labels) == 1 else f"{first} and {len(self.labels) - 1} more"

    @property
    def values(self) -> dict[str, object]:
        """The parameters of `relation`."""
        return {**self._source, "paths": [_pointer(name) for name in self.names]}

    @property
    def _source(self) -> dict[str, object]:
        compression = "uncompressed" if self.compression == "none" else self.compression
        return {"files": list(self.labels), "compression": compression}

    @property
    def relation(self) -> str:
        """The rows: `found` holds the values of the names in their order, parsed once a line."""
        return f"(SELECT json_extract(json, $paths) AS found FROM {_OBJECTS})"

    def text(self, name: str) -> str:
        """Return the SQL of a value as VARCHAR."""
        return f"({self._found(name)} ->> '$')"

    def json(self, name: str) -> str:
        """Return the SQL of a value as JSON; JSON inside a string is taken out of it.

        The empty list that PHP writes for an empty object, and an empty string, are no properties.
        """
        value = self._found(name)
        inner = f"TRY_CAST({self.text(name)} AS JSON)"
        return (
            f"CASE WHEN starts_with({value}::VARCHAR, '{{') THEN {value} "
            f"WHEN {value}::VARCHAR IN ('[]', '\"\"', 'null') THEN NULL "
            f"ELSE coalesce({inner}, {value}) END"
        )

    def other(self, name: str) -> str:
        """Return the SQL of a value that plays no role: text where Amplitude says so, or JSON."""
        value = self.text(name) if name in _TEXT else f"nullif({self._found(name)}, 'null'::JSON)"
        return value

    def place(self, row: int) -> str:
        """Return file and line of a row."""
        path, index = self._position(row)
        return f"{self.labels[path]}, line {self._line(path, index)[0]}"

    def fault(self, row: int) -> str | None:
        """Return why the row is no JSON object, None if it is one."""
        path, index = self._position(row)
        return _fault(self._line(path, index)[1])

    def _found(self, name: str) -> str:
        return f"found[{self.names.index(name) + 1}]"

    def _position(self, row: int) -> tuple[str, int]:
        """Return the file of a row, and its place among the lines of that file that are not blank."""
        ahead = self.connection.execute(
            f"SELECT filename, count(*) FROM (SELECT filename FROM {_OBJECTS} LIMIT {row + 1:d}) "
            "GROUP BY filename",
            self._source,
        ).fetchall()
        # The last file that was begun is the one; files come in the order in which they are listed.
        order = list(self.labels)
        path, count = max(ahead, key=lambda pair: order.index(pair[0]))
        return path, count - 1

    def _line(self, path: str, index: int) -> tuple[int, bytes]:
        """Return the number and the bytes of a line by its place among those that are not blank."""
        with _open(path, self.compression) as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    if index == 0:
                        return number, line
                    index -= 1
        raise DataError(f"{self.labels[path]} changed while it was read")


def read_names(
    connection: DuckDBPyConnection, labels: Mapping[str, str], *, compression: str
) -> dict[str, list[str]]:
    """Return the top-level keys of each file that has events, in order of appearance.

    Raises:
        DataError: a line is not a JSON object, or has a key twice.
    """
    rows = JsonLines(connection, labels, compression, ())
    found = connection.execute(
        f"SELECT filename, json_keys(json) AS keys, count(*) AS events FROM {_OBJECTS} "
        "GROUP BY filename, keys ORDER BY events DESC, keys",
        rows._source,
    ).fetchall()
    names: dict[str, list[str]] = {}
    for path, keys, _ in found:
        if not keys or len(set(keys)) < len(keys) or "" in keys:
            row = connection.execute(
                "SELECT row FROM (SELECT row_number() OVER () - 1 AS row, json_keys(json) AS keys "
                f"FROM {_OBJECTS}) WHERE coalesce(len(keys), 0) = 0 OR list_contains(keys, '') "
                "OR len(list_distinct(keys)) < len(keys) ORDER BY row LIMIT 1",
                rows._source,
            ).fetchall()[0][0]
            problem = rows.fault(row) or "has no keys that could be read"
            raise DataError(f"{rows.place(row)}: {problem}")
        known = names.setdefault(path, [])
        known += [key for key in keys if key not in known]
    return {path: names[path] for path in labels if path in names}


def _pointer(name: str) -> str:
    """Return the JSON pointer of a key: exact whatever the key holds, unlike a `$.` path."""
    return "/" + name.replace("~", "~0").replace("/", "~1")


def _open(path: str, compression: str) -> IO[bytes]:
    if compression == "gzip":
        return cast("IO[bytes]", gzip.open(path, "rb"))
    return open(path, "rb")  # noqa: PTH123, SIM115 - the caller closes it


def _fault(line: bytes) -> str | None:
    if b"\0" in line:
        return f"a NUL byte at byte {line.index(0) + 1}"
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        return f"not UTF-8 at byte {error.start + 1}"
    try:
        value = json.loads(text, object_pairs_hook=_Object)
    except json.JSONDecodeError as error:
        cut = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated")
        what = "cut off" if cut else "not JSON"
        return f"{what}: {error.msg[:1].lower()}{error.msg[1:]} at character {error.colno}"
    except RecursionError:
        return "nested too deeply"
    if not isinstance(value, _Object):
        return f"{_KINDS.get(type(value), 'null')}, not an object"
    if value.twice:
        return f"the key {value.twice[0]!r} stands twice"
    if not value:
        return "an empty object"
    if "" in value:
        return "a key is empty"
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        return f"an escape stands for half a character ({error.object[error.start]!a})"
    return None


_KINDS: Final[Mapping[type, str]] = {
    list: "a list", str: "a string", int: "a number", float: "a number", bool: "a boolean",
}  # fmt: skip


class _Object(dict[str, Any]):
    """A JSON object that knows which keys it was given twice."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        seen: set[str] = set()
        self.twice = [key for key, _ in pairs if key in seen or seen.add(key)]
