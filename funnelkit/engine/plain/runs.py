"""Steps that one event may fit alike, and runs of steps that one second can fill (A10)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from funnelkit.model import ACTIVE_EVENT, ANY_EVENT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from funnelkit.model import Step

_WIDE = {ANY_EVENT, ACTIVE_EVENT}


@dataclass(frozen=True, slots=True)
class Runs:
    """Which runs of consecutive steps one second can fill (specification A10).

    Steps are numbered from 1. A run is `(first, last)`.
    """

    steps: tuple[Step, ...]

    def is_apart(self, number: int) -> bool:
        """Say whether no event that fits the step can fit an earlier one, by its type alone."""
        return all(_apart(self.steps[number - 1], step) for step in self.steps[: number - 1])

    def ending_at(self, last: int) -> list[tuple[int, int]]:
        """Return the runs that end at the step, the shortest first.

        A run ends where two steps in it cannot be filled in one second, since whatever fits the
        one fits the other. A step that is apart from all before it needs no run but itself.
        """
        runs = [(last, last)]
        if self.is_apart(last):
            return runs
        for first in range(last - 1, 0, -1):
            if any(self._never_together(first, other) for other in range(first + 1, last + 1)):
                break
            runs.append((first, last))
        return runs

    def starting_at(self, first: int) -> list[tuple[int, int]]:
        """Return the runs that start at the step, the longest first."""
        ends = range(len(self.steps), first - 1, -1)
        return [(first, last) for last in ends if (first, last) in self.ending_at(last)]

    def columns(self, entry: str) -> Iterator[str]:
        """Yield the expression of each run; `entry` is the condition on the event of step 1."""
        for last in range(1, len(self.steps) + 1):
            for first, _last in self.ending_at(last):
                filled = (
                    f"max(CASE WHEN {' AND '.join(self._alone(number, first, last, entry))} "
                    "THEN 1 ELSE 0 END) = 1"
                    for number in range(first, last + 1)
                )
                yield f"{' AND '.join(filled)} AS {fills(first, last)}"

    def terms(self) -> int:
        """Return the number of conditions in all columns together."""
        return sum(
            len(self._alone(number, first, last, ""))
            for end in range(1, len(self.steps) + 1)
            for first, last in self.ending_at(end)
            for number in range(first, last + 1)
        )

    def _alone(self, number: int, first: int, last: int, entry: str) -> list[str]:
        """Return the conditions of an event that fits the step and no other of the run."""
        step = self.steps[number - 1]
        others = (other for other in range(first, last + 1) if other != number)
        unfit = [f"NOT fits_{other}" for other in others if not _apart(step, self.steps[other - 1])]
        return [f"fits_{number}", *([entry] if number == 1 and entry else []), *unfit]

    def _never_together(self, left: int, right: int) -> bool:
        one, other = self.steps[left - 1], self.steps[right - 1]
        return _covers(one, other) or _covers(other, one)


def fills(first: int, last: int) -> str:
    """Return the name of the column that says whether one second fills the run of steps."""
    return f"fills_{last}" if first == last else f"fills_{first}_{last}"


def _apart(left: Step, right: Step) -> bool:
    """Say whether the event types alone keep the two steps apart."""
    ours = {selector.event_type for selector in left.events}
    theirs = {selector.event_type for selector in right.events}
    return _WIDE.isdisjoint(ours | theirs) and ours.isdisjoint(theirs)


def _covers(wide: Step, narrow: Step) -> bool:
    """Say whether whatever fits `narrow` is sure to fit `wide`."""
    return all(
        any(
            selector.event_type in (ANY_EVENT, needed.event_type)
            and set(selector.filters) <= set(needed.filters)
            for selector in wide.events
        )
        for needed in narrow.events
    )
