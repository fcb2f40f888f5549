"""How much conversions scatter from day to day, compared with chance alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from funnelkit.comparison.cohorts import DAY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from funnelkit.comparison.cohorts import Cohort
    from funnelkit.engine.entrants import Entrants

BLOCKS = 10


def scatter(groups: tuple[Entrants, Entrants], cohorts: tuple[Cohort, Cohort]) -> float:
    """Return the variance between blocks of days as a multiple of the binomial one, at least 1.

    Each period is cut into about ten blocks of whole days, and chi-square is summed over both
    sides, each around its own conversion, and divided by its degrees of freedom: the
    overdispersion of a p'-chart (Laney 2002, Quality Engineering 14, 531-537). Entrants must be
    counted once, so these are the first entries. Two blocks at least, or the answer is 1.
    """
    chi_square, degrees = 0.0, 0
    for entrants, cohort in zip(groups, cohorts, strict=True):
        blocks = _blocks(entrants, cohort)
        entered = sum(n for n, _ in blocks.values())
        converted = sum(x for _, x in blocks.values())
        if not 0 < converted < entered:
            continue
        share = converted / entered
        spread = share * (1 - share)
        chi_square += sum((x - n * share) ** 2 / (n * spread) for n, x in blocks.values())
        degrees += len(blocks) - 1
    return max(1.0, chi_square / degrees) if degrees else 1.0


def _blocks(entrants: Entrants, cohort: Cohort) -> Mapping[int, tuple[int, int]]:
    """Return (entered, converted) per block."""
    size = max(1, round(cohort.length / DAY / BLOCKS)) * DAY
    return count_by(entrants, origin=cohort.start, size=size)


def count_by(entrants: Entrants, *, origin: int, size: int) -> dict[int, tuple[int, int]]:
    """Return (entered, converted) per span of `size` microseconds, numbered from `origin`."""
    last: int = entrants.steps
    if isinstance(entrants.entered, list):
        counts: dict[int, tuple[int, int]] = {}
        for entered, reach in zip(entrants.entered, entrants.reach, strict=True):
            block = (entered - origin) // size
            n, x = counts.get(block, (0, 0))
            counts[block] = n + 1, x + (reach == last)
        return counts
    import numpy as np

    times: Any = entrants.entered
    blocks, inverse = np.unique((times - origin) // size, return_inverse=True)
    done = np.asarray(entrants.reach) == last
    entered_in = np.bincount(inverse).tolist()
    converted_in = np.bincount(inverse[done], minlength=len(blocks)).tolist()
    pairs = zip(entered_in, converted_in, strict=True)
    return dict(zip(blocks.tolist(), pairs, strict=True))
