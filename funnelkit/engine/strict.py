"""The kernel for exact order and for exclusions: what must not happen between two steps.

Rows, ticks, entries, intervals and the answer are those of `match.py`. Here a row may also *bar*
pairs of steps: no tick strictly between the ticks of steps p and p + 1 may hold a row that bars the
pair p. In exact order every row bars every pair.

Rules: specification A1 (exact order), A6 (exclusions: one clean sequence is enough, events of the
same second do not exclude).
"""

from __future__ import annotations

from collections.abc import MutableSequence, Sequence

from funnelkit.engine.entering import interval_at, intervals_per_microsecond, may_enter
from funnelkit.engine.overlap import reach_in_tick

Ints = Sequence[int]
Slots = MutableSequence[int]

NEVER = 2**63 - 1


def match_strictly(
    starts: Ints, us: Ints, mask: Ints, flags: Ints,
    steps: int, tick: int, window: int,
    segment: int, edges: Ints, until: int, first_only: int, shift: int, every: int,
    soonest: Slots, done: Slots, reach: Slots, leads: Slots, later: Slots,
    out_unit: Slots, out_interval: Slots, out_reach: Slots, out_entries: Slots, out_rows: Slots,
) -> int:  # fmt: skip
    """Fill the out columns with one line per unit and interval; return how many there are.

    Bit p of `flags[r] >> shift` says that row r bars the pair p; with `every` each row bars all.
    `soonest` and `done` are scratch of `steps` times `steps` slots, `reach`, `leads` and `later` of
    as many as the largest unit has rows.

    A first sweep goes backward through the ticks of a unit and tells how far each entry leads. The
    best entry of each interval then has its steps filled, each at the first tick from which the
    rest can still be done.
    """
    lines = 0
    intervals = len(edges) - 1
    start = edges[0]
    end = edges[intervals]
    rate = intervals_per_microsecond(edges)
    for unit in range(len(starts) - 1):
        low = starts[unit]
        high = starts[unit + 1]
        while high > low and us[high - 1] >= until:
            high -= 1
        row = low
        while row < high and not may_enter(us, mask, flags, row, segment, start, end):
            row += 1
        if row == high:
            continue
        offset = tick_start(us, row, low, tick)
        sweep(
            us, mask, flags, offset, high, steps, tick, window, segment, start, end, shift, every,
            soonest, done, reach,
        )  # fmt: skip
        # From here on `row` is the first entry of a tick; its reach stands at its tick's first row.
        while row < high:
            interval = interval_at(us[row], edges, rate)
            best = 0
            winner = row
            entries = 0
            while row < high and us[row] < edges[interval + 1]:
                first = tick_start(us, row, offset, tick)
                if reach[first - offset] > best and (entries == 0 or first_only == 0):
                    best = reach[first - offset]
                    winner = first
                entries += 1
                after = us[row] // tick * tick + tick
                while row < high and (
                    us[row] < after or not may_enter(us, mask, flags, row, segment, start, end)
                ):
                    row += 1
            for k in range(steps):
                out_rows[lines * steps + k] = -1
            fill(
                us, mask, flags, winner, high, best, tick, window, segment, start, end,
                shift, every, leads, later, lines * steps, out_rows,
            )  # fmt: skip
            out_unit[lines] = unit
            out_interval[lines] = interval
            out_reach[lines] = best
            out_entries[lines] = entries
            lines += 1
    return lines


def tick_start(us: Ints, row: int, low: int, tick: int) -> int:
    """Return the first row of the tick of `row`, not below `low`."""
    floor = us[row] // tick * tick
    while row > low and us[row - 1] >= floor:
        row -= 1
    return row


def barred(flags: Ints, first: int, stop: int, shift: int, every: int) -> int:
    """Return the pairs that the rows first..stop bar, as bits."""
    if every != 0:
        return -1
    bars = 0
    for row in range(first, stop):
        bars |= flags[row] >> shift
    return bars


def sweep(
    us: Ints, mask: Ints, flags: Ints, low: int, high: int,
    steps: int, tick: int, window: int, segment: int, start: int, end: int, shift: int, every: int,
    soonest: Slots, done: Slots, reach: Slots,
) -> None:  # fmt: skip
    """Write how many steps an entry in each tick can reach, at the tick's first row minus `low`.

    Going backward, `soonest[i * steps + m]` is the earliest tick in which step m can be done if
    step i must be filled after the current tick with nothing in between that bars the pair before
    it; `done` is the same if step i is filled in the current tick.
    """
    for slot in range(steps * steps):
        soonest[slot] = NEVER
    stop = high
    while stop > low:
        first = tick_start(us, stop - 1, low, tick)
        now = us[first] // tick * tick
        fits = 0
        for row in range(first, stop):
            fits |= mask[row]
        filled = 0
        for i in range(steps):
            if fits >> i & 1 == 0:
                continue
            last = reach_in_tick(us, mask, flags, first, stop, i, steps, segment, start, end)
            if last < i:
                continue
            filled |= 1 << i
            for m in range(i, steps):
                done[i * steps + m] = now if m <= last else NEVER
            for j in range(i, min(last + 1, steps - 1)):
                for m in range(last + 1, steps):
                    done[i * steps + m] = min(done[i * steps + m], soonest[(j + 1) * steps + m])
        reach[first - low] = 0
        if filled & 1 != 0:
            count = 1
            while count < steps and done[count] <= now + window:
                count += 1
            reach[first - low] = count
        bars = barred(flags, first, stop, shift, every)
        for i in range(1, steps):
            is_barred = bars >> (i - 1) & 1
            for m in range(i, steps):
                slot = i * steps + m
                if is_barred != 0:
                    soonest[slot] = NEVER
                if filled >> i & 1 != 0:
                    soonest[slot] = min(soonest[slot], done[slot])
        stop = first


def fill(
    us: Ints, mask: Ints, flags: Ints, low: int, high: int, reached: int,
    tick: int, window: int, segment: int, start: int, end: int, shift: int, every: int,
    leads: Slots, later: Slots, base: int, out_rows: Slots,
) -> None:  # fmt: skip
    """Fill the first `reached` steps, beginning in the tick of row `low`, each as early as it can.

    A sweep backward over the window writes at each tick's first row, minus `low`: `leads` has bit i
    where step i can be filled in this tick so that the rest can be done, too; `later` has bit i
    where it can be filled so after this tick, with nothing in between that bars the pair before it.
    """
    limit = us[low] // tick * tick + window + tick
    stop = low
    while stop < high and us[stop] < limit:
        stop += 1
    reachable = 0
    while stop > low:
        first = tick_start(us, stop - 1, low, tick)
        fits = 0
        for row in range(first, stop):
            fits |= mask[row]
        leading = 0
        for i in range(reached):
            if fits >> i & 1 == 0:
                continue
            last = reach_in_tick(us, mask, flags, first, stop, i, reached, segment, start, end)
            for j in range(i, last + 1):
                if j == reached - 1 or reachable >> (j + 1) & 1 != 0:
                    leading |= 1 << i
        leads[first - low] = leading
        later[first - low] = reachable
        bars = barred(flags, first, stop, shift, every)
        reachable = (reachable & ~(bars << 1)) | leading
        stop = first
    first = low
    step = 0
    while step < reached:
        now = us[first] // tick * tick
        stop = first
        while stop < high and us[stop] < now + tick:
            stop += 1
        if leads[first - low] >> step & 1 != 0:
            last = reach_in_tick(us, mask, flags, first, stop, step, reached, segment, start, end)
            while last < reached - 1 and later[first - low] >> (last + 1) & 1 == 0:
                last -= 1
            wanted = (2 << last) - (1 << step)
            for k in range(step, last + 1):
                row = first
                while mask[row] & wanted != 1 << k or (
                    k == 0 and not may_enter(us, mask, flags, row, segment, start, end)
                ):
                    row += 1
                out_rows[base + k] = row
            step = last + 1
        first = stop
