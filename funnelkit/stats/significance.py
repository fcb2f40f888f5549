"""Amplitude's significance of a difference between two conversions (specification A11f)."""

from __future__ import annotations

from dataclasses import dataclass
from math import copysign, inf, sqrt
from typing import TYPE_CHECKING, Literal

from funnelkit.stats.student import two_sided_p_value

if TYPE_CHECKING:
    from funnelkit.stats.proportion import Proportion

FEWEST_SAMPLES = 30
FEWEST_CONVERSIONS = 5
FEWEST_NON_CONVERSIONS = 5

TTest = Literal["welch", "pooled"]
Variance = Literal["n", "n - 1"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Significance:
    """Amplitude's number, 1 - p of a two-sided t-test, and the samples it asks for.

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


def significance(
    baseline: Proportion,
    against: Proportion,
    *,
    t_test: TTest = "welch",
    variance: Variance = "n",
) -> Significance:
    """Return Amplitude's significance; by default Welch with s² = p(1 - p) (assumption of A11f).

    With `variance` "n - 1" it is s² = p(1 - p) n / (n - 1). A pooled test takes the two s² together
    with n - 1 as their weights (Student).
    """
    missing = too_few("baseline", entered=baseline.entered, converted=baseline.converted)
    missing += too_few("against", entered=against.entered, converted=against.converted)
    return Significance(value=_value(baseline, against, t_test, variance), too_few=missing)


def too_few(name: str, *, entered: int, converted: int) -> tuple[str, ...]:
    """Return in words what is missing to Amplitude's sample-size rules; nothing if it is enough."""
    found = (
        (entered, FEWEST_SAMPLES, "sample"),
        (converted, FEWEST_CONVERSIONS, "conversion"),
        (entered - converted, FEWEST_NON_CONVERSIONS, "non-conversion"),
    )
    return tuple(
        f"{name} has {count} {what}{'' if count == 1 else 's'}, fewer than {least}"
        for count, least, what in found
        if count < least
    )


def _value(
    baseline: Proportion, against: Proportion, t_test: TTest, variance: Variance
) -> float | None:
    n1, n2 = baseline.entered, against.entered
    if min(n1, n2) < 2:  # noqa: PLR2004 - one unit has no spread
        return None
    difference = against.share - baseline.share
    s1, s2 = _spread(baseline, variance), _spread(against, variance)
    if s1 + s2 == 0:
        return 1 - two_sided_p_value(copysign(inf, difference), 1) if difference else 0.0
    if t_test == "pooled":
        degrees = float(n1 + n2 - 2)
        pooled = ((n1 - 1) * s1 + (n2 - 1) * s2) / degrees
        error = sqrt(pooled * (1 / n1 + 1 / n2))
    else:
        v1, v2 = s1 / n1, s2 / n2
        # Welch-Satterthwaite.
        degrees = (v1 + v2) ** 2 / (v1 * v1 / (n1 - 1) + v2 * v2 / (n2 - 1))
        error = sqrt(v1 + v2)
    return 1 - two_sided_p_value(difference / error, degrees)


def _spread(side: Proportion, variance: Variance) -> float:
    """Return the variance of a single unit's conversion."""
    spread = side.share * (1 - side.share)
    return spread if variance == "n" else spread * side.entered / (side.entered - 1)
