"""Worked cases as the reference takes them: plain events, and rules that `Funnel` cannot say."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from reference_funnel import SESSION_ID, Event, Exclusion
from worked_case import microseconds, selectors

from funnelkit.model import Property

if TYPE_CHECKING:
    from worked_case import WorkedCase

    from funnelkit.model import Funnel


def plain_events(case: WorkedCase) -> list[Event]:
    """Return the events; a user is a user_id (identity is not the reference's affair)."""
    return [
        Event(
            user=event["user_id"],
            time=microseconds(event["time"]),
            event_type=event["event_type"],
            event_properties=event["event_properties"],
            user_properties=event["user_properties"],
            session_id=event.get("session_id"),
            event_id=number,
        )
        for number, event in enumerate(case.events, start=1)
    ]


def rules(case: WorkedCase) -> dict[str, Any]:
    """Return the keyword arguments of the reference."""
    asked = case.definition
    found: dict[str, Any] = {
        "order": asked["order"].removesuffix("_order"),
        "inactive": case.content.get("inactive_events", ()),
        "exclusions": [
            Exclusion(selector, *_between(described, len(asked["steps"])))
            for described in asked["exclusions"]
            for selector in selectors(described)
        ],
        "historical": {
            number: (step["historical_count"]["op"], step["historical_count"]["value"])
            for number, step in enumerate(asked["steps"], start=1)
            if "historical_count" in step
        },
    }
    held = SESSION_ID if asked["window_seconds"] == "session" else asked["holding_constant"]
    if held is not None:
        found["hold"] = Property(held)
    if asked["group_by"]:
        found["group_step"] = asked["group_by"]["step"]
    if asked.get("users") == "new":
        found["new_users"] = asked.get("new_user_entry", "any_day")
    return found


def _between(described: dict[str, Any], steps: int) -> tuple[int, int]:
    return (1, steps) if described["between"] == "all" else tuple(described["between"])


def rounded(window: timedelta) -> timedelta:
    """Round down to whole days, never below one (specification B2, G16)."""
    return max(timedelta(days=window.days), timedelta(days=1))


def case_funnel(case: WorkedCase) -> Funnel:
    from dataclasses import replace

    funnel = case.funnel()
    if case.definition.get("api_window_rounding"):
        return replace(funnel, window=rounded(funnel.conversion_window))
    return funnel
