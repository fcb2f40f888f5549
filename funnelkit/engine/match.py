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

from funnelkit.engine.entering import (
    in_ticks,
    interval_at,
    intervals_per_microsecond,
    may_enter,
)
from funnelkit.engine.overlap import match_overlapping

Ints = Sequence[int]
Slots = MutableSequence[int]
NEVER = 2**62
BLOCK = 4
LISTED_STEPS = 8
LISTED = 1 << LISTED_STEPS
"""So many masks are looked up in a list: all of the first steps."""


def width_of(steps: int) -> int:
    """Return the slots of a row of `done`: at least one per step, in whole blocks."""
    return (steps + BLOCK - 1) // BLOCK * BLOCK


def scratch_sizes(steps: int) -> tuple[int, ...]:
    """Return the sizes of `done` to `memo_reach`, the scratch of `match_units`."""
    return (steps + 3) * width_of(steps), LISTED, steps, steps, steps, steps


def match_units(
    starts: Ints, us: Ints, mask: Ints, flags: Ints,
    steps: int, tick: int, window: int,
    segment: int, edges: Ints, until: int, first_only: int,
    done: Slots, step_of: Slots, pointer: Slots, anchor: Slots, memo_row: Slots, memo_reach: Slots,
    out_unit: Slots, out_interval: Slots, out_reach: Slots, out_entries: Slots, out_rows: Slots,
) -> int:  # fmt: skip
    """Fill the out columns with one line per unit and interval; return how many there are.

    Entries are rows that `may_enter` between the first and the last of `edges`; that of interval i
    lie in [edges[i], edges[i + 1]), and only the outer edges may part a tick. Rows at or after
    `until` do not exist; `first_only` lets only the first entry of an interval start a conversion.
    `done` to `memo_reach` are scratch of `scratch_sizes`. `out_entries` counts the ticks with an
    entry. `out_rows[line * steps + k]` is the row that filled step k, for k below
    `out_reach[line]`, else -1. All times are in microseconds; `window` is a multiple of `tick`.

    One sweep backward over a unit's rows answers, unless an event fits two steps. `done[k * width +
    j]` is when step j is done by whoever goes on with the next event of step k, and then takes the
    earliest event for each step: that reaches as far as any choice. So an entry's reach is known
    when it is met, and of the longest conversions the one that is met last is the first.

    What a row is cannot be foreseen, and a processor that guesses wrong loses more time than all
    the rest takes. So the same is done for each, entry or not, and whatever depends on the row is
    chosen without a branch; `width` is there for the same reason. The sweep is written out here: as
    a function of its own it takes twice as long.
    """
    lines = 0
    start = edges[0]
    end = edges[len(edges) - 1]
    every = -1 if first_only == 0 else 0
    rate = intervals_per_microsecond(edges)
    width = width_of(steps)
    for bits in range(len(step_of)):
        step_of[bits] = steps + 1  # no step, or the first: written where nobody reads
    for k in range(1, min(steps, LISTED_STEPS)):
        step_of[1 << k] = k
    for unit in range(len(starts) - 1):
        low = starts[unit]
        high = starts[unit + 1]
        while high > low and us[high - 1] >= until:
            high -= 1
        for k in range((steps + 1) * width):
            done[k] = NEVER
        overlap = 0
        opens = NEVER
        after = lines
        best = 0
        entries = 0
        chosen = 0
        stop = high
        while stop > low:
            row = stop - 1
            now = us[row]
            fits = mask[row]
            overlap = fits & (fits - 1)
            stop = row
            if row > low and now - us[row - 1] < tick and us[row - 1] >= in_ticks(now, tick):
                # Inside a tick steps are filled in either order: later ones are met first.
                floor = in_ticks(now, tick)
                while stop > low and us[stop - 1] >= floor:
                    stop -= 1
                    overlap |= mask[stop] & (mask[stop] - 1)
                if overlap != 0:
                    break
                last = row
                for k in range(steps - 1, 0, -1):
                    row = stop
                    while row <= last and mask[row] != 1 << k:
                        row += 1
                    if row <= last:
                        done[k * width + k] = us[row]
                        for j in range(k + 1, steps):
                            done[k * width + j] = done[(k + 1) * width + j]
                row = stop
                while row < last and not may_enter(us, mask, flags, row, segment, start, end):
                    row += 1
                now = us[row]
                entry = int(may_enter(us, mask, flags, row, segment, start, end))
            elif overlap != 0:
                break
            else:
                if fits < LISTED:
                    k = step_of[fits]
                else:
                    k = LISTED_STEPS
                    while fits >> k != 1:
                        k += 1
                own = k * width
                for j in range(BLOCK):  # most funnels are no longer: it is done at a stroke
                    done[own + j] = done[own + width + j]
                for j in range(BLOCK, width):
                    done[own + j] = done[own + width + j]
                done[own + k] = now
                # As `may_enter` says; a call of it would take longer.
                entry = (fits & 1) & (start <= now) & (now < end)
                if segment != 0 and flags[row] & segment == 0:
                    entry = 0
            if entry & (now < opens):
                if after > lines:
                    out_entries[after - 1] = entries
                    out_reach[after - 1] = best
                    out_rows[(after - 1) * steps] = chosen
                interval = interval_at(now, edges, rate)
                opens = edges[interval]
                out_unit[after] = unit
                out_interval[after] = interval
                after += 1
                best = 0
                entries = 0
            limit = in_ticks(now, tick) + window + tick
            reached = 1
            for j in range(width + 1, width + steps):
                reached += done[j] < limit
            better = entry & (reached >= best & every)
            best = reached if better != 0 else best
            chosen = row if better != 0 else chosen
            entries += entry

        if overlap != 0:
            lines = match_overlapping(
                us, mask, flags, low, high, steps, tick, window, segment, edges, first_only,
                pointer, anchor, memo_row, memo_reach,
                unit, lines, out_unit, out_interval, out_reach, out_entries, out_rows,
            )  # fmt: skip
            continue

        if after > lines:
            out_entries[after - 1] = entries
            out_reach[after - 1] = best
            out_rows[(after - 1) * steps] = chosen
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
