"""PostHog's batch exports: events as Parquet, `properties` as JSON text, or as JSON lines.

PostHog counts persons, and says with each event whose it is. So `person_id` decides who is one
user here, too: amplitude_id is a number made of it. Without it, ids are linked as Amplitude does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from funnelkit.events.importers.neighbours import first_time, inside

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from funnelkit.events.importers.row import Row

_P: Final = "properties"
_NEEDED: Final = frozenset({"uuid", "event", _P, "distinct_id", "timestamp"})
_PLACES: Final[dict[str, tuple[str, ...]]] = {
    "os_name": ("$os",),
    "os_version": ("$os_version",),
    "version_name": ("$app_version",),
    "device_manufacturer": ("$device_manufacturer",),
    "device_model": ("$device_model",),
    "device_type": ("$device_type",),
    "language": ("$browser_language",),
    "ip_address": ("$ip",),
    "country": ("$geoip_country_name",),
    "region": ("$geoip_subdivision_1_name",),
    "city": ("$geoip_city_name",),
    "library": ("$lib",),
}


class PostHog:
    """The events model of batch exports."""

    name = "posthog"

    def recognises(self, keys: Collection[str]) -> bool:
        """Tell by the five columns that every event has."""
        return set(keys) >= _NEEDED

    def event(self, row: Row) -> Mapping[str, str]:
        """Return an event; `distinct_id` is a user unless it is the device's own id.

        `$identify`, `$set` and `$groupidentify` set properties and are no events here; aliases and
        merges, which `person_id` has followed already, are left out.
        """
        name, distinct = row.text("event"), row.text("distinct_id")
        device = row.text(_P, "$device_id")
        person = row.text("person_id")
        columns = {
            **inside(row, _P, _PLACES),
            "event_type": f"CASE {name} WHEN '$set' THEN '$identify' ELSE {name} END",
            "event_time": row.time("timestamp"),
            "server_received_time": first_time(row, "created_at", "_inserted_at"),
            "user_id": f"CASE WHEN {distinct} IS DISTINCT FROM {device} THEN {distinct} END",
            "device_id": device,
            "uuid": row.text("uuid"),
            "event_properties": row.json(_P),
            "user_properties": row.json("person_properties"),
            "fk_skip": f"CASE WHEN {name} IN ('$create_alias', '$merge_dangerously') "
            f"THEN {name} END",
        }
        if row.has("person_id"):
            columns["person_id"] = person
            columns["amplitude_id"] = f"CAST('0x' || md5({person})[:15] AS BIGINT)::VARCHAR"
        return columns

    def reads(self, keys: Collection[str]) -> Collection[str]:
        """Return what an event has been made of."""
        return (_NEEDED | {"person_id", "person_properties"}) & set(keys)
