"""What a funnel says that no definition of Amplitude's has words for, refused when writing."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from funnelkit.errors import UnsupportedError
from funnelkit.specs.amplitude.properties import USER
from funnelkit.specs.text import format_window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from funnelkit.model import Funnel


def refuse(reasons: Iterator[str], *, form: str) -> None:
    """Raise one `UnsupportedError` with all reasons, if there are any; `form` begins each line."""
    lines = [f"{form}: {reason}" for reason in reasons]
    if lines:
        raise UnsupportedError("\n".join(lines))


def unsaid(funnel: Funnel, *parts: Callable[[Funnel], object]) -> Iterator[str]:
    """Yield what neither charts nor the API can say, and what `parts` refuse to write.

    The name, the settings, the inactive events, the members of custom events and (in the API) the
    time zone belong to the project or to the reader, not to the definition: they are left out.
    """
    yield from _unsaid_steps(funnel)
    measures = funnel.measures
    refused = {
        "count_by = totals: how a definition says it is not known; choose it in the chart":
            funnel.count_by == "totals",
        "unit = session: hold the property [Amplitude] Session ID instead (window 366d)":
            funnel.unit == "session",
        "event_filters: no definition filters every event; write them into every step":
            bool(funnel.event_filters),
        f"window = {format_window(funnel.conversion_window)}: Amplitude counts it in whole seconds":
            bool(funnel.conversion_window % timedelta(seconds=1)),
        "time_to_convert: how a definition says it is not known; choose it in the chart":
            measures.time_to_convert or measures.bins is not None,
        "frequency: how a definition says it is not known; choose it in the chart":
            measures.frequency,
        "sum_of: how a definition says it is not known; choose it in the chart":
            measures.sum_of is not None,
        "by_age: Amplitude has no such view":
            measures.by_age,
    }  # fmt: skip
    yield from (reason for reason, is_so in refused.items() if is_so)
    for part in parts:
        try:
            part(funnel)
        except UnsupportedError as error:
            yield str(error)


def _unsaid_steps(funnel: Funnel) -> Iterator[str]:
    for number, step in enumerate(funnel.steps, start=1):
        if len(step.events) > 1:
            yield (
                f"step {number} is {step.label}: how a definition combines events is not known; "
                "give them a name in Amplitude, as a custom event"
            )
    if funnel.optional_step is not None:
        yield f"step {funnel.optional_step} is optional: write the funnel with it and without it"
    for compared in funnel.compared_events:
        yield f"{compared.event.label} is compared in step {compared.step}: write a funnel of each"


def group_type(funnel: Funnel) -> str:
    """Return the type of the groups that are counted, "User" for users.

    Raises:
        UnsupportedError: something else is counted.
    """
    unit = funnel.unit
    if isinstance(unit, str):
        return USER
    if unit.scope != "group" or unit.name == USER:
        raise UnsupportedError(
            f"unit = {unit.name!r}: Amplitude counts users or groups, not a property of the "
            f"{unit.scope}"
        )
    return unit.name
