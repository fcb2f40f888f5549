"""Worked cases of Amplitude's funnel semantics: a file of them -> events and definitions.

The format is described in the first part of `amplitude_funnel_cases.json` itself. A case is kept
as it was written; `features` names what it asks for beside steps, filters, a window and a range.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from funnelkit.model import (
    NONE,
    EventSelector,
    Filter,
    Funnel,
    GroupBy,
    Period,
    Property,
    Segment,
    Step,
)

PROJECT_CASES = Path(__file__).with_name("amplitude_funnel_cases.json")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SESSION_ID = "[Amplitude] Session ID"

FUNNEL_KEYS = {
    "steps", "order", "count_by", "window_seconds", "holding_constant", "exclusions", "group_by",
    "segment", "users", "new_user_entry", "api_window_rounding", "start", "end", "time_zone",
    "resolution", "interval",
}  # fmt: skip
STEP_KEYS = {"event", "events", "where", "filters", "historical_count"}
EXPECTED_KEYS = {
    "step_counts", "groups", "interval_series", "avg_trans_times_ms", "median_trans_times_ms",
    "prev_step_count_distribution",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class WorkedCase:
    """One case, as it stands in the file."""

    name: str
    content: dict[str, Any]

    @property
    def events(self) -> list[dict[str, Any]]:
        return self.content["events"]

    @property
    def definition(self) -> dict[str, Any]:
        return self.content["funnel"]

    @property
    def expected(self) -> dict[str, Any]:
        return self.content["expected"]

    @property
    def features(self) -> set[str]:
        """What the case needs beside this order, uniques, filters, a window and a range."""
        asked, expected = self.definition, self.expected
        steps = asked["steps"]
        group_by = asked.get("group_by") or {}
        held = asked.get("holding_constant") is not None or asked.get("window_seconds") == "session"
        needed = {
            "any order": asked.get("order") == "any_order",
            "exact order": asked.get("order") == "exact_order",
            "totals": asked.get("count_by") == "totals",
            "held property": held,
            "exclusions": bool(asked.get("exclusions")),
            "conversion over time": "interval_series" in expected,
            "frequency": "prev_step_count_distribution" in expected,
            "historical count": any("historical_count" in step for step in steps),
            "new users": asked.get("users", "active") != "active",
            "group by a later step": group_by.get("step", 1) != 1,
            "active events": any(_mentions(step, "_active") for step in steps),
            "insert_id": any("insert_id" in event for event in self.events),
            "identity": any("device_id" in event for event in self.events),
        }
        unknown = {f"the key {key!r}" for key in asked.keys() - FUNNEL_KEYS}
        unknown |= {f"the key {key!r}" for step in steps for key in step.keys() - STEP_KEYS}
        unknown |= {f"the key {key!r}" for key in expected.keys() - EXPECTED_KEYS}
        return {feature for feature, is_needed in needed.items() if is_needed} | unknown

    def funnel(self) -> Funnel:
        """Return the definition as far as `Funnel` can say it; `features` is the rest."""
        asked = self.definition
        window = asked.get("window_seconds", 86400)
        group_by = asked.get("group_by")
        segment = asked.get("segment")
        return Funnel(
            steps=tuple(map(_step, asked["steps"])),
            name=self.name,
            segments=(Segment("segment", tuple(map(_filter, segment))),) if segment else (),
            period=Period(_date(asked.get("start")), _date(asked.get("end"))),
            timezone=asked.get("time_zone", "UTC"),
            window=timedelta(days=366) if window == "session" else timedelta(seconds=window),
            group_by=(
                GroupBy((Property(group_by["property"], group_by["type"]),)) if group_by else None
            ),
            resolution=asked.get("resolution", "second"),
        )


def read_cases(path: Path = PROJECT_CASES) -> list[WorkedCase]:
    """Return the cases of a file."""
    content = json.loads(path.read_text(encoding="utf-8"))
    return [WorkedCase(case["name"], case) for case in content["cases"]]


def microseconds(moment: str) -> int:
    """Return the microseconds since 1970 of an ISO 8601 time; UTC where it has no offset."""
    parsed = datetime.fromisoformat(moment)
    if parsed.tzinfo is None:
        parsed = parsed.replace(tzinfo=UTC)
    return (parsed - EPOCH) // timedelta(microseconds=1)


def export_line(event: dict[str, Any], number: int) -> str:
    """Return the event as a line of Amplitude's export (microseconds, a blank, no zone)."""
    moment = EPOCH + timedelta(microseconds=microseconds(event["time"]))
    return json.dumps(
        {
            "user_id": event.get("user_id"),
            "device_id": event.get("device_id"),
            "event_type": event["event_type"],
            "event_time": moment.strftime("%Y-%m-%d %H:%M:%S.%f"),
            "event_id": number,
            "uuid": f"00000000-0000-0000-0000-{number:012}",
            "$insert_id": event.get("insert_id"),
            "session_id": event.get("session_id", -1),
            "event_properties": event.get("event_properties", {}),
            "user_properties": event.get("user_properties", {}),
        }
    )


def http_line(event: dict[str, Any], number: int) -> str:
    """Return the event as it is sent to HTTP V2 (whole milliseconds)."""
    optional = {key: event[key] for key in ("device_id", "session_id", "insert_id") if key in event}
    return json.dumps(
        {
            "user_id": event.get("user_id"),
            "event_type": event["event_type"],
            "time": microseconds(event["time"]) // 1000,
            "event_id": number,
            "event_properties": event.get("event_properties", {}),
            "user_properties": event.get("user_properties", {}),
        }
        | optional
    )


def is_whole_milliseconds(case: WorkedCase) -> bool:
    return all(microseconds(event["time"]) % 1000 == 0 for event in case.events)


def selectors(described: dict[str, Any]) -> tuple[EventSelector, ...]:
    """Return the event, or the inline OR members, of a step or an exclusion."""
    own = _filters(described)
    return tuple(
        EventSelector(member["event"], (*_filters(member), *own))
        if member is not described
        else EventSelector(member["event"], own)
        for member in described.get("events", [described])
    )


def _date(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _step(described: dict[str, Any]) -> Step:
    return Step(selectors(described))


def _mentions(step: dict[str, Any], event_type: str) -> bool:
    return any(selector.event_type == event_type for selector in selectors(step))


def _filters(described: dict[str, Any]) -> tuple[Filter, ...]:
    where = (
        Filter(Property(name), "is", tuple(map(_text, values)))
        for name, values in described.get("where", {}).items()
    )
    return (*where, *map(_filter, described.get("filters", [])))


def _filter(described: dict[str, Any]) -> Filter:
    prop = Property(described["prop"].removeprefix("gp:"), described.get("type", "event"))
    return Filter(prop, described["op"], tuple(map(_text, described["values"])))


def _text(value: Any) -> str:
    if value is None:
        return NONE
    return value if isinstance(value, str) else json.dumps(value)
