"""Randomised comparison: the variants, and whether units were split as planned."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from funnelkit.errors import DataError, DefinitionError, did_you_mean
from funnelkit.model import NONE, Filter
from funnelkit.stats.split import ALARM, split_p_value

if TYPE_CHECKING:
    from funnelkit.comparison.estimate import Estimate
    from funnelkit.engine.entrants import Entrants
    from funnelkit.model import Funnel, Property

CONTROLS = ("control", "baseline", "original", "default", "off", "a", "0")
"""Names under which the baseline of an experiment usually runs, likeliest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleRatio:
    """The units of each variant against an even split.

    `p_value` is the chance of so uneven a split if every unit was assigned by the flip of a coin;
    below 0.001 it is a mismatch, and whatever caused it may also have caused the difference.
    `left_out` counts the units that entered without the value of either variant.
    """

    name: ClassVar[str] = "sample ratio"

    baseline: int
    against: int
    left_out: int = 0

    @property
    def p_value(self) -> float:
        """The p-value of the even split."""
        return split_p_value(self.baseline, self.against)

    @property
    def mismatch(self) -> bool:
        """Whether chance alone does not make so uneven a split."""
        return self.p_value < ALARM

    def to_dict(self) -> dict[str, Any]:
        """Return the line as plain JSON values."""
        return {
            "baseline": self.baseline,
            "against": self.against,
            "p_value": self.p_value,
            "mismatch": self.mismatch,
            "left_out": self.left_out,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class BothVariants:
    """Units that met both variants: each of them counts on both sides."""

    name: ClassVar[str] = "both variants"

    counted: Estimate

    @property
    def share(self) -> float:
        """The units with both variants as a share of the smaller side."""
        smaller = min(self.counted.baseline.entered, self.counted.against.entered)
        return self.counted.shared / smaller

    def to_dict(self) -> dict[str, Any]:
        """Return the line as plain JSON values."""
        return {
            "units": self.counted.shared,
            "share_of_the_smaller_side": self.share,
            "with_covariance": self.counted.to_dict(),
        }


def variants(by: Property, entrants: Entrants, labels: tuple[str, ...]) -> tuple[str, str]:
    """Return the two values of the property that name the variants, the baseline first.

    Raises:
        DataError: fewer than two values are there.
        DefinitionError: there are more than two.
    """
    counts: dict[str, int] = {}
    for code in entrants.label or ():
        counts[labels[code]] = counts.get(labels[code], 0) + 1
    counts.pop(NONE, None)
    found = sorted(counts, key=lambda value: (_rank(value), value))
    if len(found) < 2:  # noqa: PLR2004 - it takes two
        has = f"the value {found[0]!r} only" if found else "no value"
        raise DataError(f"the property {by.name!r} of step 1 has {has}; a comparison needs two")
    if len(found) > 2:  # noqa: PLR2004
        values = ", ".join(f"{value} ({counts[value]:,})" for value in found[:6])
        raise DefinitionError(
            f"the property {by.name!r} has {len(found)} values: {values}. Choose two: "
            f'--baseline-where "{by.name} is …" --against-where "{by.name} is …"'
        )
    return found[0], found[1]


def _rank(value: str) -> int:
    name = value.casefold()
    return CONTROLS.index(name) if name in CONTROLS else len(CONTROLS)


def variant_sides(funnel: Funnel, by: Property, names: tuple[str, str]) -> tuple[Funnel, Funnel]:
    """Return the funnel of each variant: step 1 filtered to its value."""

    def side(value: str) -> Funnel:
        first, *rest = funnel.steps
        return replace(funnel, steps=(first.where(Filter(by, "is", (value,))), *rest))

    return side(names[0]), side(names[1])


def check_property(by: Property, known: list[str]) -> None:
    """Refuse a property that no event has.

    Raises:
        DefinitionError: the property is unknown.
    """
    if by.name not in known:
        hint = did_you_mean(by.name, known)
        raise DefinitionError(f"no event has the {by.scope} property {by.name!r}.{hint}")
