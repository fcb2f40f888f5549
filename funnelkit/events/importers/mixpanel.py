"""Mixpanel's raw export: `{"event": …, "properties": {"time": …, "distinct_id": …}}`.

`time` is in seconds, or in milliseconds where the export was asked for them (`time_in_ms`). Of
projects made before 2023 it is the clock of the project's zone, not UTC, which no line says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from funnelkit.events.importers.neighbours import inside, once

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
        name = row.text("event")
        found = row.as_list(_P, [("$user_id",), ("$device_id",), ("distinct_id",),
                                 ("$identified_id",), ("$anon_id",)])  # fmt: skip
        identify, prefixed = f"{name} = '$identify'", f"starts_with(v[3], '{_DEVICE}')"
        user = (
            f"coalesce(v[1], CASE WHEN {identify} THEN v[4] END, "
            f"CASE WHEN NOT {prefixed} AND v[3] IS DISTINCT FROM v[2] THEN v[3] END)"
        )
        device = (
            f"coalesce(v[2], CASE WHEN {identify} THEN v[5] END, "
            f"CASE WHEN {prefixed} THEN v[3][{len(_DEVICE) + 1}:] END)"
        )
        number = f"TRY_CAST({row.text(_P, 'time')} AS DOUBLE)"
        microseconds = (
            f"CASE WHEN abs(t) < {_MILLISECONDS} THEN t * 1e6 "
            f"WHEN abs(t) < {_MILLISECONDS} * 1e3 THEN t * 1e3 END"
        )
        return {
            **inside(row, _P, _PLACES),
            "event_type": name,
            "event_time": once(number, "t", f"make_timestamp(({microseconds})::BIGINT)"),
            "server_received_time": row.time(_P, "mp_processing_time_ms"),
            "user_id": f"nullif({once(found, 'v', user)}, '')",
            "device_id": f"nullif({once(found, 'v', device)}, '')",
            "$insert_id": row.text(_P, "$insert_id"),
            "event_properties": row.json(_P),
            "fk_skip": f"CASE WHEN {name} IN ('$create_alias', '$merge') THEN {name} END",
        }

    def reads(self, keys: Collection[str]) -> Collection[str]:
        """Return both keys: the properties stay together as event properties."""
        return {"event", _P} & set(keys)
