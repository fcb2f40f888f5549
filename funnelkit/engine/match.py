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

from funnelkit.engine.entering import interval_back, may_enter
from funnelkit.engine.overlap import match_overlapping

Ints = Sequence[int]
Slots = MutableSequence[int]
NEVER = 2**62


def match_units(
    starts: Ints, us: Ints, mask: Ints, flags: Ints,
    steps: int, tick: int, window: int,
    segment: int, edges: Ints, until: int, first_only: int,
    done: Slots, pointer: Slots, anchor: Slots, memo_row: Slots, memo_reach: Slots,
    out_unit: Slots, out_interval: Slots, out_reach: Slots, out_entries: Slots, out_rows: Slots,
) -> int:  # fmt: skip
    """Fill the out columns with one line per unit and interval; return how many there are.

    Entries are rows that `may_enter` between the first and the last of `edges`; that of interval i
    lie in [edges[i], edges[i + 1]), and only the outer edges may part a tick. Rows at or after
    `until` do not exist; `first_only` lets only the first entry of an interval start a conversion.
    `done` is scratch of `steps` * `steps` slots, those to `memo_reach` of `steps`. `out_entries`
    counts the ticks with an entry. `out_rows[line * steps + k]` is the row that filled step k, for
    k below `out_reach[line]`, else -1. All times are in microseconds; `window` is a multiple of
    `tick`.

    One sweep backward over a unit's rows answers, unless an event fits two steps. `done[k * steps +
    j]` is when step j is done by whoever goes on with the next event of step k, and then takes the
    earliest event for each step: that reaches as far as any choice. So an entry's reach is known
    when it is met, and of the longest conversions the one that is met last is the first.

    The sweep is written out here: as a function of its own it takes twice as long.
    """
    lines = 0
    start = edges[0]
    end = edges[len(edges) - 1]
    for unit in range(len(starts) - 1):
        low = starts[unit]
        high = starts[unit + 1]
        while high > low and us[high - 1] >= until:
            high -= 1
        for k in range(steps * steps):
            done[k] = NEVER
        overlap = 0
        interval = len(edges) - 2
        opens = NEVER
        after = lines
        best = 0
        stop = high
        while stop > low:
            first = stop - 1
            now = us[first]
            fits = mask[first]
            overlap |= fits & (fits - 1)
            if first > low and now - us[first - 1] < tick:
                floor = now // tick * tick
                while first > low and us[first - 1] >= floor:
                    first -= 1
                    overlap |= mask[first] & (mask[first] - 1)
            if overlap != 0:
                break
            row = first
            if first + 1 < stop:
                # Inside a tick steps are filled in either order: later ones are met first.
                for k in range(steps - 1, 0, -1):
                    row = first
                    while row < stop and mask[row] != 1 << k:
                        row += 1
                    if row < stop:
                        done[k * steps + k] = us[row]
                        for j in range(k + 1, steps):
                            done[k * steps + j] = done[(k + 1) * steps + j]
                row = first
                while row < stop and not may_enter(us, mask, flags, row, segment, start, end):
                    row += 1
            elif fits > 1:
                k = 1
                while fits >> k != 1:
                    k += 1
                done[k * steps + k] = now
                for j in range(k + 1, steps):
                    done[k * steps + j] = done[(k + 1) * steps + j]
                row = stop
            elif (  # as `may_enter` says; a call of it would take a third of the sweep
                fits == 0 or not start <= now < end or (segment != 0 and flags[row] & segment == 0)
            ):
                row = stop
            if row < stop:
                now = us[row]
                if now < opens:
                    interval = interval_back(now, edges, interval)
                    opens = edges[interval]
                    out_unit[after] = unit
                    out_interval[after] = interval
                    out_entries[after] = 0
                    after += 1
                    best = 0
                out_entries[after - 1] += 1
                limit = now // tick * tick + window + tick
                reached = 1
                while reached < steps and done[steps + reached] < limit:
                    reached += 1
                if reached >= best or first_only != 0:
                    best = reached
                    out_reach[after - 1] = best
                    out_rows[(after - 1) * steps] = row
            stop = first

        if overlap != 0:
            lines = match_overlapping(
                us, mask, flags, low, high, steps, tick, window, segment, edges, first_only,
                pointer, anchor, memo_row, memo_reach,
                unit, lines, out_unit, out_interval, out_reach, out_entries, out_rows,
            )  # fmt: skip
            continue

        last = after - 1
        for line in range(lines, lines + (after - lines) // 2):  # the last interval was met first
            out_interval[line], out_interval[last] = out_interval[last], out_interval[line]
            out_entries[line], out_entries[last] = out_entries[last], out_entries[line]
            out_reach[line], out_reach[last] = out_reach[last], out_reach[line]
            row = out_rows[line * steps]
            out_rows[line * steps] = out_rows[last * steps]
            out_rows[last * steps] = row
            last -= 1
        while lines < after:
            base = lines * steps
            row = out_rows[base]
            for k in range(1, out_reach[lines]):
                if row > low and us[row] - us[row - 1] < tick:
                    floor = us[row] // tick * tick
                    while row > low and us[row - 1] >= floor:
                        row -= 1
                while mask[row] != 1 << k:
                    row += 1
                out_rows[base + k] = row
            for k in range(out_reach[lines], steps):
                out_rows[base + k] = -1
            lines += 1
    return lines
