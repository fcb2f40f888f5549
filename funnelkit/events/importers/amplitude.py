"""Amplitude's own: export and S3 lines, warehouse tables, HTTP V2 events, merged users.

Snowflake writes the names of its columns in capitals, and BigQuery some (specification C4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from funnelkit.events.importers.columns import EXPORT

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from funnelkit.events.importers.columns import Kind
    from funnelkit.events.importers.row import Row

_OTHER_NAMES: Final = {
    "insert_id": "$insert_id",
    "schema": "$schema",
    "app_version": "version_name",
    "carrier": "device_carrier",
    "ip": "ip_address",
}
"""Names of columns of the export in warehouses and in HTTP V2 (specification C4, D1)."""


def value(row: Row, key: str, kind: Kind) -> str:
    """Return the SQL of a value that is of some kind of the export's columns."""
    match kind:
        case "object":
            return row.json(key)
        case "time":
            return row.time(key)
        case _:
            return row.text(key)


class Export:
    """Lines of the Export API and of S3, and rows of the warehouses (specification C2, C4)."""

    name = "amplitude"

    def recognises(self, keys: Collection[str]) -> bool:
        """Tell by the event type, and the time that charts use."""
        return {"event_type", "event_time"} <= {key.lower() for key in keys}

    def event(self, row: Row) -> Mapping[str, str]:
        """Return every column of the export that is there."""
        return {
            column: value(row, key, EXPORT[column]) for key, column in _columns(row.types).items()
        }

    def reads(self, keys: Collection[str]) -> Collection[str]:
        """Return the keys that are columns of the export."""
        return _columns(keys).keys()


class Http:
    """Events as they are sent to HTTP V2: `time` in milliseconds (specification D1)."""

    name = "http"

    def recognises(self, keys: Collection[str]) -> bool:
        """Tell by the event type and one of the ids, without the time of the export."""
        found = set(keys)
        return "event_type" in found and "event_time" not in found and bool(
            found & {"time", "insert_id", "client_upload_time"}
        ) and bool(found & {"user_id", "device_id"})  # fmt: skip

    def event(self, row: Row) -> Mapping[str, str]:
        """Return every column of the export that is there; without a time, the upload's."""
        columns = {
            column: value(row, key, EXPORT[column]) for key, column in _columns(row.types).items()
        }
        uploads = ("client_upload_time", "server_received_time", "server_upload_time")
        times = [row.time(key) for key in ("time", *uploads) if row.has(key)]
        return {**columns, "event_time": f"coalesce({', '.join(times)})"}

    def reads(self, keys: Collection[str]) -> Collection[str]:
        """Return the keys that are columns of the export, and the time."""
        return {*_columns(keys), "time"}


class MergedUsers:
    """Which id was merged into which: files of S3, MERGE_IDS of warehouses (specification C3).

    These are no events: `event` gives the columns of a merge.
    """

    name = "merged-users"

    def recognises(self, keys: Collection[str]) -> bool:
        """Tell by both ids."""
        found = {key.lower() for key in keys}
        return {"amplitude_id", "merged_amplitude_id"} <= found and "event_type" not in found

    def event(self, row: Row) -> Mapping[str, str]:
        """Return the two ids, and the time at which the server merged them in microseconds."""
        spelt = {key.lower(): key for key in row.types}
        times = [
            row.time(spelt[name])
            for name in ("merge_server_time", "merge_event_time", "merge_time")
            if name in spelt
        ]
        return {
            "amplitude_id": row.text(spelt["amplitude_id"]),
            "merged_amplitude_id": row.text(spelt["merged_amplitude_id"]),
            "merge_time": f"coalesce({', '.join(times)})" if times else "NULL::TIMESTAMP",
        }

    def reads(self, keys: Collection[str]) -> Collection[str]:
        """Return all keys: a merge has no others worth keeping."""
        return keys


def _columns(keys: Collection[str]) -> dict[str, str]:
    """Return the column of the export that each key stands for, by its exact name if there is one.

    A key whose column another key has already is left out, and stays under its own name.
    """
    exact = {key: key for key in keys if key in EXPORT}
    taken = set(exact)
    for key in keys:
        lower = key.lower()
        column = _OTHER_NAMES.get(lower, lower)
        if key not in exact and column in EXPORT and column not in taken:
            exact[key] = column
            taken.add(column)
    return exact
