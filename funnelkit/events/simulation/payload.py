"""Events as Amplitude's HTTP API V2 takes them (specification D1)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterator

    from funnelkit.events.simulation.chunks import Chunk

SPELT_OTHERWISE: Final = {"$insert_id": "insert_id"}
FIRST: Final = ("time", "user_id", "device_id", "event_type", "event_properties")


def event_objects(chunk: Chunk) -> Iterator[dict[str, Any]]:
    """Yield one object per event, in the original's order of keys; no key has a null.

    With traits, the first event of each session is preceded by an `$identify` that sets them.
    """
    columns = {
        SPELT_OTHERWISE.get(name, name): chunk.events.column(name).to_pylist()
        for name in chunk.events.column_names
        if name != "event_time"
    }
    microseconds = chunk.events.column("event_time").cast(pa.int64()).to_pylist()
    columns["time"] = [time // 1000 for time in microseconds]
    traits = columns.pop("user_properties", None)
    order = [*FIRST, *(name for name in columns if name not in FIRST)]
    steps = chunk.truth.column("step").to_pylist()
    for row, values in enumerate(zip(*(columns[name] for name in order), strict=True)):
        event = {
            name: value for name, value in zip(order, values, strict=True) if value is not None
        }
        event["event_properties"] = without_nulls(event["event_properties"])
        if traits is not None and steps[row] == 1:
            yield _identify(event, traits[row])
        yield event


def _identify(event: dict[str, Any], traits: dict[str, Any]) -> dict[str, Any]:
    kept = {key: event[key] for key in event if key not in ("event_properties", "event_id")}
    if "insert_id" in kept:
        kept["insert_id"] += "-identify"
    return {**kept, "event_type": "$identify", "user_properties": {"$set": without_nulls(traits)}}


def without_nulls(properties: dict[str, Any]) -> dict[str, Any]:
    """Return the properties that have a value."""
    return {name: value for name, value in properties.items() if value is not None}


def json_line(event: dict[str, Any]) -> bytes:
    """Return the event as one line of JSON, UTF-8."""
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
