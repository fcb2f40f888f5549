"""The best conversion in any order where events fit several steps, or some are excluded.

Called by `any_order.py`, whose words and rules hold here. Sets of steps are bit masks; what a tick
can fill is a few such sets, and a search over ticks remembers one number for each set, so that the
time is rows * 2 ** steps (of which there are at most 12), however many conversions there are.
"""

from __future__ import annotations

from collections.abc import MutableSequence, Sequence

from funnelkit.engine.entering import may_enter
from funnelkit.engine.strict import tick_start

Ints = Sequence[int]
Slots = MutableSequence[int]

NEVER = 2**63 - 1


def best_set(
    us: Ints, mask: Ints, flags: Ints, low: int, high: int,
    steps: int, tick: int, span: int, segment: int, opens: int, closes: int,
    shift: int, barred: int, prefix: int,
    soonest: Slots, offers: Slots, place: Slots, amount: Slots, chosen: Slots,
    size: Slots, wanted: Slots, reached: Slots,
) -> int:  # fmt: skip
    """Return the length of the best conversion in the rows low..high, with step 1 in opens..closes.

    `chosen` gets the row of each step, -1 where it is not done, and `place` the first row of the
    tick of each, in the order of time.

    The ticks are found one by one, each the earliest in which the conversion can go on so that the
    rest can still be done, and in each as many steps as possible: that makes the sorted ticks the
    first ones. `reached` are the sets of steps that may be done in the ticks so far, `wanted` those
    that complete one of them.
    """
    full = (1 << steps) - 1
    for done in range(full + 1):
        is_prefix = prefix == 0 or done & (done + 1) == 0
        wanted[done] = size[done] if done & 1 != 0 and is_prefix else 0
        reached[done] = 1 if done == 0 else 0
    total = steps
    filled = 0
    ticks = 0 * steps  # for a bare 0 numba compiles whatever it is handed to once more
    while filled < total:
        worth = next_tick(
            us, mask, flags, low, high, full, tick, span, segment, opens, closes, shift, barred,
            ticks, soonest, offers, place, amount, size, wanted,
        )  # fmt: skip
        now = us[place[ticks]] // tick * tick
        if ticks == 0:
            total = worth
            while us[high - 1] >= now + span + tick:
                high -= 1
            if prefix != 0:
                full = (1 << total) - 1
        low = place[ticks]
        while low < high and us[low] < now + tick:
            low += 1
        filled += amount[ticks]
        ticks += 1
        count = offered(
            us, mask, flags, place[ticks - 1], low, full, segment, opens, closes, offers
        )
        for done in range(full, -1, -1):
            may_be = 0
            for i in range(count):
                added = offers[i]
                if done & added == added and size[added] == amount[ticks - 1]:
                    may_be |= reached[done ^ added]
            reached[done] = may_be
        for done in range(full + 1):
            wanted[done] = 0
        for done in range(full + 1):
            rest = full ^ done
            more = rest if reached[done] != 0 else 0
            while more != 0:
                if size[more] == total - filled and (done | more) & 1 != 0:
                    wanted[more] = 1
                more = (more - 1) & rest
    fill_steps(
        us, mask, flags, high, full, steps, tick, segment, opens, closes, total, ticks,
        soonest, offers, place, amount, chosen, size,
    )  # fmt: skip
    # From ticks to steps: a tick stands there once for each of its steps.
    slot = total
    for i in range(ticks - 1, -1, -1):
        for _ in range(amount[i]):
            slot -= 1
            place[slot] = place[i]
    return total


def next_tick(
    us: Ints, mask: Ints, flags: Ints, low: int, high: int,
    full: int, tick: int, span: int, segment: int, opens: int, closes: int,
    shift: int, barred: int, ticks: int,
    soonest: Slots, offers: Slots, place: Slots, amount: Slots, size: Slots, wanted: Slots,
) -> int:  # fmt: skip
    """Find the tick in which the most wanted set begins; return how much that is wanted.

    Its first row goes to `place[ticks]`, and the most steps that can be filled in it to
    `amount[ticks]`. The sweep goes backward: `soonest[s]` is the earliest tick by which the steps
    of the set s can all be done after the current tick, with no barring tick between.
    """
    for done in range(1, full + 1):
        soonest[done] = NEVER
    worth = 0
    stop = high
    while stop > low:
        first = tick_start(us, stop - 1, low, tick)
        now = us[first] // tick * tick
        bars = 0
        if barred != 0:
            for row in range(first, stop):
                bars |= flags[row] >> shift
        count = offered(us, mask, flags, first, stop, full, segment, opens, closes, offers)
        stop = first
        if bars != 0 and ticks > 0:
            worth = 0  # the ticks so far and what was found lie on different sides of the bar
        if count == 0 and bars == 0:
            continue
        for done in range(full, 0, -1):
            best = NEVER
            for i in range(count):
                added = offers[i]
                if done & added != added:
                    continue
                last = now if done == added else soonest[done ^ added]
                best = min(best, last)
                if wanted[done] == 0 or last > now + span:
                    continue
                if wanted[done] > worth or (
                    wanted[done] == worth and (place[ticks] != first or size[added] > amount[ticks])
                ):
                    worth = wanted[done]
                    place[ticks] = first
                    amount[ticks] = size[added]
            if bars != 0 or best < soonest[done]:
                soonest[done] = best
    return worth


def offered(
    us: Ints, mask: Ints, flags: Ints, first: int, stop: int, full: int,
    segment: int, opens: int, closes: int, offers: Slots,
) -> int:  # fmt: skip
    """Write the sets of steps that the rows first..stop of one tick can fill; return how many.

    Each step of a set needs a row that fits it and no other step of the set; step 1 an entry.
    """
    fits = 0
    for row in range(first, stop):
        fits |= mask[row]
    fits &= full
    count = 0
    asked = fits
    while asked != 0:
        found = 0
        for row in range(first, stop):
            one = mask[row] & asked
            if one & (one - 1) == 0 and (
                one != 1 or may_enter(us, mask, flags, row, segment, opens, closes)
            ):
                found |= one
        if found == asked:
            offers[count] = asked
            count += 1
        asked = (asked - 1) & fits
    return count


def fill_steps(
    us: Ints, mask: Ints, flags: Ints, high: int,
    full: int, steps: int, tick: int, segment: int, opens: int, closes: int,
    total: int, ticks: int,
    code: Slots, offers: Slots, place: Slots, amount: Slots, chosen: Slots, size: Slots,
) -> None:  # fmt: skip
    """Write the row of each step, given the ticks and how many steps are filled in each.

    The steps go into the ticks so that the ticks in the order of the listed steps are the first
    possible: a number of base 16 with a digit per step, the first listed step in front, which is
    the number of its tick, or 15 if it is not done. `code[s]` is the least such number, less 15 for
    each digit, where the steps of the set s are done in the ticks from the current one on.
    """
    for done in range(full + 1):
        code[done] = NEVER
    code[0] = 0
    for i in range(ticks - 1, -1, -1):
        stop = place[i]
        now = us[stop] // tick * tick
        while stop < high and us[stop] < now + tick:
            stop += 1
        count = offered(us, mask, flags, place[i], stop, full, segment, opens, closes, offers)
        for done in range(full, -1, -1):
            least = NEVER
            for j in range(count):
                added = offers[j]
                if (
                    done & added == added
                    and size[added] == amount[i]
                    and code[done ^ added] != NEVER
                ):
                    here = code[done ^ added]
                    for k in range(steps):
                        if added >> k & 1 != 0:
                            here += (i - 15) * (1 << 4 * (steps - 1 - k))
                    least = min(least, here)
            code[done] = least
    least = NEVER
    for done in range(full + 1):
        if size[done] == total and done & 1 != 0:
            least = min(least, code[done])
    least += (1 << 4 * steps) - 1
    for k in range(steps):
        i = least >> 4 * (steps - 1 - k) & 15
        chosen[k] = -1
        if i < ticks:
            beside = 0
            for other in range(steps):
                if least >> 4 * (steps - 1 - other) & 15 == i:
                    beside |= 1 << other
            row = place[i]
            while mask[row] & beside != 1 << k or (
                k == 0 and not may_enter(us, mask, flags, row, segment, opens, closes)
            ):
                row += 1
            chosen[k] = row
