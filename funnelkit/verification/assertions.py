"""Assertions on a report: `conversion >= 30%`, `step 3 >= 400 users`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelkit.errors import CheckFailed, DefinitionError
from funnelkit.specs.assertions import COUNTED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from funnelkit.model import Funnel
    from funnelkit.result import FunnelResult, Series
    from funnelkit.specs.assertions import Assertion


def check_meaning(assertions: Sequence[Assertion], funnel: Funnel) -> None:
    """Raise `DefinitionError` where an assertion is about something that a report has not."""
    for assertion in assertions:
        _check_meaning(assertion, steps=len(funnel.steps), unit=f"{funnel.noun}s")


def check_report(result: FunnelResult, assertions: Sequence[Assertion]) -> None:
    """Hold every assertion against every segment.

    Raises:
        DefinitionError: one is about something that the report has not.
        CheckFailed: one does not hold, or has nothing to hold against; the text names each.
    """
    check_meaning(assertions, result.funnel)
    failures = [
        failure
        for segment in result.segments
        for assertion in assertions
        if (failure := _failure(assertion, segment)) is not None
    ]
    if failures:
        raise CheckFailed("\n       ".join(failures))


def _check_meaning(assertion: Assertion, *, steps: int, unit: str) -> None:
    if assertion.metric == "lift":
        raise DefinitionError(f"{assertion}: a lift is between two periods, see funnelkit compare")
    if assertion.step is not None and assertion.step > steps:
        raise DefinitionError(f"{assertion}: the funnel has {steps} steps")
    if assertion.unit in COUNTED and assertion.unit != unit:
        raise DefinitionError(f"{assertion}: the report counts {unit}")


def _failure(assertion: Assertion, series: Series) -> str | None:
    if assertion.step is not None and assertion.step > len(series.steps):
        return f"{assertion} cannot hold in {series.name}: it has {len(series.steps)} steps"
    value = value_of(assertion, series)
    if value is None:
        return f"{assertion} cannot hold in {series.name}: nobody got there"
    if assertion.holds(value):
        return None
    unit = assertion.unit.removesuffix("s") if value == 1 else assertion.unit
    shown = f"{100 * value:.10g}%" if assertion.unit == "%" else f"{value:.10g} {unit}"
    return f"{assertion} does not hold in {series.name}: it is {shown}"


def value_of(assertion: Assertion, series: Series) -> float | None:
    """Return the number that the assertion is about, in the assertion's scale."""
    of = series if assertion.step is None else series.steps[assertion.step - 1]
    match assertion.metric:
        case "average time":
            return of.average_seconds
        case "median time":
            return of.median_seconds
    step = series.steps[-1 if assertion.step is None else assertion.step - 1]
    match assertion.metric:
        case "conversion":
            return step.conversion_from_start
        case "drop-off":
            return step.drop_off
        case _:
            return step.count
