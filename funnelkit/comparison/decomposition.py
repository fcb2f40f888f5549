"""A difference split into a change of the mix and changes within the groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from funnelkit.engine.entrants import Entrants
    from funnelkit.model import Property


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One group: its share of each side, its conversions, and what it adds to the difference.

    A conversion is None where the group has nobody on that side; the conversion of the other side
    then stands for it, so that the whole of the group's part is mix.
    """

    value: str
    entered: tuple[int, int]
    converted: tuple[int, int]
    shares: tuple[float, float]
    mix: float
    within: float

    @property
    def conversions(self) -> tuple[float | None, float | None]:
        """The conversion of the group on each side."""
        (n1, n2), (x1, x2) = self.entered, self.converted
        return x1 / n1 if n1 else None, x2 / n2 if n2 else None

    def to_dict(self) -> dict[str, Any]:
        """Return the group as plain JSON values."""
        sides = {}
        for k, name in enumerate(("baseline", "against")):
            sides[name] = {
                "entered": self.entered[k],
                "converted": self.converted[k],
                "conversion": self.conversions[k],
                "share": self.shares[k],
            }
        return {"value": self.value} | sides | {"mix": self.mix, "within": self.within}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decomposition:
    """The difference as the sum of `mix` and `within`, over the values of one property.

    With the share w and the conversion r of group g on either side,

        difference = Σ (w₂ - w₁)(r₁ + r₂)/2  +  Σ (r₂ - r₁)(w₁ + w₂)/2
                     the mix                    within the groups

    Kitagawa (1955), Journal of the American Statistical Association 50, 1168-1194. The value is
    that of the step-1 event of each unit's chosen conversion (specification A9).
    """

    by: Property
    parts: tuple[Part, ...]

    @property
    def mix(self) -> float:
        """What the change of the groups' shares adds to the difference, a fraction."""
        return sum(part.mix for part in self.parts)

    @property
    def within(self) -> float:
        """What the changes inside the groups add to the difference, a fraction."""
        return sum(part.within for part in self.parts)

    def to_dict(self) -> dict[str, Any]:
        """Return the decomposition as plain JSON values."""
        return {
            "property": {"name": self.by.name, "scope": self.by.scope},
            "mix": self.mix,
            "within": self.within,
            "groups": [part.to_dict() for part in self.parts],
        }


def decomposition(
    by: Property, baseline: Entrants, against: Entrants, *, labels: Sequence[str]
) -> Decomposition:
    """Return the decomposition over the labels of the entrants, largest groups first."""
    before, after = _counts(baseline), _counts(against)
    totals = len(baseline), len(against)
    parts = [
        _part(labels[code], before.get(code, (0, 0)), after.get(code, (0, 0)), totals)
        for code in sorted(before.keys() | after.keys())
    ]
    parts.sort(key=lambda part: (-sum(part.entered), part.value))
    return Decomposition(by=by, parts=tuple(parts))


def _part(
    value: str, before: tuple[int, int], after: tuple[int, int], totals: tuple[int, int]
) -> Part:
    (n1, x1), (n2, x2) = before, after
    w1, w2 = n1 / totals[0], n2 / totals[1]
    r1 = x1 / n1 if n1 else x2 / n2
    r2 = x2 / n2 if n2 else r1
    return Part(
        value=value,
        entered=(n1, n2),
        converted=(x1, x2),
        shares=(w1, w2),
        mix=(w2 - w1) * (r1 + r2) / 2,
        within=(r2 - r1) * (w1 + w2) / 2,
    )


def _counts(entrants: Entrants) -> dict[int, tuple[int, int]]:
    """Return (entered, converted) per label code."""
    label: Any = entrants.label
    if isinstance(label, list):
        found: dict[int, tuple[int, int]] = {}
        for code, reach in zip(label, entrants.reach, strict=True):
            n, x = found.get(code, (0, 0))
            found[code] = n + 1, x + (reach == entrants.steps)
        return found
    import numpy as np

    codes, inverse = np.unique(label, return_inverse=True)
    done = np.asarray(entrants.reach) == entrants.steps
    entered = np.bincount(inverse).tolist()
    converted = np.bincount(inverse[done], minlength=len(codes)).tolist()
    return dict(zip(codes.tolist(), zip(entered, converted, strict=True), strict=True))
