"""The kernel for this order: for each unit, the conversion that Amplitude would choose.

Other kernels serve exact order and exclusions (`strict.py`), any order (`any_order.py`) and totals
(`totals.py`); what follows holds for all of them.

A kernel knows nothing of names, files or engines. Rows are grouped by unit and ordered by time
inside a unit; `starts[u]` to `starts[u + 1]` are the rows of unit u. Row r happened at `us[r]`
microseconds, `mask[r]` has bit k set where the event fits step k (counted from 0 here), and
`flags[r]` tells which segments the event belongs to. `edges` are instants that part the range of
dates into intervals; a conversion belongs to the interval of its entry, and each unit has one in
each interval that it entered in. The answer is *positions*: the row that filled each step.

Everything is plain Python over anything that can be indexed, and the same source compiled by numba
(see `kernel.py`) serves large inputs: write nothing here that only one of the two understands.

Rules: specification A1 (this order), A2 (longest, then first), A3 (the window starts at step 1 and
is inclusive), A10 (times are compared in ticks of a second or a millisecond; inside one tick, steps
are filled in either order, by events none of which fits another of the steps filled there).
"""

from __future__ import annotations

from collections.abc import MutableSequence, Sequence

Ints = Sequence[int]
Slots = MutableSequence[int]


def may_enter(
    us: Ints, mask: Ints, flags: Ints, row: int, segment: int, start: int, end: int
) -> bool:
    """Tell whether a row fits step 1 inside [start, end) and the segment (bit mask; 0: any)."""
    return (
        mask[row] & 1 != 0
        and start <= us[row] < end
        and (segment == 0 or flags[row] & segment != 0)
    )


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


def reach_in_tick(
    us: Ints, mask: Ints, flags: Ints, first: int, stop: int, step: int, steps: int,
    segment: int, start: int, end: int,
) -> int:  # fmt: skip
    """Return the last step that the rows first..stop of one tick fill, beginning with `step`.

    Steps `step`..j can be filled iff each of them has an event that fits it and no other of them.
    Fewer steps are always possible where more are, so the search stops at the first failure.
    """
    reached = step - 1
    for last in range(step, steps):
        wanted = (2 << last) - (1 << step)
        found = 0
        for row in range(first, stop):
            fits = mask[row] & wanted
            if fits & (fits - 1) == 0 and (
                fits != 1 or may_enter(us, mask, flags, row, segment, start, end)
            ):
                found |= fits
        if found != wanted:
            break
        reached = last
    return reached


def match_units(
    starts: Ints, us: Ints, mask: Ints, flags: Ints,
    steps: int, tick: int, window: int,
    segment: int, edges: Ints, until: int, first_only: int,
    latest: Slots, pointer: Slots, anchor: Slots, memo_row: Slots, memo_reach: Slots,
    out_unit: Slots, out_interval: Slots, out_reach: Slots, out_entries: Slots, out_rows: Slots,
) -> int:  # fmt: skip
    """Fill the out columns with one line per unit and interval; return how many there are.

    Entries are rows that `may_enter` between the first and the last of `edges`; that of interval i
    lie in [edges[i], edges[i + 1]), and only the outer edges may part a tick. Rows at or after
    `until` do not exist; `first_only` lets only the first entry of an interval start a conversion.
    `latest` to `memo_reach` are scratch of `steps` slots. `out_entries` counts the ticks with an
    entry. `out_rows[line * steps + k]` is the row that filled step k, for k below
    `out_reach[line]`, else -1. All times are in microseconds; `window` is a multiple of `tick`.

    A first pass finds the lines, and keeps for each step the latest entry from which it has been
    reached: the window runs from the entry, so the latest is as good as any. Where no event fits
    two steps and no two events are closer than a tick, that is the reach, and the second pass may
    stop at it.

    The second pass tries the entries in turn. From each, the earliest possible event is taken for
    each next step: that reaches as far as any choice. Later entries never need earlier rows than
    the ones before them did, so each step has one pointer that only moves forward. Both passes
    together are O(rows * steps) for a unit, whatever its entries.
    """
    lines = 0
    intervals = len(edges) - 1
    start = edges[0]
    end = edges[intervals]
    for unit in range(len(starts) - 1):
        low = starts[unit]
        high = starts[unit + 1]
        overlap = 0
        crowded = 0
        furthest = 0
        tick_end = 0
        interval = 0
        close = start
        after_lines = lines
        for r in range(low, high):
            now = us[r]
            if now >= until:
                high = r
                break
            if r > low and now - us[r - 1] < tick:
                crowded = 1
            fits = mask[r]
            overlap |= fits & (fits - 1)
            if fits & 1 != 0:
                if may_enter(us, mask, flags, r, segment, start, end):
                    if furthest == 0:
                        furthest = 1
                    if after_lines == lines or now >= close:
                        interval = interval_of(now, edges, interval)
                        close = edges[interval + 1]
                        out_unit[after_lines] = unit
                        out_interval[after_lines] = interval
                        out_entries[after_lines] = 0
                        out_rows[after_lines * steps] = r
                        after_lines += 1
                        tick_end = now
                    if now >= tick_end:
                        out_entries[after_lines - 1] += 1
                        tick_end = now // tick * tick + tick
                    latest[0] = tick_end
            elif furthest > 0:
                k = 1
                while fits >> k != 1 and k < furthest:
                    k += 1
                if fits >> k == 1 and k <= furthest and now < latest[k - 1] + window:
                    latest[k] = latest[k - 1]
                    if k == furthest:
                        furthest += 1
        if after_lines == lines:
            continue

        target = steps if overlap != 0 or crowded != 0 else furthest
        for k in range(steps):
            pointer[k] = low
            memo_row[k] = -1
        while lines < after_lines:
            base = lines * steps
            row = out_rows[base]
            close = edges[out_interval[lines] + 1]
            best = 0
            while best < target and row < high and us[row] < close:
                entered = us[row] // tick * tick
                limit = entered + window + tick
                reached = 1
                if overlap == 0:
                    # No event fits two steps: any of the tick or later will do for the next.
                    anchor[0] = row
                    earliest = entered
                    for k in range(1, target):
                        r = pointer[k]
                        while r < high and (mask[r] & (1 << k) == 0 or us[r] < earliest):
                            r += 1
                        pointer[k] = r
                        if r == high:
                            target = k  # later entries will not find this step either
                            break
                        if us[r] >= limit:
                            break
                        anchor[k] = r
                        earliest = us[r] // tick * tick
                        reached = k + 1
                else:
                    k = 0
                    r = row
                    while True:
                        # Row r is the first of its tick that fits step k: how far does the
                        # tick lead?
                        anchor[k] = r
                        if memo_row[k] == r:
                            last = memo_reach[k]
                        else:
                            floor = us[r] // tick * tick
                            first = r
                            while first > low and us[first - 1] >= floor:
                                first -= 1
                            stop = r
                            while stop < high and us[stop] < floor + tick:
                                stop += 1
                            last = reach_in_tick(
                                us, mask, flags, first, stop, k, steps, segment, start, end
                            )
                            memo_row[k] = r
                            memo_reach[k] = last
                        for q in range(k + 1, last + 1):
                            anchor[q] = -1
                        k = last + 1
                        reached = k
                        if k == steps:
                            break
                        after = us[r] // tick * tick + tick
                        r = pointer[k]
                        while r < high and (mask[r] & (1 << k) == 0 or us[r] < after):
                            r += 1
                        pointer[k] = r
                        if r == high or us[r] >= limit:
                            break
                if reached > best:
                    best = reached
                    for k in range(steps):
                        out_rows[base + k] = anchor[k] if k < best else -1
                if first_only != 0:
                    break
                row += 1
                while row < high and (
                    us[row] < entered + tick
                    or not may_enter(us, mask, flags, row, segment, start, end)
                ):
                    row += 1

            if overlap != 0:
                settle_rows(
                    us, mask, flags, low, high, tick, segment, start, end, best, base, out_rows
                )
            out_reach[lines] = best
            lines += 1
    return lines


def settle_rows(
    us: Ints, mask: Ints, flags: Ints, low: int, high: int, tick: int,
    segment: int, start: int, end: int, reached: int, base: int, out_rows: Slots,
) -> None:  # fmt: skip
    """Replace the anchors of a conversion by the first row of the tick that may fill each step.

    An anchor is a row of the tick in which a run of steps was filled; the steps after the first of
    a run bear -1.
    """
    step = 0
    while step < reached:
        floor = us[out_rows[base + step]] // tick * tick
        first = out_rows[base + step]
        while first > low and us[first - 1] >= floor:
            first -= 1
        after = step + 1
        while after < reached and out_rows[base + after] < 0:
            after += 1
        wanted = (1 << after) - (1 << step)
        for k in range(step, after):
            row = first
            while row < high and us[row] < floor + tick:
                if mask[row] & wanted == 1 << k and (
                    k > 0 or may_enter(us, mask, flags, row, segment, start, end)
                ):
                    out_rows[base + k] = row
                    break
                row += 1
        step = after
