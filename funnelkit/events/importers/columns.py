"""The columns of Amplitude's export, in its order, and how each is written (specification C2)."""

from __future__ import annotations

from typing import Final, Literal

Kind = Literal["whole", "text", "time", "object", "float", "truth"]

EXPORT: Final[dict[str, Kind]] = {
    "app": "text",
    "amplitude_id": "whole",
    "user_id": "text",
    "device_id": "text",
    "event_type": "text",
    "amplitude_event_type": "text",
    "event_id": "whole",
    "uuid": "text",
    "$insert_id": "text",
    "event_time": "time",
    "client_event_time": "time",
    "client_upload_time": "time",
    "server_received_time": "time",
    "server_upload_time": "time",
    "processed_time": "time",
    "session_id": "whole",
    "event_properties": "object",
    "user_properties": "object",
    "groups": "object",
    "group_properties": "object",
    "global_user_properties": "object",
    "data": "object",
    "platform": "text",
    "os_name": "text",
    "os_version": "text",
    "device_family": "text",
    "device_type": "text",
    "device_carrier": "text",
    "device_brand": "text",
    "device_manufacturer": "text",
    "device_model": "text",
    "version_name": "text",
    "start_version": "text",
    "language": "text",
    "library": "text",
    "country": "text",
    "region": "text",
    "city": "text",
    "dma": "text",
    "ip_address": "text",
    "location_lat": "float",
    "location_lng": "float",
    "paying": "text",
    "amplitude_attribution_ids": "text",
    "is_attribution_event": "truth",
    "adid": "text",
    "idfa": "text",
    "sample_rate": "text",
    "$schema": "text",
    "data_type": "text",
    "partner_id": "text",
    "plan": "text",
    "user_creation_time": "time",
}
"""What each column holds. An `object` is JSON text, as it came. What Amplitude documents as one
type here and another there (`app`, `paying`, `amplitude_attribution_ids`) is text."""

TYPES: Final[dict[Kind, str]] = {
    "whole": "BIGINT",
    "text": "VARCHAR",
    "time": "TIMESTAMP",
    "object": "VARCHAR",
    "float": "DOUBLE",
    "truth": "BOOLEAN",
}

NEEDED: Final = ("event_type", "event_time")
IDS: Final = ("amplitude_id", "user_id", "device_id")

RECEIVED: Final = ("server_received_time", "server_upload_time", "client_upload_time")
"""When an event arrived, best first."""

MERGE: Final = ("amplitude_id", "merged_amplitude_id", "merge_server_time", "merge_time")
"""The columns of a merged user (specification C3)."""
