"""Worked cases as the reference takes them: plain events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reference_funnel import Event
from worked_case import microseconds

if TYPE_CHECKING:
    from worked_case import WorkedCase


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
