"""When a line is worth a reader's time (the thresholds of docs/compare.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from funnelkit.comparison.estimate import Estimate

MOVED = 0.005
"""Half a point: a difference that moves by less reads the same."""


def changes_the_picture(counted: Estimate, other: Estimate) -> bool:
    """Return whether `other` moves the difference by half a point or settles 0 differently."""
    moved = abs(other.difference - counted.difference)
    return moved >= MOVED or other.excludes_no_change != counted.excludes_no_change
