"""A definition in words, with every default in force: what stands above the numbers."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from funnelkit.model import ACTIVE_EVENT, SESSION_ID, Property
from funnelkit.model.funnel import LONGEST_WINDOW
from funnelkit.render.words import count, percent
from funnelkit.specs.days import format_bins, format_time_of_day
from funnelkit.specs.text import (
    format_conditions,
    format_custom_event,
    format_events,
    format_filters,
    format_moment,
    format_property,
    format_step,
    format_steps,
    format_unit,
    format_window,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from funnelkit.model import Funnel, GroupBy, Measures, Period, Step
    from funnelkit.result import EventsRead


def definition(funnel: Funnel) -> Iterator[tuple[str, str]]:
    """Yield (heading, words) for everything that decides the numbers (design: defaults).

    What plays no part is left out. A heading has 8 letters at most.
    """
    yield "steps", format_steps(tuple(_bare(step) for step in funnel.steps))
    for number, step in enumerate(funnel.steps, 1):
        if _is_plain(step) and (filters := step.events[0].filters):
            yield "where", f"{format_filters(filters)} (applies to step {number}, {step.label})"
    yield from _special_steps(funnel)
    if funnel.event_filters:
        words = format_filters(funnel.event_filters)
        yield "events", f"only where {words}: others do not exist"
    for segment in funnel.segments:
        yield (
            "segment",
            f"{segment.name}: {format_conditions(segment) or 'everybody'} (applies to step 1)",
        )
    if funnel.group_by is not None:
        yield "grouped", _groups(funnel.group_by)
    yield "counted", f"{_counted(funnel)}, {funnel.order} order"
    yield from _restrictions(funnel)
    yield "window", _window(funnel)
    yield "dates", dates(funnel)
    yield "times", _times(funnel)
    yield from _measures(funnel.measures)
    if changed := funnel.settings.changed():
        words = "; ".join(f"{name} = {value}" for name, value in changed.items())
        yield "settings", f"{words} (other than the defaults)"


def events_read(events: EventsRead) -> str:
    """Return in words what was read, which id stood for the user, and where the data ends."""
    share = percent(events.share_without_user_id)
    return (
        f"{events.source}: {count(events.events)} events, user = {events.user_column} "
        f"({share} of step-1 events lack a user_id){_data_end(events)}"
    )


def _data_end(events: EventsRead) -> str:
    if events.data_end is None:
        return ""
    return f"; data to {events.data_end.replace(microsecond=0, tzinfo=None).isoformat()} UTC"


def _is_plain(step: Step) -> bool:
    return len(step.events) == 1


def _bare(step: Step) -> Step:
    """Return the step without filters where these get a line of their own."""
    if not _is_plain(step):
        return step
    return replace(step, events=(replace(step.events[0], filters=()),))


def _special_steps(funnel: Funnel) -> Iterator[tuple[str, str]]:
    for number, step in enumerate(funnel.steps, 1):
        if step.historical_count is not None:
            events = "its events together are " if len(step.events) > 1 else ""
            words = f"{events}counted after all filters, from 365 days before the dates"
            yield "history", f"step {number}, {step.label}: {words}"
    for custom in funnel.custom_events:
        yield "custom", format_custom_event(custom)
    if _asks_for_active_events(funnel):
        names = ", ".join(funnel.inactive_events)
        yield "inactive", names or "no event: all are active"
    if funnel.optional_step is not None:
        label = funnel.steps[funnel.optional_step - 1].label
        yield "optional", f"step {funnel.optional_step}, {label}: one funnel with it, one without"
    for compared in funnel.compared_events:
        label = funnel.steps[compared.step - 1].label
        yield (
            "compared",
            f"{format_step(compared.event)} in the place of step {compared.step}, {label}",
        )


def _asks_for_active_events(funnel: Funnel) -> bool:
    interrupted = funnel.settings.exact_order_interrupted_by == "active events"
    named = any(selector.event_type == ACTIVE_EVENT for selector in funnel.selectors())
    return named or (funnel.order == "exact" and interrupted)


def _groups(group_by: GroupBy) -> str:
    names = " and ".join(map(format_property, group_by.properties))
    return f"by {names} of the step-{group_by.step} event, {group_by.most} groups at most"


def _counted(funnel: Funnel) -> str:
    of_property = isinstance(funnel.unit, Property)
    if funnel.hold:
        names = [format_unit(funnel.unit), *map(format_property, funnel.hold)]
        units = f"pairs of {', '.join(names[:-1])} and {names[-1]}"
    else:
        units = f"values of {format_unit(funnel.unit)}" if of_property else f"{funnel.unit}s"
    return f"paths (totals) of {units}" if funnel.count_by == "totals" else f"unique {units}"


def _restrictions(funnel: Funnel) -> Iterator[tuple[str, str]]:
    if funnel.hold:
        names = ", ".join(map(format_property, funnel.hold))
        missing = "take no part" if funnel.settings.hold_missing == "left out" else "share (none)"
        yield "held", f"{names}: the same in all steps; events without a value {missing}"
    for exclusion in funnel.exclusions:
        first, last = exclusion.between or (0, 0)
        where = f"steps {first} and {last}" if exclusion.between else "all steps"
        yield "excluded", f"{format_events(exclusion.events)} between {where}"
    if funnel.users != "active":
        day = "any day of the dates" if funnel.users == "new" else "the day of that event"
        yield "users", f"new users only: first event ever in the dates, step 1 on {day}"


def _window(funnel: Funnel) -> str:
    if funnel.window == LONGEST_WINDOW and SESSION_ID in funnel.hold:  # specification A3
        return f"one session: held {SESSION_ID.name}, {_span(funnel)}"
    default = " (default)" if funnel.window is None else ""
    return f"{format_window(funnel.conversion_window)}{default} {_span(funnel)}"


def _span(funnel: Funnel) -> str:
    if funnel.order != "any":
        return "from step 1 to the last"
    if funnel.settings.any_order_window == "around step 1":
        return "before or after step 1"
    return "from the earliest step to the latest"


def dates(funnel: Funnel) -> str:
    """Return in words when step 1 may happen, and in which time zone."""
    period, zone = funnel.period, funnel.timezone
    parts = [*_days(period)]
    if period.complete:
        parts.append("without the day that is not over")
    if period.without_weekdays:
        parts.append(f"not on {' or '.join(f'{day}s' for day in period.without_weekdays)}")
    if clock := format_time_of_day(period.from_time, period.to_time):
        parts.append(f"at {clock}")
    if not parts:
        return f"every date (time zone {zone})"
    return f"step 1 {', '.join(parts)}, {zone}; later steps may follow within the window"


def _days(period: Period) -> Iterator[str]:
    if period.last is not None:
        back = f", {period.offset} days back" if period.offset else ""
        yield f"in the last {period.last} days and the day that is not over{back}"
    sides = [("from", period.start), ("to", period.end)]
    words = " ".join(f"{word} {format_moment(side)}" for word, side in sides if side is not None)
    if words:
        yield words + (" (exclusive)" if isinstance(period.end, datetime) else "")


def _times(funnel: Funnel) -> str:
    unit = funnel.resolution
    whole = {"floor": "whole seconds", "round": "nearest seconds"}[funnel.settings.seconds]
    words = whole if unit == "second" else "milliseconds"
    return f"{words}; two steps in one {unit} count in either order"


def _measures(measures: Measures) -> Iterator[tuple[str, str]]:
    if measures.interval is not None:
        yield "interval", f"{measures.interval}, by the step-1 event"
    if measures.bins is not None:
        yield "bins", format_bins(measures.bins)
    if measures.sum_of is not None:
        yield "sum", f"{format_property(measures.sum_of)} of the event that filled the last step"
