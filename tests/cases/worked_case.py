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
    Exclusion,
    Filter,
    Funnel,
    GroupBy,
    HistoricalCount,
    Measures,
    Order,
    Period,
    Property,
    Segment,
    Step,
    Users,
)

PROJECT_CASES = Path(__file__).with_name("amplitude_funnel_cases.json")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ORDERS: dict[str, Order] = {"this_order": "this", "any_order": "any", "exact_order": "exact"}

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
        needed = {
            "insert_id": any("insert_id" in event for event in self.events),
            "identity": any("device_id" in event for event in self.events),
        }
        unknown = {f"the key {key!r}" for key in asked.keys() - FUNNEL_KEYS}
        unknown |= {f"the key {key!r}" for step in steps for key in step.keys() - STEP_KEYS}
        unknown |= {f"the key {key!r}" for key in expected.keys() - EXPECTED_KEYS}
        return {feature for feature, is_needed in needed.items() if is_needed} | unknown

    def funnel(self) -> Funnel:
        """Return the definition."""
        asked = self.definition
        window = asked.get("window_seconds", 86400)
        group_by = asked.get("group_by")
        segment = asked.get("segment")
        exclusions = map(_exclusion, asked.get("exclusions") or [])
        return Funnel(
            steps=tuple(map(_step, asked["steps"])),
            name=self.name,
            segments=(Segment("segment", tuple(map(_filter, segment))),) if segment else (),
            period=Period(_date(asked.get("start")), _date(asked.get("end"))),
            timezone=asked.get("time_zone", "UTC"),
            window=_window(window, round_down=asked.get("api_window_rounding", False)),
            order=ORDERS[asked.get("order", "this_order")],
            count_by=asked.get("count_by", "uniques"),
            users=_users(asked),
            hold=_held(asked.get("holding_constant"), window),
            exclusions=tuple(exclusions),
            group_by=(
                GroupBy(
                    (Property(group_by["property"].removeprefix("gp:"), group_by["type"]),),
                    step=group_by.get("step", 1),
                )
                if group_by
                else None
            ),
            resolution=asked.get("resolution", "second"),
            inactive_events=tuple(self.content.get("inactive_events", [])),
            measures=Measures(
                interval=(
                    asked.get("interval", "day") if "interval_series" in self.expected else None
                ),
                frequency="prev_step_count_distribution" in self.expected,
            ),
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
    count = described.get("historical_count")
    if count is None:
        return Step(selectors(described))
    return Step(selectors(described), HistoricalCount(count["op"], count["value"]))


def _exclusion(described: dict[str, Any]) -> Exclusion:
    between = described.get("between", "all")
    return Exclusion(selectors(described), None if between == "all" else (between[0], between[1]))


def _window(seconds: int | str, *, round_down: bool) -> timedelta:
    """Return the window; the API rounds it down to whole days, at least one (specification A3)."""
    if seconds == "session":
        return timedelta(days=366)
    window = timedelta(seconds=int(seconds))
    return max(timedelta(days=1), timedelta(days=window.days)) if round_down else window


def _users(asked: dict[str, Any]) -> Users:
    if asked.get("users", "active") == "active":
        return "active"
    return "new on first day" if asked.get("new_user_entry") == "first_day" else "new"


def _held(name: str | None, window: int | str) -> tuple[Property, ...]:
    held = [name] if name is not None else []
    held += ["[Amplitude] Session ID"] if window == "session" else []
    return tuple(Property(each) for each in dict.fromkeys(held))


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
