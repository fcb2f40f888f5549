"""The kernel for totals: every path of a unit, each event in one path at most.

Rows, ticks, entries and intervals are those of `match.py`, bars those of `strict.py`. There is a
line per path here, and `out_entries` is 1.

Rules: specification A2 (the pairing), A3 (the window runs from step 1), A10 (events of one type in
one tick are one event), A1 and A6 (what must not happen between two steps).
"""

from __future__ import annotations

from collections.abc import MutableSequence, Sequence

from funnelkit.engine.entering import interval_at, intervals_per_microsecond, may_enter
from funnelkit.engine.strict import tick_start

Ints = Sequence[int]
Slots = MutableSequence[int]


def scratch_sizes(steps: int, longest: int) -> tuple[int, ...]:
    """Return the sizes of the scratch of `pair_paths`, in its order.

    `longest` is the number of rows of the largest unit.
    """
    return (steps, steps, longest, longest)


def pair_paths(
    starts: Ints, us: Ints, mask: Ints, flags: Ints,
    steps: int, tick: int, window: int,
    segment: int, edges: Ints, until: int,
    shift: int, barred: int, every: int, kind_shift: int, oldest: int,
    head: Slots, tail: Slots, behind: Slots, events: Slots,
    out_unit: Slots, out_interval: Slots, out_reach: Slots, out_entries: Slots, out_rows: Slots,
) -> int:  # fmt: skip
    """Fill the out columns with one line per path; return how many there are.

    The events of a unit are gone through in the order of time, those of one tick in that of the
    first step they fit. An event goes to the open path that it can advance and that is the most
    advanced, and of several of the same length the oldest; with `oldest` simply the oldest. If
    there is none, an entry opens a path. Each interval pairs all events anew, with entries of its
    own.

    With `barred`, bit p of `flags[r] >> shift` says that row r bars the pair p; with `every` each
    row bars all. A path that waits for step p + 1 since an earlier tick than that of a bar of the
    pair p is dead. Events of one tick are one event if they have the same mask and the same
    `flags[r] >> kind_shift`.

    Paths that wait for step k stand in a queue, oldest first: `head[k]`, `tail[k]`, and `behind`
    each path the next one. That order lasts, because the one to go on, to die, or to run out of
    time is always the first of its queue. So the time is O(rows * steps) for each interval.
    """
    lines = 0
    intervals = len(edges) - 1
    rate = intervals_per_microsecond(edges)
    for unit in range(len(starts) - 1):
        low = starts[unit]
        high = starts[unit + 1]
        while high > low and us[high - 1] >= until:
            high -= 1
        row = low
        while row < high:
            if not may_enter(us, mask, flags, row, segment, edges[0], edges[intervals]):
                row += 1
                continue
            interval = interval_at(us[row], edges, rate)
            opens = edges[interval]
            closes = edges[interval + 1]
            paths = lines
            for k in range(steps):
                head[k] = -1
            first = tick_start(us, row, low, tick)
            expires = us[row]
            while first < high and (us[first] < closes or us[first] < expires):
                now = us[first] // tick * tick
                after = first
                while after < high and us[after] < now + tick:
                    after += 1
                count = distinct_events(
                    us, mask, flags, first, after, kind_shift, segment, opens, closes, events
                )
                for i in range(count):
                    event = events[i]
                    chosen = -1
                    best = 0
                    for k in range(1, steps):
                        if mask[event] >> k & 1 == 0:
                            continue
                        while (
                            head[k] >= 0
                            and us[out_rows[head[k] * steps]] // tick * tick + window < now
                        ):
                            head[k] = behind[head[k] - paths]
                        path = head[k]
                        if path >= 0 and (chosen < 0 or oldest == 0 or path < chosen):
                            chosen = path
                            best = k
                    if chosen >= 0:
                        head[best] = behind[chosen - paths]
                    elif may_enter(us, mask, flags, event, segment, opens, closes):
                        chosen = lines
                        lines += 1
                        out_unit[chosen] = unit
                        out_interval[chosen] = interval
                        out_entries[chosen] = 1
                        for k in range(steps):
                            out_rows[chosen * steps + k] = -1
                        expires = now + window + tick
                    else:
                        continue
                    out_rows[chosen * steps + best] = event
                    out_reach[chosen] = best + 1
                    behind[chosen - paths] = -1
                    if best + 1 < steps:
                        if head[best + 1] < 0:
                            head[best + 1] = chosen
                        else:
                            behind[tail[best + 1] - paths] = chosen
                        tail[best + 1] = chosen
                if barred != 0 or every != 0:
                    bars = -1 if every != 0 else 0
                    for r in range(first, after):
                        bars |= flags[r] >> shift
                    for k in range(1, steps):
                        if bars >> (k - 1) & 1 != 0:
                            while head[k] >= 0 and us[out_rows[head[k] * steps + k - 1]] < now:
                                head[k] = behind[head[k] - paths]
                first = after
            while row < high and us[row] < closes:
                row += 1
    return lines


def distinct_events(
    us: Ints, mask: Ints, flags: Ints, first: int, stop: int, kind_shift: int,
    segment: int, opens: int, closes: int, events: Slots,
) -> int:  # fmt: skip
    """Write the rows that stand for the events of one tick, in their order; return how many.

    Of the rows of one kind the first that may enter stands for all, else the first. The events are
    ordered by the first step that they fit, then as the rows are.
    """
    count = 0
    for row in range(first, stop):
        if mask[row] == 0:
            continue
        i = 0
        while i < count and (
            mask[events[i]] != mask[row]
            or flags[events[i]] >> kind_shift != flags[row] >> kind_shift
        ):
            i += 1
        if i == count:
            events[i] = row
            count += 1
        elif may_enter(us, mask, flags, row, segment, opens, closes) and not may_enter(
            us, mask, flags, events[i], segment, opens, closes
        ):
            events[i] = row
    for i in range(1, count):
        row = events[i]
        step = first_step(mask[row])
        j = i
        while j > 0:
            other = events[j - 1]
            before = first_step(mask[other])
            if before < step or (before == step and other < row):
                break
            events[j] = other
            j -= 1
        events[j] = row
    return count


def first_step(fits: int) -> int:
    """Return the lowest bit of a mask."""
    return fits ^ (fits & (fits - 1))
