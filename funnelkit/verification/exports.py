"""What no export of events contains, so that no local count can check it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelkit.model import CUSTOM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from funnelkit.model import Funnel
    from funnelkit.result import FunnelResult
    from funnelkit.verification.checks import Comparison


def not_checkable(funnel: Funnel, result: FunnelResult, comparison: Comparison) -> Iterator[str]:
    """Yield each part of a definition that depends on what only Amplitude knows."""
    for segment in funnel.segments:
        for cohort in segment.cohorts:
            yield (
                f"the cohort {cohort.path} of {segment.name}: exports do not say who was in it "
                "when Amplitude answered"
            )
    used = {one.event_type for one in funnel.selectors()}
    for custom in funnel.custom_events:
        if CUSTOM + custom.name in used:
            yield (
                f"the custom event {custom.name!r}: exports hold its members, not how Amplitude "
                "defined it when it answered"
            )
    expected = {
        check.measure.step
        for check in comparison.checks
        if check.measure.metric == "count" and check.expected and not check.found
    }
    unknown = [warning for warning in result.warnings if "no event of the type" in warning]
    for number, step in enumerate(funnel.steps, 1):
        if number in expected and any(one.startswith(f"step {number}:") for one in unknown):
            yield (
                f"the name {step.label!r} of step {number}: if it is a display name, exports hold "
                "another, that under which the events were sent"
            )
    for name in sorted(_derived(funnel)):
        yield f"the property {name!r}: Amplitude derives it, exports do not hold it"


def _derived(funnel: Funnel) -> set[str]:
    """Return the names of properties that Amplitude's own prefixes mark as computed."""
    properties = [
        condition.property for selector in funnel.selectors() for condition in selector.filters
    ]
    properties += [
        condition.property for segment in funnel.segments for condition in segment.filters
    ]
    properties += [*funnel.hold, *(funnel.group_by.properties if funnel.group_by else ())]
    return {
        prop.name for prop in properties if prop.name.startswith(("derived:", "dp:", "[Derived]"))
    }
