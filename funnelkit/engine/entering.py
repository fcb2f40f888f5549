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


def interval_of(now: int, edges: Ints, interval: int) -> int:
    """Return the interval, `interval` or a later one, in which a time before the end lies."""
    last = interval
    stride = 1
    while last + stride < len(edges) and now >= edges[last + stride]:
        last += stride
        stride *= 2
    while stride > 0:
        if last + stride < len(edges) and now >= edges[last + stride]:
            last += stride
        stride //= 2
    return last


def interval_back(now: int, edges: Ints, interval: int) -> int:
    """Return the interval, `interval` or an earlier one, in which a time after the start lies."""
    first = interval
    stride = 1
    while first > 0 and now < edges[first]:
        first = max(first - stride, 0)
        stride *= 2
    return interval_of(now, edges, first)
