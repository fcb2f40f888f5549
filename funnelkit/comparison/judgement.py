"""`--assert "lift > 0 points"`: pass, fail or undecided, judged on the interval."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from funnelkit.comparison.sentences import span
from funnelkit.errors import CheckFailed, DefinitionError
from funnelkit.result.words import points

if TYPE_CHECKING:
    from collections.abc import Sequence

    from funnelkit.comparison.result import ComparisonResult
    from funnelkit.specs.assertions import Assertion
    from funnelkit.stats.proportion import Interval

Outcome = Literal["pass", "fail", "undecided"]


def judgement(assertion: Assertion, interval: Interval) -> Outcome:
    """Return whether the claim is true of the whole interval, of none of it, or of a part."""
    if assertion.operator in {"==", "!="}:
        # An interval never proves equality; it can only rule it out.
        if assertion.value in interval:
            return "undecided"
        return "pass" if assertion.operator == "!=" else "fail"
    ends = [assertion.holds(bound) for bound in interval]
    return "pass" if all(ends) else "undecided" if any(ends) else "fail"


def check_claims(assertions: Sequence[Assertion]) -> None:
    """Refuse what no comparison can show, before any work is done.

    Raises:
        DefinitionError: an assertion is not about the lift of a step after the first.
    """
    for assertion in assertions:
        if assertion.metric != "lift":
            raise DefinitionError(
                f'{assertion}: a comparison asserts a lift, as in "lift > 0 points"; '
                "funnelkit report asserts the rest"
            )
        if assertion.step is not None and assertion.step < 2:  # noqa: PLR2004 - the first has none
            raise DefinitionError(f"{assertion}: a lift is that of step 2 or a later one")


def check_steps(result: ComparisonResult, assertions: Sequence[Assertion]) -> None:
    """Refuse assertions about a step that is not on both sides.

    Raises:
        DefinitionError: there is one.
    """
    steps = len(result.steps_alike) + 1
    for assertion in assertions:
        if assertion.step is not None and not 1 < assertion.step <= steps:
            raise DefinitionError(f"{assertion}: a lift is that of step 2 to {steps}")


def check_comparison(result: ComparisonResult, assertions: Sequence[Assertion]) -> None:
    """Hold every assertion against the 95 % interval of the lift.

    The interval uses the covariance of the people on both sides.

    Raises:
        DefinitionError: one is not about a lift, or about a step that is not there.
        CheckFailed: one fails or is undecided; the text names each.
    """
    check_claims(assertions)
    check_steps(result, assertions)
    failures = []
    for assertion in assertions:
        interval, shown = _interval(assertion, result)
        outcome = judgement(assertion, interval)
        if outcome == "fail":
            failures.append(f"{assertion} does not hold: the lift is {shown}")
        if outcome == "undecided":
            failures.append(f"{assertion} is undecided: the lift is {shown}")
    if failures:
        raise CheckFailed("\n       ".join(failures))


def _interval(assertion: Assertion, result: ComparisonResult) -> tuple[Interval, str]:
    steps = len(result.steps_alike) + 1
    step = steps if assertion.step is None else assertion.step
    lift = result.steps_alike[step - 2]
    if assertion.unit == "points":
        return lift.interval, f"{points(lift.difference)} points ({span(lift.interval)})"
    if lift.relative is None:
        return lift.relative_interval, "unknown: nobody converted on the side of the baseline"
    return (
        lift.relative_interval,
        f"{points(lift.relative)} percent of the baseline ({span(lift.relative_interval)})",
    )
