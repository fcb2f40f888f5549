"""What a format sees of a row: its keys, and SQL for their values, whatever kind of file it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from funnelkit.events.duckdb_types import item_type, map_types, struct_fields
from funnelkit.events.importers.columns import EXPORT
from funnelkit.events.sql import quote_identifier
from funnelkit.events.table import microseconds
from funnelkit.events.times import column_kind, is_number, is_time, is_whole, timestamp_of_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from funnelkit.events.table import Field, TimeKind

TEXTS: Final = frozenset({name for name, kind in EXPORT.items() if kind != "object"}) | {
    "time", "timestamp", "insert_id", "app_version", "carrier", "ip", "user_agent", "idfv",
    "android_id", "android_app_set_id", "currency", "productId", "revenueType",
    "merged_amplitude_id", "merge_time", "merge_server_time", "merge_event_time", "scope",
    "event", "event_name", "type", "distinct_id", "userId", "anonymousId", "messageId",
    "originalTimestamp", "sentAt", "receivedAt", "sent_at", "received_at", "original_timestamp",
    "anonymous_id", "id", "event_timestamp", "user_pseudo_id",
}  # fmt: skip
"""Keys whose values are plain: they are read as text, all others as JSON."""

_COMMON_TIMES: Final = (
    "['%Y-%m-%d %H:%M:%S.%f', '%Y-%m-%dT%H:%M:%S.%fZ', '%Y-%m-%dT%H:%M:%SZ', "
    "'%Y-%m-%d %H:%M:%S', '%Y-%m-%dT%H:%M:%S.%f']"
)
"""How Amplitude and its neighbours write times in UTC (specification C2)."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a file.

    `types` gives the DuckDB type of each key's value: in JSON lines VARCHAR for the `TEXTS` and
    JSON for all others; in a table whatever it has. `fields` are the fields of its STRUCTs, by
    their exact names. `source` names the file, for formats that keep the event type there. `units`
    has the keys of times that are epochs in a unit of their own.
    """

    types: Mapping[str, str]
    source: str = ""
    fields: Mapping[str, tuple[Field, ...]] | None = None
    units: Mapping[str, TimeKind] | None = None

    def has(self, *keys: str) -> str | None:
        """Return the first of these keys that the file has, None if it has none."""
        return next((key for key in keys if key in self.types), None)

    def text(self, key: str | None, *path: str) -> str:
        """Return the SQL of a value as VARCHAR; of one inside an object with the keys to it.

        A missing key, null and "" are NULL.
        """
        if key is None or key not in self.types:
            return "NULL"
        if path:
            pointer = _literal(_pointer(path))
            return f"nullif(json_extract_string({self._json(key)}, {pointer}), '')"
        name, kind = quote_identifier(key), self.types[key]
        if kind == "JSON":
            return f"nullif({name} ->> '$', '')"
        if kind == "VARCHAR":
            return f"nullif({name}, '')"
        if is_number(kind):
            whole = f"TRY_CAST({name} AS BIGINT)"
            if kind.startswith(("DECIMAL", "DOUBLE", "FLOAT")):  # as 7.0, where it is a 7
                same = f"CASE WHEN {whole} = {name} THEN {whole}::VARCHAR END"
                return f"coalesce({same}, {name}::VARCHAR)"
        return f"nullif(CAST({name} AS VARCHAR), '')"

    def texts(self, key: str, paths: Iterable[tuple[str, ...]]) -> list[str]:
        """Return the SQL of several values inside an object, as `text` gives each of them.

        They are taken in one walk: DuckDB computes an expression that it meets again only once.
        """
        places = list(paths)
        found = self.as_list(key, places)
        return [f"nullif({found}[{number}], '')" for number in range(1, len(places) + 1)]

    def as_list(self, key: str, paths: Iterable[tuple[str, ...]]) -> str:
        """Return the SQL of several values inside an object as a list of VARCHAR."""
        if key not in self.types:
            return "NULL::VARCHAR[]"
        listed = ", ".join(_literal(_pointer(path)) for path in paths)
        return f"json_extract_string({self._json(key)}, [{listed}])"

    def json(self, key: str | None, *path: str) -> str:
        """Return the SQL of an object as JSON text, as it stands in the file.

        JSON inside a text is taken out of it. The empty list that PHP writes for an empty object,
        null and "" are NULL.
        """
        if key is None or key not in self.types:
            return "NULL"
        if path:
            value = f"json_extract({self._json(key)}, {_literal(_pointer(path))})"
        else:
            value = self._json(key)
        return (
            f"CASE WHEN starts_with({value}::VARCHAR, '{{') THEN {value}::VARCHAR "
            f"WHEN {value}::VARCHAR IN ('[]', '\"\"', 'null', '') THEN NULL "
            f"ELSE coalesce(TRY_CAST({value} ->> '$' AS JSON), {value})::VARCHAR END"
        )

    def value(self, key: str) -> str:
        """Return the SQL of a value in the type that it has, for a column under its own name."""
        name, kind = quote_identifier(key), self.types[key]
        if kind == "JSON":
            return f"nullif({name}::VARCHAR, 'null')::JSON"
        if struct_fields(kind) or map_types(kind) or item_type(kind):
            return f"{self._json(key)}::JSON"
        return name

    def time(self, key: str | None, *path: str, unit: TimeKind = "milliseconds") -> str:
        """Return the SQL of a time as TIMESTAMP in UTC, NULL where it is none.

        Text is ISO 8601 with a T or a blank, UTC where it has no offset (specification C2); a
        number is an epoch in `unit`.
        """
        if key is None or key not in self.types:
            return "NULL::TIMESTAMP"
        kind = self.types[key]
        unit = (self.units or {}).get(key, unit)
        if path or kind in {"JSON", "VARCHAR"}:
            text = self.text(key, *path)
            # Nearly all are written in one of these ways, which is told in a tenth of the time.
            return (
                f"coalesce(try_strptime({text}, {_COMMON_TIMES}), "
                f"CASE WHEN {text} IS NOT NULL THEN {timestamp_of_text(text, unit)} END)"
            )
        read_as = column_kind(kind)
        if read_as is None:
            return "NULL::TIMESTAMP"
        name = quote_identifier(key)
        if is_whole(kind):  # whose microseconds may not fit into the type that they have
            name = f"CAST({name} AS HUGEINT)"
        us = microseconds(name, unit if is_number(kind) else read_as, cast="TRY_CAST")
        return f"CASE WHEN {is_time(us)} THEN make_timestamp({us}) END"

    def _json(self, key: str) -> str:
        """Return the SQL of a value as valid JSON, NULL or a JSON text where it is none."""
        name, kind = quote_identifier(key), self.types[key]
        if kind == "JSON":
            return name
        if kind == "VARCHAR":
            return f"coalesce(TRY_CAST({name} AS JSON), to_json({name}))"
        known = (self.fields or {}).get(key)
        if known:
            pairs = ", ".join(
                f"{_literal(field.name)}, {name}.{quote_identifier(field.read_as)}"
                for field in known
                if field.read_as is not None
            )
            return f"CASE WHEN {name} IS NOT NULL THEN json_object({pairs}) END"
        return f"to_json({name})"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _pointer(path: Iterable[str]) -> str:
    """Return the keys to a value as a JSON pointer."""
    return "".join("/" + name.replace("~", "~0").replace("/", "~1") for name in path)
