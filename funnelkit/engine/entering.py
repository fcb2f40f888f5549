"""Which rows may begin a conversion, and in which interval: for all kernels (see `match.py`)."""

from __future__ import annotations

from collections.abc import Sequence

Ints = Sequence[int]


def may_enter(
    us: Ints, mask: Ints, flags: Ints, row: int, segment: int, start: int, end: int
) -> bool:
    """Tell whether a row fits step 1 inside [start, end) and the segment (bit mask; 0: any)."""
    return (
        mask[row] & 1 != 0
        and start <= us[row] < end
        and (segment == 0 or flags[row] & segment != 0)
    )


def in_ticks(us: int, tick: int) -> int:
    """Return the start of the tick of a time; a division by a constant takes a quarter as long."""
    if tick == 1_000_000:  # noqa: PLR2004 - a second
        return us // 1_000_000 * 1_000_000
    if tick == 1_000:  # noqa: PLR2004 - a millisecond
        return us // 1_000 * 1_000
    return us // tick * tick


def intervals_per_microsecond(edges: Ints) -> float:
    """Return the inner edges' distance as `interval_at` takes it; 0 where there are too few."""
    inner = len(edges) - 2
    if inner > 1 and edges[inner] > edges[1]:
        return (inner - 1) / (edges[inner] - edges[1])
    return 0.0


def interval_at(now: int, edges: Ints, rate: float) -> int:
    """Return the interval in which a time between the first and the last edge lies.

    Days and hours are of one length as a rule, so a division finds them; what it misses is near.
    """
    last = len(edges) - 2
    interval = min(max(int((now - edges[1]) * rate) + 1, 0), last) if last > 0 else 0
    while now < edges[interval]:
        interval -= 1
    while now >= edges[interval + 1]:
        interval += 1
    return interval
