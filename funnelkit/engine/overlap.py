"""The conversion of a unit some of whose events fit several steps (see `match.py`).

Inside one tick steps are filled in either order, by events none of which fits another of the steps
filled there (specification A10).
"""

from __future__ import annotations

from collections.abc import MutableSequence, Sequence

from funnelkit.engine.entering import interval_at, intervals_per_microsecond, may_enter

Ints = Sequence[int]
Slots = MutableSequence[int]


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


def match_overlapping(
    us: Ints, mask: Ints, flags: Ints, low: int, high: int,
    steps: int, tick: int, window: int, segment: int, edges: Ints, first_only: int,
    pointer: Slots, anchor: Slots, memo_row: Slots, memo_reach: Slots,
    unit: int, lines: int,
    out_unit: Slots, out_interval: Slots, out_reach: Slots, out_entries: Slots, out_rows: Slots,
) -> int:  # fmt: skip
    """Write the lines of the unit of rows low..high after `lines`; return how many there are.

    All is as in `match_units`; events may fit several steps. A first pass finds the lines. The
    second tries the entries in turn. From each, the earliest possible event is taken for each next
    step: that reaches as far as any choice. Later entries never need earlier rows than the ones
    before them did, so each step has one pointer that only moves forward. Both passes together are
    O(rows * steps), whatever the entries.
    """
    start = edges[0]
    end = edges[len(edges) - 1]
    rate = intervals_per_microsecond(edges)
    tick_end = 0
    interval = 0
    close = start
    after_lines = lines
    for r in range(low, high):
        now = us[r]
        if may_enter(us, mask, flags, r, segment, start, end):
            if after_lines == lines or now >= close:
                interval = interval_at(now, edges, rate)
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
    for k in range(steps):
        pointer[k] = low
        memo_row[k] = -1
    while lines < after_lines:
        base = lines * steps
        row = out_rows[base]
        close = edges[out_interval[lines] + 1]
        best = 0
        while best < steps and row < high and us[row] < close:
            entered = us[row] // tick * tick
            limit = entered + window + tick
            k = 0
            r = row
            while True:
                # Row r is the first of its tick that fits step k: how far does the tick lead?
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
                if k == steps:
                    break
                after = us[r] // tick * tick + tick
                r = pointer[k]
                while r < high and (mask[r] & (1 << k) == 0 or us[r] < after):
                    r += 1
                pointer[k] = r
                if r == high or us[r] >= limit:
                    break
            if k > best:
                best = k
                for q in range(steps):
                    out_rows[base + q] = anchor[q] if q < best else -1
            if first_only != 0:
                break
            row += 1
            while row < high and (
                us[row] < entered + tick or not may_enter(us, mask, flags, row, segment, start, end)
            ):
                row += 1
        settle_rows(us, mask, flags, low, high, tick, segment, start, end, best, base, out_rows)
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
