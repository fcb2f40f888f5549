"""Amplitude's significance of a difference between two conversions (specification A11f)."""

from __future__ import annotations

from dataclasses import dataclass
from math import copysign, inf, sqrt
from typing import TYPE_CHECKING

from funnelkit.stats.student import two_sided_p_value

if TYPE_CHECKING:
    from funnelkit.stats.proportion import Proportion

FEWEST_SAMPLES = 30
FEWEST_CONVERSIONS = 5
FEWEST_NON_CONVERSIONS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Significance:
    """Amplitude's number, 1 - p of a two-sided Welch t-test, and the samples it asks for.

    `value` is from 0 to 1; None where a side has a single unit. `too_few` names, side by side, what
    is missing to Amplitude's sample-size rules (30 samples, 5 conversions, 5 non-conversions);
    where it is not empty Amplitude does not judge. The number is only what it says for people who
    were randomly assigned; between two periods nobody was.
    """

    value: float | None
    too_few: tuple[str, ...] = ()

    @property
    def judged(self) -> bool:
        """Whether the samples are large enough for Amplitude to judge."""
        return not self.too_few


def significance(baseline: Proportion, against: Proportion) -> Significance:
    """Return Amplitude's significance; Welch with s² = p(1 - p) (assumption of A11f)."""
    sides = (("baseline", baseline), ("against", against))
    too_few = tuple(text for name, side in sides for text in _too_few(name, side))
    return Significance(value=_welch(baseline, against), too_few=too_few)


def _welch(baseline: Proportion, against: Proportion) -> float | None:
    if min(baseline.entered, against.entered) < 2:  # noqa: PLR2004 - one unit has no spread
        return None
    v1, v2 = baseline.variance, against.variance
    difference = against.share - baseline.share
    if v1 + v2 == 0:
        return 1 - two_sided_p_value(copysign(inf, difference), 1) if difference else 0.0
    # Welch-Satterthwaite.
    spread = v1 * v1 / (baseline.entered - 1) + v2 * v2 / (against.entered - 1)
    degrees = (v1 + v2) ** 2 / spread
    return 1 - two_sided_p_value(difference / sqrt(v1 + v2), degrees)


def _too_few(name: str, side: Proportion) -> list[str]:
    found = (
        (side.entered, FEWEST_SAMPLES, "sample"),
        (side.converted, FEWEST_CONVERSIONS, "conversion"),
        (side.entered - side.converted, FEWEST_NON_CONVERSIONS, "non-conversion"),
    )
    return [
        f"{name} has {count} {what}{'' if count == 1 else 's'}, fewer than {least}"
        for count, least, what in found
        if count < least
    ]
