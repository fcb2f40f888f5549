"""Self-selection: a filter on one side is a choice that users made themselves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from funnelkit.comparison.cohorts import enter
from funnelkit.comparison.estimate import estimate, share_to_dict, units_on_both_sides
from funnelkit.comparison.sides import EVERYBODY
from funnelkit.stats.proportion import Proportion

if TYPE_CHECKING:
    from funnelkit.comparison.cohorts import Cohort, Pair
    from funnelkit.comparison.estimate import Estimate
    from funnelkit.comparison.sides import Sides
    from funnelkit.engine.rows import StepRows


@dataclass(frozen=True, slots=True, kw_only=True)
class Complement:
    """The entries of a filtered side that fail its filter.

    `in_both` counts the units that have entries of either kind, and so stand in both rows.
    """

    side: str
    conversion: Proportion
    in_both: int

    def to_dict(self) -> dict[str, Any]:
        """Return the complement as plain JSON values."""
        return {
            "side": self.side,
            "conversion": share_to_dict(self.conversion),
            "units_in_both": self.in_both,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfSelection:
    """The comparison without the filters that belong to one side only, and what they left out."""

    name: ClassVar[str] = "self-selection"

    unfiltered: Estimate
    complements: tuple[Complement, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the line as plain JSON values."""
        return {
            "unfiltered": self.unfiltered.to_dict(),
            "complements": [complement.to_dict() for complement in self.complements],
        }


def self_selection(
    rows: StepRows, sides: Sides, pair: Pair, *, window: int
) -> SelfSelection | None:
    """Return the line where a filter of one side leaves entries out, counted as Amplitude does."""
    if not any(sides.filters):
        return None
    everybody = pair.for_everybody(EVERYBODY)
    unfiltered = estimate(*(enter(rows, side, window=window) for side in everybody.sides))
    if unfiltered is None:
        return None
    named = zip(("baseline", "against"), pair.sides, sides.filters, strict=True)
    complements = tuple(
        found
        for name, cohort, filters in named
        if filters and (found := _complement(rows, name, cohort, window=window)) is not None
    )
    return SelfSelection(unfiltered=unfiltered, complements=complements) if complements else None


def _complement(rows: StepRows, name: str, cohort: Cohort, *, window: int) -> Complement | None:
    """Return what the filter of a side left out; None where every entry passes it."""
    inside = enter(rows, cohort, window=window)
    outside = enter(turned(rows, cohort.segment), cohort, window=window)
    if not outside:
        return None
    return Complement(
        side=name,
        conversion=Proportion(outside.counts()[-1], len(outside)),
        in_both=units_on_both_sides(inside, outside),
    )


def turned(rows: StepRows, segment: int) -> StepRows:
    """Return the rows with one segment turned into its opposite: the events that fail it."""
    bit = 1 << segment

    def turn(flags: Any) -> Any:
        return [flag ^ bit for flag in flags] if isinstance(flags, list) else flags ^ bit

    buckets = [replace(bucket, flags=turn(bucket.flags)) for bucket in rows.buckets]
    return replace(rows, buckets=buckets)
