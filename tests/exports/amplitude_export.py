"""Writes what Amplitude's Export API answers, from a list of events (specification C1 to C3).

    events = events_of("sample_events/workshop/pre.parquet")
    write_export(events, path)                     # a ZIP of hourly .json.gz files
    write_merged_users([(5, 7)], folder, moment)   # 5 was merged into 7

The same events give the same bytes on every machine.
"""

from __future__ import annotations

import gzip
import io
import json
import uuid
import zipfile
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

PROJECT = 187520
ORGANISATION = 36958
UPLOADED_AFTER = timedelta(seconds=3)

FIELDS = (
    "$insert_id", "$schema", "adid", "amplitude_attribution_ids", "amplitude_event_type",
    "amplitude_id", "app", "city", "client_event_time", "client_upload_time", "country", "data",
    "data_type", "device_brand", "device_carrier", "device_family", "device_id",
    "device_manufacturer", "device_model", "device_type", "dma", "event_id", "event_properties",
    "event_time", "event_type", "global_user_properties", "group_properties", "groups", "idfa",
    "ip_address", "is_attribution_event", "language", "library", "location_lat", "location_lng",
    "os_name", "os_version", "partner_id", "paying", "plan", "platform", "processed_time", "region",
    "sample_rate", "server_received_time", "server_upload_time", "session_id", "start_version",
    "user_creation_time", "user_id", "user_properties", "uuid", "version_name",
)  # fmt: skip
"""The fields of a line (specification C2)."""

EMPTY: Mapping[str, Any] = {
    "app": PROJECT,
    "data": {"path": "/2/httpapi"},
    "data_type": "event",
    "event_properties": {},
    "global_user_properties": {},
    "group_properties": {},
    "groups": {},
    "is_attribution_event": False,
    "plan": {},
    "session_id": -1,
    "user_properties": {},
}


def events_of(path: str | Path) -> list[dict[str, Any]]:
    """Return the events of a Parquet file with Amplitude's columns; NULL fields are not sent."""
    import duckdb

    relation = duckdb.sql(f"FROM '{path}'")  # the files are ours
    events = []
    for row in relation.fetchall():
        event = dict(zip(relation.columns, row, strict=True))
        for name in ("event_properties", "user_properties"):
            if isinstance(event.get(name), dict):
                event[name] = {key: v for key, v in event[name].items() if v is not None}
        events.append({key: value for key, value in event.items() if value is not None})
    return events


def time_text(moment: datetime) -> str:
    """Return a time as exports write it: a blank, six digits, no zone."""
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f")


def export_record(event: Mapping[str, Any], number: int, ids: dict[str, int]) -> dict[str, Any]:
    """Return the fields of the event as a line has them.

    `ids` gives each user, or device, the amplitude_id that it got first; new ones are added.
    """
    moment: datetime = event["event_time"]
    who = event.get("user_id") or event.get("device_id")
    uploaded = event.get("server_upload_time", moment + UPLOADED_AFTER)
    filled = {
        "amplitude_id": ids.setdefault(str(who), 10**11 + 7919 * len(ids)),
        "uuid": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{number} {who} {moment}")),
        "client_event_time": moment,
        "client_upload_time": uploaded,
        "server_received_time": uploaded,
        "processed_time": uploaded + timedelta(seconds=2),
        "server_upload_time": uploaded,
        "event_id": number,
    }
    record = {**EMPTY, **filled, **event}
    return {
        name: time_text(value) if isinstance(value, datetime) else value
        for name, value in ((name, record.get(name)) for name in FIELDS)
    }


def line_of(record: Mapping[str, Any]) -> str:
    """Return the line of a record, without blanks as Amplitude writes it."""
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))


def export_files(
    events: Iterable[Mapping[str, Any]], *, project: int = PROJECT, lines_per_file: int = 5000
) -> dict[str, bytes]:
    """Return the members of an export: name and packed content, by the hour of the upload."""
    ids: dict[str, int] = {}
    hours: dict[datetime, list[str]] = {}
    for number, event in enumerate(events, start=1):
        record = export_record({**event, "app": project}, number, ids)
        uploaded = datetime.fromisoformat(record["server_upload_time"])
        hour = uploaded.replace(minute=0, second=0, microsecond=0)
        hours.setdefault(hour, []).append(line_of(record))
    files = {}
    for hour, lines in sorted(hours.items()):
        for part, start in enumerate(range(0, len(lines), lines_per_file), start=1):
            # The hour has no leading zero (specification C1).
            name = f"{project}/{project}_{hour:%Y-%m-%d}_{hour.hour}#{part}.json.gz"
            files[name] = packed("".join(f"{x}\n" for x in lines[start : start + lines_per_file]))
    return files


def packed(text: str | bytes) -> bytes:
    """Return gzip that is the same on every machine."""
    content = text if isinstance(text, bytes) else text.encode()
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0) as file:
        file.write(content)
    return buffer.getvalue()


def write_zip(files: Mapping[str, bytes], path: Path) -> Path:
    """Write the members into a ZIP that is the same on every machine."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), content)
    return path


def write_export(events: Iterable[Mapping[str, Any]], path: Path, **options: Any) -> Path:
    """Write an export of the events; `options` are those of `export_files`."""
    return write_zip(export_files(events, **options), path)


def write_merged_users(
    merges: Sequence[tuple[int, int]], folder: Path, moment: datetime | None = None
) -> Path:
    """Write a file of merged users: pairs of the id that is merged, and the one that stays (C3)."""
    moment = moment or datetime(2024, 1, 1, tzinfo=UTC)
    lines = [
        {
            "scope": ORGANISATION,
            "merge_time": int(moment.timestamp() * 1000) + place,
            "merge_server_time": int(moment.timestamp() * 1000) + place,
            "amplitude_id": merged,
            "merged_amplitude_id": stays,
        }
        for place, (merged, stays) in enumerate(merges)
    ]
    path = folder / f"-{ORGANISATION}_{moment:%Y-%m-%d}_{moment.hour}.json.gz"
    path.write_bytes(packed("".join(f"{line_of(line)}\n" for line in lines)))
    return path
