"""The A/B view: variants against a baseline, as Amplitude judges them (specification A11f)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from funnelkit.stats.proportion import Proportion
from funnelkit.stats.ratio import relative_lift
from funnelkit.stats.significance import significance, too_few

if TYPE_CHECKING:
    from collections.abc import Sequence

    from funnelkit.stats.significance import TTest, Variance

SIGNIFICANT = 0.95
"""Above this Amplitude calls a result significant: one false alarm in twenty, not adjustable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AbRow:
    """One variant: its units, those that converted, and how it compares with the baseline.

    `improvement` is (p - p of the baseline) ÷ p of the baseline, None for the baseline itself and
    where nobody converted there. `significance` is 1 - p of the t-test, from 0 to 1; where it is
    None, `not_judged` says why.
    """

    name: str
    count: int
    converted: int
    conversion: float | None
    improvement: float | None = None
    significance: float | None = None
    not_judged: tuple[str, ...] = ()

    @property
    def significant(self) -> bool | None:
        """Whether it differs from the baseline by Amplitude's rule; None where it is not judged."""
        return None if self.significance is None else self.significance > SIGNIFICANT

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        found = {name: getattr(self, name) for name in self.__slots__}
        return found | {"significant": self.significant, "not_judged": list(self.not_judged)}


@dataclass(frozen=True, slots=True, kw_only=True)
class AbTest:
    """All variants in the order in which they were given; `rows[baseline]` is the baseline.

    The number says what it says for units that were assigned by chance, and only there.
    """

    rows: tuple[AbRow, ...]
    baseline: int

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "baseline": self.rows[self.baseline].name,
            "rows": [row.to_dict() for row in self.rows],
        }


def ab_test(
    variants: Sequence[tuple[str, int, int]],
    *,
    baseline: int = 0,
    t_test: TTest = "welch",
    variance: Variance = "n",
) -> AbTest:
    """Compare each variant (name, units that entered, units that converted) with the baseline.

    Only the best variant is judged: the one beside the baseline that converts best, whether better
    or worse than the baseline, and the first of equals. It is judged if it and the baseline have 30
    samples, 5 conversions and 5 non-conversions each. Units are unique ones: of paths counted by
    totals one user makes several, which no t-test knows.

    Raises:
        ValueError: the baseline is not among the variants, or more convert than enter.
    """
    if not 0 <= baseline < len(variants):
        raise ValueError(f"the baseline is one of {len(variants)} variants; got {baseline}")
    sides = [
        Proportion(converted, entered) if entered or converted else None
        for _, entered, converted in variants
    ]
    base = sides[baseline]
    others = {k: side.share for k, side in enumerate(sides) if side and k != baseline}
    best = max(others, key=others.__getitem__, default=None)
    missing = [too_few(name, entered=n, converted=x) for name, n, x in variants]
    rows = []
    for k, ((name, entered, converted), side) in enumerate(zip(variants, sides, strict=True)):
        judged = None
        reasons = missing[baseline] + missing[k]
        if k == baseline:
            reasons = ("it is the baseline",)
        elif k != best:
            reasons = reasons or ("only the best variant is judged",)
        elif base and side and not reasons:
            judged = significance(base, side, t_test=t_test, variance=variance).value
        rows.append(
            AbRow(
                name=name,
                count=entered,
                converted=converted,
                conversion=side.share if side else None,
                improvement=relative_lift(base, side) if base and side and k != baseline else None,
                significance=judged,
                not_judged=reasons,
            )
        )
    return AbTest(rows=tuple(rows), baseline=baseline)
