"""A definition in words, with every default in force: what stands above the numbers."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from funnelkit.model import Step
from funnelkit.render.words import count, percent
from funnelkit.specs.text import (
    format_filters,
    format_moment,
    format_property,
    format_steps,
    format_window,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from funnelkit.model import Funnel
    from funnelkit.result import EventsRead


def definition(funnel: Funnel) -> Iterator[tuple[str, str]]:
    """Yield (heading, words) for everything that decides the numbers (design: defaults)."""
    yield "steps", format_steps(tuple(_bare(step) for step in funnel.steps))
    for number, step in enumerate(funnel.steps, 1):
        if _is_plain(step) and (filters := step.events[0].filters):
            yield "where", f"{format_filters(filters)} (applies to step {number}, {step.label})"
    for segment in funnel.segments:
        what = format_filters(segment.filters) if segment.filters else "everybody"
        yield "segment", f"{segment.name}: {what} (applies to step 1)"
    if funnel.group_by is not None:
        yield "grouped", f"by {format_property(funnel.group_by.properties[0])} of the step-1 event"
    yield "counted", f"unique {funnel.noun}s, this order"
    default = " (default)" if funnel.window is None else ""
    yield "window", f"{format_window(funnel.conversion_window)}{default} from step 1 to the last"
    yield "dates", _dates(funnel)
    yield "times", _times(funnel)


def events_read(events: EventsRead) -> str:
    """Return in words what was read, and which id stood for the user."""
    share = percent(events.share_without_user_id)
    return (
        f"{events.source}: {count(events.events)} events, user = {events.user_column} "
        f"({share} of step-1 events lack a user_id)"
    )


def _is_plain(step: Step) -> bool:
    return len(step.events) == 1


def _bare(step: Step) -> Step:
    """Return the step without filters where these get a line of their own."""
    return Step((replace(step.events[0], filters=()),)) if _is_plain(step) else step


def _dates(funnel: Funnel) -> str:
    if funnel.period.start is None and funnel.period.end is None:
        return f"every date (time zone {funnel.timezone})"
    sides = [("from", funnel.period.start), ("to", funnel.period.end)]
    words = " ".join(f"{word} {format_moment(side)}" for word, side in sides if side is not None)
    exclusive = " (exclusive)" if isinstance(funnel.period.end, datetime) else ""
    return f"step 1 {words}{exclusive}, {funnel.timezone}; later steps may follow within the window"


def _times(funnel: Funnel) -> str:
    if funnel.resolution == "second":
        return "whole seconds; two steps in one second count in either order"
    return "milliseconds; two steps in one millisecond count in either order"
