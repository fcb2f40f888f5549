"""Same people: units that stand on both sides make the sides move together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from funnelkit.comparison.estimate import Estimate

LEAST_SHARE = 0.01
"""Of the smaller side: fewer shared units change no interval that anybody reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SamePeople:
    """Units on both sides, and the comparison whose interval uses their covariance."""

    name: ClassVar[str] = "same people"

    counted: Estimate

    @property
    def share(self) -> float:
        """The shared units as a share of the smaller side."""
        smaller = min(self.counted.baseline.entered, self.counted.against.entered)
        return self.counted.shared / smaller

    def to_dict(self) -> dict[str, Any]:
        """Return the line as plain JSON values."""
        return {"share_of_the_smaller_side": self.share, "with_covariance": self.counted.to_dict()}


def same_people(counted: Estimate) -> SamePeople | None:
    """Return the line where 1 % of the smaller side is on both, or the covariance settles 0."""
    line = SamePeople(counted=counted)
    apart = replace(counted, shared=0, covariance=0.0)
    settles = apart.excludes_no_change != counted.excludes_no_change
    return line if line.share >= LEAST_SHARE or settles else None
