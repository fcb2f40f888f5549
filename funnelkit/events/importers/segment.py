"""Segment and RudderStack: calls as JSON, and the tables of their warehouses.

Both products name things alike. A call is an object with `type`, `messageId`, `properties`; in a
warehouse there is a table for each event, with a column for each property, and `tracks`, which has
all events again, without properties. A page or screen is an event, as everywhere in these products;
identify and group calls set properties. An alias says that two ids are one person, which only
Amplitude's own numbers for people can say here: it is left out, and counted.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from funnelkit.errors import DataError
from funnelkit.events.importers.neighbours import (
    NOT_EVENTS,
    first_text,
    first_time,
    inside,
    literal,
    object_of,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from funnelkit.events.importers.archive import Member
    from funnelkit.events.importers.row import Row

PAGE: Final = "Page Viewed"
SCREEN: Final = "Screen Viewed"

_CALL: Final = frozenset(
    {
        "type", "event", "name", "category", "anonymousId", "userId", "messageId", "properties",
        "traits", "groupId", "previousId", "timestamp", "originalTimestamp", "sentAt",
        "receivedAt",
    }
)  # fmt: skip
_TABLE: Final = frozenset(
    {
        "id", "anonymous_id", "user_id", "event", "event_text", "timestamp", "original_timestamp",
        "sent_at", "received_at",
    }
)  # fmt: skip
_TABLE_ONLY: Final = frozenset({"anonymous_id", "event_text", "original_timestamp", "received_at"})
_LOADING: Final = frozenset({"uuid_ts", "loaded_at", "uuid", "channel", "rudder_id"})
"""Columns that the warehouse's loader adds: no properties, and kept under their own names."""

_CONTEXT: Final[dict[str, tuple[str, ...]]] = {
    "platform": ("device", "type"),
    "os_name": ("os", "name"),
    "os_version": ("os", "version"),
    "version_name": ("app", "version"),
    "device_brand": ("device", "brand"),
    "device_manufacturer": ("device", "manufacturer"),
    "device_model": ("device", "model"),
    "device_carrier": ("network", "carrier"),
    "language": ("locale",),
    "ip_address": ("ip",),
    "country": ("location", "country"),
    "region": ("location", "region"),
    "city": ("location", "city"),
    "location_lat": ("location", "latitude"),
    "location_lng": ("location", "longitude"),
    "library": ("library", "name"),
}
_BROWSING: Final = ("path", "url", "title", "referrer")


class Segment:
    """Calls and tables, under the name of the product."""

    def __init__(self, name: str, marks: Collection[str] = ()) -> None:
        self.name = name
        self._marks = frozenset(marks)

    def recognises(self, keys: Collection[str]) -> bool:
        """Tell by the ids and the many times, and by keys that only this product writes."""
        found = set(keys)
        call = {"messageId", "type"} <= found and bool(found & {"anonymousId", "userId"})
        table = {"id", "original_timestamp", "received_at", "sent_at"} <= found
        return (call or table) and (not self._marks or bool(found & self._marks))

    def needs_its_file(self, keys: Collection[str]) -> bool:
        """Return whether the name of the file says what its rows are: tables, but not calls."""
        return not _are_calls(keys)

    def event(self, row: Row) -> Mapping[str, str]:
        """Return a call, or a row of a table."""
        return self._call(row) if _are_calls(row.types) else self._row(row)

    def reads(self, keys: Collection[str]) -> Collection[str]:
        """Return all keys but the context, whose rest stays under its own name."""
        if _are_calls(keys):
            return _CALL
        return _TABLE | set(_properties(keys)) | {_column(path) for path in _CONTEXT.values()}

    def _call(self, row: Row) -> Mapping[str, str]:
        kind = f"lower({row.text('type')})"
        traits, context = row.json("traits"), row.json("context", "traits")
        properties = viewed = row.json("properties")
        for key in filter(row.has, ("name", "category")):  # they stand beside a page's properties
            named = f"json_object({literal(key)}, {row.text(key)})"
            viewed = (
                f"CASE WHEN {row.text(key)} IS NULL THEN {viewed} "
                f"ELSE json_merge_patch(coalesce({viewed}, '{{}}')::JSON, {named})::VARCHAR END"
            )
        ids = {key: row.text(key) for key in ("groupId", "previousId") if row.has(key)}
        return {
            **_columns_of_context(row),
            **ids,
            "event_type": f"CASE {kind} WHEN 'track' THEN {row.text('event')} "
            f"WHEN 'page' THEN '{PAGE}' WHEN 'screen' THEN '{SCREEN}' "
            + " ".join(f"WHEN '{call}' THEN '{name}'" for call, name in NOT_EVENTS.items())
            + " END",
            "fk_skip": f"CASE WHEN {kind} NOT IN ('track', 'page', 'screen', 'identify', 'group') "
            f"THEN {kind} || ' call' END",
            "event_time": first_time(row, "timestamp", "originalTimestamp", "receivedAt"),
            "client_event_time": row.time("originalTimestamp"),
            "client_upload_time": row.time("sentAt"),
            "server_received_time": row.time("receivedAt"),
            "server_upload_time": row.time("receivedAt"),
            "user_id": row.text("userId"),
            "device_id": row.text("anonymousId"),
            "uuid": row.text("messageId"),
            "$insert_id": row.text("messageId"),
            "event_properties": f"CASE WHEN {kind} IN ('page', 'screen') THEN {viewed} "
            f"ELSE {properties} END",
            "user_properties": f"CASE WHEN {kind} = 'identify' THEN {traits} "
            f"WHEN {kind} <> 'group' THEN {context} END",
            "group_properties": f"CASE WHEN {kind} = 'group' THEN {traits} END",
        }

    def _row(self, row: Row) -> Mapping[str, str]:
        values = object_of(row, _properties(row.types))
        name = first_text(row.text("event_text"), row.text("event"))
        kind, skip = _kind_of_table(row, name)
        identify, group = (f"{kind} = '{each}'" for each in NOT_EVENTS.values())
        return {
            **{
                column: row.text(row.has(_column(path)))
                for column, path in _CONTEXT.items()
                if row.has(_column(path))
            },
            "event_type": kind,
            "fk_skip": skip,
            "event_time": first_time(row, "timestamp", "original_timestamp", "received_at"),
            "client_event_time": row.time("original_timestamp"),
            "client_upload_time": row.time("sent_at"),
            "server_received_time": row.time("received_at"),
            "server_upload_time": row.time("received_at"),
            "user_id": row.text("user_id"),
            "device_id": row.text("anonymous_id"),
            "uuid": row.text("id"),
            "$insert_id": row.text("id"),
            "event_properties": f"CASE WHEN NOT ({identify} OR {group}) THEN {values} END",
            "user_properties": f"CASE WHEN {identify} THEN {values} END",
            "group_properties": f"CASE WHEN {group} THEN {values} END",
        }


def repeats_others(member: Member) -> bool:
    """Return whether a file is `tracks`, whose rows count only where no other table has them."""
    return _stem(member.label) == "tracks"


def _are_calls(keys: Collection[str]) -> bool:
    """Tell calls from the rows of a table, which may have a property called type."""
    return "messageId" in keys or ("type" in keys and not _TABLE_ONLY & set(keys))


def _columns_of_context(row: Row) -> dict[str, str]:
    return inside(row, "context", _CONTEXT) if row.has("context") else {}


def _column(path: tuple[str, ...]) -> str:
    return "_".join(("context", *path))


def _properties(keys: Collection[str]) -> list[str]:
    return [key for key in keys if key not in _TABLE | _LOADING and not key.startswith("context_")]


def _stem(label: str) -> str:
    """Return `pages` of `exports/prod.pages.csv.gz`, and of `pages/part-0.parquet`."""
    path = PurePosixPath(label.replace("\\", "/").rpartition(":")[2].lower())
    words = [*path.name.split("."), path.parent.name]
    return next((word for word in words if word in _TABLES), path.name.partition(".")[0])


_TABLES: Final = {
    "tracks": None,
    "pages": PAGE,
    "screens": SCREEN,
    "identifies": NOT_EVENTS["identify"],
    "groups": NOT_EVENTS["group"],
    "users": None,
    "accounts": None,
    "aliases": None,
}


def _kind_of_table(row: Row, name: str) -> tuple[str, str]:
    """Return the SQL of the event type and of the reason to leave a row out.

    A table with event names has them; what another table is, its file's name tells, or the columns
    of a page.
    """
    stem = _stem(row.source)
    if stem in {"users", "accounts", "aliases"}:
        return literal(stem), literal(f"row of {stem}, which are no events")
    named = first_text(name, "NULL::VARCHAR")
    kind = _TABLES.get(stem)
    if kind is not None:
        return f"coalesce({named}, {literal(kind)})", "NULL::VARCHAR"
    browsing = [row.text(key) for key in _BROWSING if row.has(key)]
    if len(browsing) > 1:
        seen = " OR ".join(f"{text} IS NOT NULL" for text in browsing)
        return f"coalesce({named}, CASE WHEN {seen} THEN {literal(PAGE)} END)", "NULL::VARCHAR"
    if name == "NULL":
        raise DataError(
            f"{row.source or 'the file'}: no column event or event_text, and its name is none "
            "of pages, screens, identifies, groups: what are its rows?"
        )
    return named, "NULL::VARCHAR"


SEGMENT: Final = Segment("segment")
RUDDERSTACK: Final = Segment(
    "rudderstack", {"rudderId", "rudder_id", "request_ip", "context_request_ip"}
)
