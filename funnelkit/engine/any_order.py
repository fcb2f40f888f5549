"""The kernel for any order: the first listed steps, done in whatever order within the window.

Rows, ticks, entries, intervals and the answer are those of `match.py`; which rows bar is said as in
`strict.py`, but a barring row harms every conversion that it lies inside of: no tick between the
first and the last filled one may hold one, unless a step is filled in that tick as well.

Rules: specification A1 (any order: the first k listed steps, step 1 by an entry; latest minus
earliest tick within the window), A2 (longest, then first), A10 (steps of one tick are filled by
events none of which fits another of them).

Where no event fits two steps and nothing is barred, the earliest event of each step is as good as
any, and time is linear in the rows (`match_apart`). Elsewhere sets of steps are searched, in time
that goes with the rows around the entries of each interval times 2 ** steps (`match_sets`).
"""

from __future__ import annotations

from collections.abc import MutableSequence, Sequence

from funnelkit.engine.entering import interval_at, intervals_per_microsecond, may_enter
from funnelkit.engine.step_sets import best_set

Ints = Sequence[int]
Slots = MutableSequence[int]


def scratch_sizes(steps: int, longest: int) -> tuple[int, ...]:
    """Return the sizes of the integer scratch of `match_any_order`, in its order.

    `longest` is the number of rows of the largest unit.
    """
    sets = 1 << steps
    return (steps, steps, longest, longest, sets, sets, steps, steps, steps, steps)


def scratch_bytes(steps: int, longest: int) -> tuple[int, ...]:  # noqa: ARG001 - as above
    """Return the sizes of the scratch of small numbers, which follows that of integers."""
    sets = 1 << steps
    return (sets, sets, sets)


def match_any_order(
    starts: Ints, us: Ints, mask: Ints, flags: Ints,
    steps: int, tick: int, window: int,
    segment: int, edges: Ints, until: int, first_only: int,
    shift: int, barred: int, prefix: int, around: int,
    near: Slots, far: Slots, queue: Slots, depth: Slots, soonest: Slots, offers: Slots,
    place: Slots, amount: Slots, best_place: Slots, chosen: Slots,
    size: Slots, wanted: Slots, reached: Slots,
    out_unit: Slots, out_interval: Slots, out_reach: Slots, out_entries: Slots, out_rows: Slots,
) -> int:  # fmt: skip
    """Fill the out columns with one line per unit and interval; return how many there are.

    With `barred`, rows with any bit of `flags[r] >> shift` set bar. A conversion of length k fills
    the first k listed steps; without `prefix` any k steps, the first among them. It spans at most
    `window`; with `around` each step lies within `window` of the step-1 event instead. Of the
    longest conversions that with the first ticks is taken, then that with the first listed steps
    first.

    `out_rows` lists the rows in the order of the listed steps; without `prefix`, these need not be
    the first ones, but the first row is the entry's. `near` to `reached` are scratch.
    """
    lines = 0 * steps  # for a bare 0 numba compiles whatever it is handed to once more
    for k in range(1 << steps):
        size[k] = size[k >> 1] + (k & 1) if k > 0 else 0
    for unit in range(len(starts) - 1):
        low = starts[unit]
        high = starts[unit + 1]
        is_apart = 1
        for r in range(low, high):
            if us[r] >= until:
                high = r
                break
            fits = mask[r]
            if fits & (fits - 1) != 0 or (barred != 0 and flags[r] >> shift != 0):
                is_apart = 0
        if is_apart != 0:
            lines = match_apart(
                us, mask, flags, low, high, unit, steps, tick, window, segment, edges, first_only,
                prefix, around, near, far, queue, depth,
                lines, out_unit, out_interval, out_reach, out_entries, out_rows,
            )  # fmt: skip
        else:
            lines = match_sets(
                us, mask, flags, low, high, unit, steps, tick, window, segment, edges, first_only,
                shift, barred, prefix, around, soonest, offers, place, amount, best_place, chosen,
                size, wanted, reached,
                lines, out_unit, out_interval, out_reach, out_entries, out_rows,
            )  # fmt: skip
    return lines


def match_apart(
    us: Ints, mask: Ints, flags: Ints, low: int, high: int, unit: int,
    steps: int, tick: int, window: int, segment: int, edges: Ints, first_only: int,
    prefix: int, around: int,
    near: Slots, far: Slots, queue: Slots, depth: Slots,
    lines: int, out_unit: Slots, out_interval: Slots, out_reach: Slots, out_entries: Slots,
    out_rows: Slots,
) -> int:  # fmt: skip
    """Add the lines of a unit in which no event fits two steps and none bars; return their number.

    How many steps are done from tick a to a + `window`, step 1 not looked at, is known for each a
    by one pointer per step, `near`. An entry converts as far as the best a from `window` before it
    up to itself; `queue` keeps the a that are the best, or will be when better ones are too old.
    The earliest such a of the first entry of the most steps leads to the first ticks: whatever
    begins earlier has fewer steps, and each step takes its earliest event, by the pointers `far`.
    """
    intervals = len(edges) - 1
    rate = intervals_per_microsecond(edges)
    back = window if around != 0 else 0
    span = window + back
    for k in range(steps):
        near[k] = low
        far[k] = low
    head = 0
    tail = 0
    interval = 0
    entries = 0
    best = 0
    begin = 0
    entry = 0
    first = low
    while first < high or entries > 0:
        row = high
        after = high
        now = 0
        if first < high:
            now = us[first] // tick * tick
            after = first
            while after < high and us[after] < now + tick:
                if row == high and may_enter(
                    us, mask, flags, after, segment, edges[0], edges[intervals]
                ):
                    row = after
                after += 1
        if entries > 0 and (first == high or (row < high and us[row] >= edges[interval + 1])):
            # The interval is over.
            limit = begin + span + tick
            done_within(us, mask, high, steps, begin, limit, prefix, far)
            base = lines * steps
            for k in range(steps):
                out_rows[base + k] = -1
            out_rows[base] = entry
            count = 1
            for k in range(1, best if prefix != 0 else steps):
                if far[k] < high and us[far[k]] < limit:
                    out_rows[base + (k if prefix != 0 else count)] = far[k]
                    count += 1
            out_unit[lines] = unit
            out_interval[lines] = interval
            out_reach[lines] = best
            out_entries[lines] = entries
            lines += 1
            entries = 0
            best = 0
            continue
        if around == 0:
            done = done_within(us, mask, high, steps, now, now + span + tick, prefix, near)
            while tail > head and depth[tail - 1] < done:
                tail -= 1
            queue[tail] = now
            depth[tail] = done
            tail += 1
        if row < high:
            interval = interval_at(us[row], edges, rate)
            entries += 1
            if entries == 1 or first_only == 0:
                if around != 0:
                    start = now - window
                    done = done_within(
                        us, mask, high, steps, start, start + span + tick, prefix, near
                    )
                else:
                    while queue[head] < now - window:
                        head += 1
                    start = queue[head]
                    done = depth[head]
                if done > best:
                    best = done
                    begin = start
                    entry = row
        first = after
    return lines


def done_within(
    us: Ints, mask: Ints, high: int, steps: int, begin: int, limit: int, prefix: int,
    pointer: Slots,
) -> int:  # fmt: skip
    """Return how many steps are done from `begin` to before `limit`, step 1 taken for granted.

    Each pointer moves on to the first row at or after `begin` that fits its step. With `prefix`
    the count ends at the first step that is not done.
    """
    count = 1
    for k in range(1, steps):
        row = pointer[k]
        while row < high and (us[row] < begin or mask[row] >> k & 1 == 0):
            row += 1
        pointer[k] = row
        if row < high and us[row] < limit:
            count += 1
        elif prefix != 0:
            break
    return count


def match_sets(
    us: Ints, mask: Ints, flags: Ints, low: int, high: int, unit: int,
    steps: int, tick: int, window: int, segment: int, edges: Ints, first_only: int,
    shift: int, barred: int, prefix: int, around: int,
    soonest: Slots, offers: Slots, place: Slots, amount: Slots, best_place: Slots, chosen: Slots,
    size: Slots, wanted: Slots, reached: Slots,
    lines: int, out_unit: Slots, out_interval: Slots, out_reach: Slots, out_entries: Slots,
    out_rows: Slots,
) -> int:  # fmt: skip
    """Add the lines of any unit; return their number.

    The rows around all entries of an interval are searched at once; with `around` those of each
    entry by themselves, which for a unit of very many rows takes its time.
    """
    intervals = len(edges) - 1
    rate = intervals_per_microsecond(edges)
    begin = low
    stop = low
    interval = 0
    row = low
    while row < high:
        if not may_enter(us, mask, flags, row, segment, edges[0], edges[intervals]):
            row += 1
            continue
        interval = interval_at(us[row], edges, rate)
        base = lines * steps
        best = 0
        entries = 0
        while row < high and us[row] < edges[interval + 1]:
            # The entries from `row` on, of one tick or of the interval, are looked at together.
            opens = us[row] // tick * tick
            last = opens - tick
            asked = 1 if entries == 0 or (first_only == 0 and around != 0) else 0
            alone = 1 if first_only != 0 or around != 0 else 0
            while row < high and us[row] < edges[interval + 1]:
                now = us[row] // tick * tick
                if may_enter(us, mask, flags, row, segment, edges[0], edges[intervals]):
                    if alone != 0 and now > opens:
                        break
                    if entries == 0 or now > last:
                        entries += 1
                    last = now
                row += 1
            if asked == 0:
                continue
            while begin < high and us[begin] < opens - window:
                begin += 1
            if best == steps and begin > best_place[0]:
                continue  # it would begin later than the best does
            while stop < high and us[stop] < last + window + tick:
                stop += 1
            closes = min(edges[interval + 1], last + tick)
            found = best_set(
                us, mask, flags, begin, stop, steps, tick,
                2 * window if around != 0 else window, segment, max(opens, edges[interval]), closes,
                shift, barred, prefix, soonest, offers, place, amount, chosen,
                size, wanted, reached,
            )  # fmt: skip
            better = 1 if found > best else 0
            if found == best:
                i = 0
                while i < best - 1 and place[i] == best_place[i]:
                    i += 1
                better = 1 if place[i] < best_place[i] else 0
            if better != 0:
                best = found
                for k in range(steps):
                    best_place[k] = place[k]
                    out_rows[base + k] = -1
                count = 0
                for k in range(steps):
                    if chosen[k] >= 0:
                        out_rows[base + count] = chosen[k]
                        count += 1
        out_unit[lines] = unit
        out_interval[lines] = interval
        out_reach[lines] = best
        out_entries[lines] = entries
        lines += 1
    return lines
