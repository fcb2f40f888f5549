"""What a chart says beside its marks: the conversion, and how it was counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelkit.result.percent import percent
from funnelkit.result.words import count, duration
from funnelkit.specs.text import (
    format_events,
    format_exclusion,
    format_filters,
    format_period,
    format_property,
    format_window,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from funnelkit.model import Funnel
    from funnelkit.result import Series


def converted(series: Series, funnel: Funnel) -> str:
    """Return the conversion of the whole funnel: `23.8 % converted, 464 of 1,951 users`."""
    if not series.counts[0]:
        return f"No {funnel.noun}s did step 1"
    entered = units(series.counts[0], funnel)
    if len(series.steps) == 1:
        return f"{entered} did step 1"
    return f"{percent(series.conversion)} converted, {count(series.counts[-1])} of {entered}"


def units(number: int, funnel: Funnel) -> str:
    """Return so many of what is counted: `1 user`, `1,951 users`."""
    return f"{count(number)} {funnel.noun}{'' if number == 1 else 's'}"


def whole_time(series: Series) -> str:
    """Return the times of the whole funnel, nothing where nobody converted."""
    if series.average_seconds is None or len(series.steps) == 1:
        return ""
    return (
        f"{duration(series.average_seconds)} from first to last step on average, median "
        f"{duration(series.median_seconds)} (converters only)"
    )


def counted(funnel: Funnel) -> Iterator[str]:
    """Yield in a line or more what decides the numbers."""
    unit = f"unique {funnel.noun}s" if funnel.count_by == "uniques" else "totals"
    parts = [unit, f"{funnel.order} order", f"within {format_window(funnel.conversion_window)}"]
    if funnel.period.start is not None or funnel.period.end is not None:
        parts.append(f"step 1 in {format_period(funnel.period)}")
    yield " · ".join(parts)
    for number, step in enumerate(funnel.steps, 1):
        if len(step.events) == 1 and (filters := step.events[0].filters):
            yield f"step {number} where {format_filters(filters)}"
        elif any(event.filters for event in step.events):
            yield f"step {number}: {format_events(step.events)}"
    if funnel.event_filters:
        yield f"only events where {format_filters(funnel.event_filters)}"
    if funnel.hold:
        yield f"held constant: {', '.join(map(format_property, funnel.hold))}"
    for exclusion in funnel.exclusions:
        yield f"excluded: {format_exclusion(exclusion)}"
    if funnel.users != "active":
        yield "new users only"


def in_words(series: Series) -> str:
    """Return the steps in a sentence, for those who do not see the picture."""
    steps = "; ".join(
        f"step {step.step}, {step.event}: {count(step.count)}, "
        f"{percent(step.conversion_from_start)}"
        for step in series.steps
    )
    return f"{series.name}: {steps}."
