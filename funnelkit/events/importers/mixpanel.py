"""Mixpanel's raw export: `{"event": …, "properties": {"time": …, "distinct_id": …}}`.

`time` is in seconds, or in milliseconds where the export was asked for them (`time_in_ms`). Of
projects made before 2023 it is the clock of the project's zone, not UTC, which no line says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from funnelkit.events.importers.neighbours import inside

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from funnelkit.events.importers.row import Row

_P: Final = "properties"
_DEVICE: Final = "$device:"
_MILLISECONDS: Final = "1e11"  # as seconds it would be the year 5138
_PLACES: Final[dict[str, tuple[str, ...]]] = {
    "os_name": ("$os",),
    "os_version": ("$os_version",),
    "version_name": ("$app_version_string",),
    "device_brand": ("$brand",),
    "device_manufacturer": ("$manufacturer",),
    "device_model": ("$model",),
    "device_carrier": ("$carrier",),
    "city": ("$city",),
    "region": ("$region",),
    "library": ("mp_lib",),
}


class Mixpanel:
    """Lines of `/api/2.0/export`."""

    name = "mixpanel"

    def recognises(self, keys: Collection[str]) -> bool:
        """Tell by both keys, and no others."""
        return set(keys) == {"event", _P}

    def event(self, row: Row) -> Mapping[str, str]:
        """Return an event; `distinct_id` is a user unless it is the device's own id.

        `$identify` says that the device belongs to the user; it is no event here. Aliases and
        merges are left out.
        """
        name, distinct = row.text("event"), row.text(_P, "distinct_id")
        prefixed = f"starts_with({distinct}, '{_DEVICE}')"
        bare = f"{distinct}[{len(_DEVICE) + 1}:]"
        device = (
            f"coalesce({row.text(_P, '$device_id')}, CASE WHEN {name} = '$identify' THEN "
            f"{row.text(_P, '$anon_id')} END, CASE WHEN {prefixed} THEN {bare} END)"
        )
        user = (
            f"coalesce({row.text(_P, '$user_id')}, CASE WHEN {name} = '$identify' THEN "
            f"{row.text(_P, '$identified_id')} END, CASE WHEN NOT {prefixed} AND {distinct} "
            f"IS DISTINCT FROM {row.text(_P, '$device_id')} THEN {distinct} END)"
        )
        time = row.text(_P, "time")
        return {
            **inside(row, _P, _PLACES),
            "event_type": name,
            "event_time": f"CASE WHEN abs(TRY_CAST({time} AS DOUBLE)) >= {_MILLISECONDS} "
            f"THEN {row.time(_P, 'time')} ELSE {row.time(_P, 'time', unit='seconds')} END",
            "server_received_time": row.time(_P, "mp_processing_time_ms"),
            "user_id": user,
            "device_id": device,
            "$insert_id": row.text(_P, "$insert_id"),
            "event_properties": row.json(_P),
            "fk_skip": f"CASE WHEN {name} IN ('$create_alias', '$merge') THEN {name} END",
        }

    def reads(self, keys: Collection[str]) -> Collection[str]:
        """Return both keys: the properties stay together as event properties."""
        return {"event", _P} & set(keys)
