"""Attempts: how often did each side's users come, and what did the first attempt bring?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from funnelkit.comparison.cohorts import SECOND
from funnelkit.comparison.matters import changes_the_picture

if TYPE_CHECKING:
    from funnelkit.comparison.estimate import Estimate
    from funnelkit.comparison.likeness import Likeness
    from funnelkit.engine.entrants import Entrants

UNEQUAL = 0.05
"""Sides whose entries per unit differ by at least this share came differently often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """Entries per unit on each side, and the comparison with each unit's first entry only.

    `first` counts the entries that had a window of `window_seconds` before the data end.
    """

    name: ClassVar[str] = "attempts"

    entries_per_unit: tuple[float, float]
    window_seconds: float
    first: Estimate

    def to_dict(self) -> dict[str, Any]:
        """Return the line as plain JSON values."""
        baseline, against = self.entries_per_unit
        return {
            "entries_per_unit": {"baseline": baseline, "against": against},
            "window_seconds": self.window_seconds,
            "first_entry": self.first.to_dict(),
        }


def attempts(alike: Likeness) -> Attempts | None:
    """Return the line where the sides came differently often, or the first entries differ."""
    if alike.counted is None or alike.first is None:
        return None
    baseline, against = (_entries_per_unit(side) for side in alike.counted_entrants)
    unequal = abs(baseline - against) >= UNEQUAL * min(baseline, against)
    if not unequal and not changes_the_picture(alike.counted, alike.first):
        return None
    return Attempts(
        entries_per_unit=(baseline, against),
        window_seconds=alike.short_window / SECOND,
        first=alike.first,
    )


def _entries_per_unit(entrants: Entrants) -> float:
    return int(sum_of(entrants.entries)) / len(entrants)


def sum_of(numbers: Any) -> Any:
    """Return the sum of a list or of an array."""
    return sum(numbers) if isinstance(numbers, list) else numbers.sum(dtype="int64")
