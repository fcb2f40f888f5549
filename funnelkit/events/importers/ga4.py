"""Google Analytics 4 as BigQuery has it: `event_params` as a list of keys and values.

There is no id of an event in it; the same file twice changes nothing, the same event in two files
is two. `device`, `geo`, `traffic_source` and whatever else stays under its own name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from funnelkit.events.importers.neighbours import inside, once

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from funnelkit.events.importers.row import Row

_NEEDED: Final = frozenset({"event_name", "event_timestamp", "user_pseudo_id"})
_READ: Final = _NEEDED | {"user_id", "event_params", "user_properties", "items", "platform"}
_NUMBERS: Final = ("int", "double", "float")
_SESSION: Final = '(?:^|,)"ga_session_id":([0-9]{1,14})(?:,|$)'
_PLACES: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "device": {
        "os_name": ("operating_system",),
        "os_version": ("operating_system_version",),
        "device_brand": ("mobile_brand_name",),
        "device_model": ("mobile_model_name",),
        "device_type": ("category",),
        "language": ("language",),
    },
    "geo": {
        "country": ("country",),
        "region": ("region",),
        "city": ("city",),
        "dma": ("metro",),
    },
    "app_info": {"version_name": ("version",)},
}


class GoogleAnalytics:
    """Rows of `events_YYYYMMDD`, as Parquet or JSON lines."""

    name = "ga4"

    def recognises(self, keys: Collection[str]) -> bool:
        """Tell by the name, the time and the browser's id."""
        return set(keys) >= _NEEDED

    def event(self, row: Row) -> Mapping[str, str]:
        """Return an event; session_id is the start of `ga_session_id` in milliseconds."""
        columns: dict[str, str] = {}
        for key, places in _PLACES.items():
            if row.has(key):
                columns |= inside(row, key, places)
        items = row.value("items") + "::VARCHAR" if row.has("items") else "NULL"
        listed = f"CASE WHEN {items} <> '[]' THEN '\"items\":' || {items} END"
        properties = f"nullif('{{' || concat_ws(',', nullif(m, ''), {listed}) || '}}', '{{}}')"
        session = f"regexp_extract({_members(row, 'event_params')}, '{_SESSION}', 1)"
        return {
            **columns,
            "event_type": row.text("event_name"),
            "event_time": row.time("event_timestamp", unit="microseconds"),
            "user_id": row.text("user_id"),
            "device_id": row.text("user_pseudo_id"),
            "platform": row.text("platform"),
            "session_id": f"(TRY_CAST({session} AS BIGINT) * 1000)::VARCHAR",
            "event_properties": once(_members(row, "event_params"), "m", properties),
            "user_properties": f"'{{' || nullif({_members(row, 'user_properties')}, '') || '}}'",
            "fk_skip": f"CASE WHEN {row.text('event_name')} IS NOT NULL "
            f"AND {row.text('user_pseudo_id')} IS NULL AND {row.text('user_id')} IS NULL "
            "THEN 'no consent, and so no id of anybody' END",
        }

    def reads(self, keys: Collection[str]) -> Collection[str]:
        """Return what an event has been made of."""
        return _READ & set(keys)


def _members(row: Row, key: str) -> str:
    """Return the SQL of `"key":value,…` of a list of keys and values, in the order of the list.

    JSON has whole numbers as texts here; they become numbers again.
    """
    if not row.has(key):
        return "NULL::VARCHAR"
    whole = f"TRY_CAST({row.value(key)} AS JSON)"
    for element in ("element", "item"):  # what some writers of Parquet make of a list
        if row.types[key].startswith("STRUCT(") and element in row.types[key]:
            whole = f"to_json(json_extract({whole}, '$.list[*].{element}'))"
            break
    kinds = ", ".join(f'"{kind}_value":"VARCHAR"' for kind in ("string", *_NUMBERS))
    entries = f'from_json({whole}, \'[{{"key":"VARCHAR","value":{{{kinds}}}}}]\')'
    numbers = " ".join(
        f"WHEN {n} IS NOT NULL "
        f"THEN CASE WHEN json_valid({n}) THEN {n} ELSE to_json({n})::VARCHAR END"
        for n in (f"p.value.{kind}_value" for kind in _NUMBERS)
    )
    text = "p.value.string_value"
    value = f"CASE WHEN {text} IS NOT NULL THEN to_json({text})::VARCHAR {numbers} ELSE 'null' END"
    member = f"lambda p: to_json(p.key)::VARCHAR || ':' || {value}"
    return f"array_to_string(list_transform({entries}, {member}), ',')"
