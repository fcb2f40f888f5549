"""The window with which the numbers are the expected ones, whatever it is."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from funnelkit.specs.text import format_window
from funnelkit.verification.reconciliation.definition import with_window
from funnelkit.verification.reconciliation.explanation import FEW
from funnelkit.verification.reconciliation.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Callable

    from funnelkit.model import Funnel
    from funnelkit.verification.reconciliation.search import Answer

LONGEST: Final = 366 * 86_400
ROUND: Final = (86_400, 3_600, 1_800, 900, 600, 300, 60, 10, 1)
"""Seconds of which a window is a multiple, the roundest first."""


def fitted_window(
    funnel: Funnel, ask: Callable[..., Answer | None], base: Answer
) -> Reading | None:
    """Return the reading with a window of any length that gives the expected counts, if one may.

    A longer window never lowers the counts of uniques, so it is found by halving. It is not looked
    for where another window cannot be the cause: step 1 differs, some counts are too high and
    others too low, or fewer than `FEW` numbers differ, which some window nearly always fits.
    """
    if funnel.count_by != "uniques" or not _may_be_a_window(base):
        return None
    wanted = sum(check.expected or 0 for check in base.checks if check.measure.metric == "count")

    def total(seconds: int) -> float:
        same = timedelta(seconds=seconds) == funnel.conversion_window
        answer = base if same else ask((_reading(funnel, seconds, ""),))
        if answer is None:  # no window of this funnel
            return -1
        return sum(check.found or 0 for check in answer.checks if check.measure.metric == "count")

    low = _first(lambda seconds: total(seconds) >= wanted)
    if low > LONGEST or total(low) != wanted:
        return None
    high = _first(lambda seconds: total(seconds) > wanted) - 1
    unit = next(unit for unit in ROUND if -(-low // unit) * unit <= high)
    span = "" if low == high else f" (any from {_text(low)} to {_text(high)} does)"
    return _reading(funnel, -(-low // unit) * unit, span)


def _may_be_a_window(base: Answer) -> bool:
    differing = [check for check in base.checks if check.verdict != "pass"]
    counts = [check for check in differing if check.measure.metric == "count"]
    if len(differing) < FEW or any(check.measure.step == 1 for check in counts):
        return False
    signs = {(check.found or 0) > (check.expected or 0) for check in counts}
    return len(signs) == 1


def _first(holds: Callable[[int], bool]) -> int:
    """Return the least number of seconds from which on something holds; more than all if never."""
    low, high = 1, LONGEST + 1
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low


def _reading(funnel: Funnel, seconds: int, more: str) -> Reading:
    window = timedelta(seconds=seconds)
    return Reading(
        family="window",
        words=f"window {_text(seconds)} instead of {format_window(funnel.conversion_window)}{more}",
        change=partial(with_window, window=window),
        likely=2,
        fitted=1,
    )


def _text(seconds: int) -> str:
    return format_window(timedelta(seconds=seconds))
