"""JSON lines: one event a line, as Amplitude's HTTP API takes them or its export writes them.

DuckDB splits at line ends before it parses, so a bad line cannot take its neighbour along. A key
that stands twice in one event is refused; inside the properties the first one counts.
"""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass
from itertools import islice
from typing import IO, TYPE_CHECKING, Final, cast

from funnelkit.errors import DataError
from funnelkit.events.files import sum_up
from funnelkit.events.halves import spelt_out
from funnelkit.events.jsonfault import json_fault
from funnelkit.events.table import literally

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from duckdb import DuckDBPyConnection

    from funnelkit.events.columns import Roles
    from funnelkit.events.files import Compression

# Keys whose values Amplitude documents as text (specification C2 and D1); all others stay JSON.
_TEXT: Final = frozenset({
    "amplitude_event_type", "platform", "os_name", "os_version", "device_family", "device_type",
    "device_carrier", "device_brand", "device_manufacturer", "device_model", "version_name",
    "start_version", "app_version", "language", "library", "country", "region", "city", "dma",
    "ip_address", "ip", "carrier", "user_agent", "adid", "idfa", "idfv", "android_id",
    "android_app_set_id", "paying", "currency", "productId", "revenueType", "partner_id",
    "data_type", "client_event_time", "client_upload_time", "server_received_time",
    "server_upload_time", "processed_time", "user_creation_time",
})  # fmt: skip

_AFTER: Final = 1000  # lines after a bad one that are looked at

_OBJECTS = (
    "read_ndjson_objects($files, ignore_errors = true, compression = $compression, filename = true)"
)


class HalfCharacterError(DataError):
    """A line has an escape for half a character: it can be read once that is spelt out."""


@dataclass(frozen=True, slots=True)
class JsonLines:
    """JSON lines as rows to convert.

    `labels` gives the name of each file in messages. The values of the keys `texts` are read as
    text, those of `objects` as JSON.
    """

    connection: DuckDBPyConnection
    labels: Mapping[str, str]
    compression: Compression
    texts: Sequence[str] = ()
    objects: Sequence[str] = ()

    @property
    def label(self) -> str:
        """The files in words."""
        return sum_up(list(self.labels.values()))

    @property
    def names(self) -> Sequence[str]:
        """The keys of the events."""
        return [*self.texts, *self.objects]

    @property
    def values(self) -> Mapping[str, object]:
        """The parameters of `relation`."""
        paths: dict[str, object] = {}
        for parameter, names in (("texts", self.texts), ("objects", self.objects)):
            if names:
                paths[parameter] = [_pointer(name) for name in names]
        return {**self.source, **paths}

    @property
    def source(self) -> Mapping[str, object]:
        """The parameters that say which files are read."""
        compression = "uncompressed" if self.compression == "none" else self.compression
        return {"files": literally(self.labels), "compression": compression}

    @property
    def relation(self) -> str:
        """The rows: lists of values in the order of `texts` and of `objects`."""
        lists = []
        if self.texts:
            lists.append("json_extract_string(json, $texts) AS texts")
        if self.objects:
            lists.append("json_extract(json, $objects) AS objects")
        return f"(SELECT {', '.join(lists)} FROM {_OBJECTS})"

    def text(self, name: str) -> str:
        """Return the SQL of a value as VARCHAR."""
        if name in self.texts:
            return f"texts[{self.texts.index(name) + 1}]"
        return f"(objects[{self.objects.index(name) + 1}] ->> '$')"

    def json(self, name: str) -> str:
        """Return the SQL of a value as JSON; JSON inside a string is taken out of it.

        The empty list that PHP writes for an empty object, and an empty string, are no properties.
        """
        value = f"objects[{self.objects.index(name) + 1}]"
        inner = f"TRY_CAST({self.text(name)} AS JSON)"
        return (
            f"CASE WHEN starts_with({value}::VARCHAR, '{{') THEN {value} "
            f"WHEN {value}::VARCHAR IN ('[]', '\"\"', 'null') THEN NULL "
            f"ELSE coalesce({inner}, {value}) END"
        )

    def other(self, name: str) -> str:
        """Return the SQL of a value that plays no role: text where Amplitude says so, or JSON."""
        if name in self.texts:
            return self.text(name)
        return f"nullif(objects[{self.objects.index(name) + 1}], 'null'::JSON)"

    def place(self, row: int) -> str:
        """Return file and line of a row."""
        path, index = self._position(row)
        return f"{self.labels[path]}, line {self._line(path, index)[0]}"

    def fault(self, row: int) -> str | None:
        """Return why the row is no JSON object, None if it is one.

        Raises:
            HalfCharacterError: it would be one, with half characters spelt out.
        """
        path, index = self._position(row)
        _, line, after = self._line(path, index)
        whole = spelt_out(line)
        if whole != line and json_fault(whole) is None:
            raise HalfCharacterError(f"{self.place(row)}: an escape stands for half a character")
        return json_fault(line, after=after)

    def _position(self, row: int) -> tuple[str, int]:
        """Return the file of a row, and its place among the lines that are not blank."""
        ahead = self.connection.execute(
            f"SELECT filename, count(*) FROM (SELECT filename FROM {_OBJECTS} LIMIT {row + 1:d}) "
            "GROUP BY filename",
            self.source,
        ).fetchall()
        # The last file that was begun is the one; files come in the order in which they are listed.
        order = list(self.labels)
        path, count = max(ahead, key=lambda pair: order.index(pair[0]))
        return path, count - 1

    def _line(self, path: str, index: int) -> tuple[int, bytes, bytes]:
        """Return a line by its place among those that are not blank: number, bytes, what follows.

        What follows is cut after some lines.
        """
        number = 0
        try:
            with _open(path, self.compression) as lines:
                for number, line in enumerate(lines, start=1):
                    if line.strip():
                        if index == 0:
                            return number, line, b"".join(islice(lines, _AFTER))
                        index -= 1
        except (EOFError, zlib.error) as error:
            raise DataError(
                f"{self.labels[path]} is cut off or damaged after line {number}: {error}"
            ) from error
        raise DataError(f"{self.labels[path]} changed while it was read")


def json_lines(
    connection: DuckDBPyConnection,
    labels: Mapping[str, str],
    *,
    compression: Compression,
    names: Sequence[str],
    roles: Roles,
) -> JsonLines:
    """Return the rows of files whose events have the keys `names`."""
    properties = {roles.columns.get("event_properties"), roles.columns.get("user_properties")}
    played = {*roles.columns.values()} - properties
    texts = [name for name in names if name in played or (name in _TEXT and name not in properties)]
    objects = [name for name in names if name not in texts]
    return JsonLines(connection, labels, compression, texts, objects)


def read_names(
    connection: DuckDBPyConnection, labels: Mapping[str, str], *, compression: Compression
) -> dict[str, list[str]]:
    """Return the top-level keys of each file that has events, in order of appearance.

    Raises:
        HalfCharacterError: a line has half a character.
        DataError: a line is not a JSON object, or has a key twice.
    """
    rows = JsonLines(connection, labels, compression)
    found = connection.execute(
        f"SELECT filename, json_keys(json) AS keys, count(*) AS events FROM {_OBJECTS} "
        "GROUP BY filename, keys ORDER BY events DESC, keys",
        rows.source,
    ).fetchall()
    names: dict[str, list[str]] = {}
    for path, keys, _ in found:
        if not keys or len(set(keys)) < len(keys) or "" in keys:
            row = connection.execute(
                "SELECT row FROM (SELECT row_number() OVER () - 1 AS row, json_keys(json) AS keys "
                f"FROM {_OBJECTS}) WHERE coalesce(len(keys), 0) = 0 OR list_contains(keys, '') "
                "OR len(list_distinct(keys)) < len(keys) ORDER BY row LIMIT 1",
                rows.source,
            ).fetchall()[0][0]
            problem = rows.fault(row) or "has no keys that could be read"
            raise DataError(f"{rows.place(row)}: {problem}")
        known = names.setdefault(path, [])
        known += [key for key in keys if key not in known]
    return {path: names[path] for path in labels if path in names}


def _pointer(name: str) -> str:
    """Return the JSON pointer of a key: exact whatever the key holds, unlike a `$.` path."""
    return "/" + name.replace("~", "~0").replace("/", "~1")


def _open(path: str, compression: Compression) -> IO[bytes]:
    if compression == "gzip":
        return cast("IO[bytes]", gzip.open(path, "rb"))
    return open(path, "rb")  # noqa: PTH123 - the caller closes it
