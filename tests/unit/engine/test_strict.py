"""The kernel of exact order and exclusions, against every sequence written out."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelkit.engine import kernel

SECOND = 1_000_000
FIRST, LAST = -(2**62), 2**62
A, B, C = 1, 2, 4
SHIFT = 2


def bars(*pairs):
    """The flags of a row that bars the pairs of steps (from 1); bit 0 is a segment."""
    return 1 | sum(1 << (SHIFT + pair - 1) for pair in pairs)


def matched(
    units, *, steps, window, edges=(FIRST, LAST), segment=0, until=LAST, first_only=0, every=0,
    compiled=False,
):  # fmt: skip
    """Run the kernel on (second, mask, flags) per unit; return (unit, interval, reach, rows)."""
    rows = [row for unit in units for row in unit]
    starts = [0, *itertools.accumulate(len(unit) for unit in units)]
    us, mask, flags = ([row[i] for row in rows] for i in range(3))
    us = [round(second * SECOND) for second in us]
    most = len(rows)
    out = [[-9] * most for _ in range(4)] + [[-9] * (most * steps)]
    longest = max(map(len, units))
    scratch = [[0] * size for size in (steps * steps, steps * steps, longest, longest, longest)]
    run = kernel.plain("strict", "match_strictly")
    if compiled:
        run = kernel.compiled("strict", "match_strictly")
        starts, us, edges = (np.array(column, np.int64) for column in (starts, us, edges))
        mask, flags = np.array(mask, np.uint8), np.array(flags, np.uint8)
        scratch = [np.array(slots, np.int64) for slots in scratch]
        out = [np.array(slots, np.int32) for slots in out]
    lines = run(
        starts, us, mask, flags, steps, SECOND, window * SECOND, segment, edges, until, first_only,
        SHIFT, every, *scratch, *out,
    )  # fmt: skip
    return [
        (
            int(out[0][i]),
            int(out[1][i]),
            int(out[2][i]),
            [int(row) for row in out[4][i * steps : (i + 1) * steps]],
        )
        for i in range(lines)
    ]


def expected(unit, *, steps, window, edges, every):
    """Return (interval, reach, rows) of each interval, by looking at every sequence."""
    ticks = [int(second // 1) for second, _, _ in unit]

    def may_follow(chosen, row, step):
        before = ticks[chosen[-1]]
        pair = 1 << (SHIFT + step - 1)
        return (
            unit[row][1] >> step & 1
            and before <= ticks[row] <= ticks[chosen[0]] + window
            and not any(
                every or flags & pair
                for (_, _, flags), tick in zip(unit, ticks, strict=True)
                if before < tick < ticks[row]
            )
            and all(
                ticks[other] != ticks[row]
                or not (unit[row][1] >> k & 1 or unit[other][1] >> step & 1)
                for k, other in enumerate(chosen)
            )
        )

    def ways(chosen):
        yield chosen
        if len(chosen) < steps:
            for row in range(len(unit)):
                if may_follow(chosen, row, len(chosen)):
                    yield from ways([*chosen, row])

    found = []
    for interval, (start, end) in enumerate(itertools.pairwise(edges)):
        entries = [
            row
            for row, (second, mask, _) in enumerate(unit)
            if mask & A and start <= second * SECOND < end
        ]
        every_way = [way for entry in entries for way in ways([entry])]
        if every_way:
            best = min(every_way, key=lambda way: (-len(way), [ticks[r] for r in way], way))
            found.append((interval, len(best), best + [-1] * (steps - len(best))))
    return found


def test_an_excluded_event_between_two_steps_keeps_the_unit_at_the_first():
    unit = [(0, A, 1), (5, 0, bars(1)), (9, B, 1)]
    assert matched([unit], steps=2, window=60) == [(0, 0, 1, [0, -1])]


def test_an_excluded_event_of_another_pair_does_no_harm():
    unit = [(0, A, 1), (5, 0, bars(2)), (9, B, 1), (12, C, 1)]
    assert matched([unit], steps=3, window=60) == [(0, 0, 3, [0, 2, 3])]


def test_an_excluded_event_in_the_second_of_a_step_does_not_exclude():
    unit = [(0, A, 1), (0.5, 0, bars(1)), (9, B, 1), (9.9, 0, bars(1))]
    assert matched([unit], steps=2, window=60) == [(0, 0, 2, [0, 2])]


def test_one_clean_path_is_enough():
    unit = [(0, A, 1), (5, 0, bars(1)), (9, A, 1), (12, B, 1)]
    assert matched([unit], steps=2, window=60) == [(0, 0, 2, [2, 3])]


def test_a_step_filled_later_can_save_a_path_that_a_greedy_one_loses():
    # The first B is followed by an excluded event, the second one is not.
    unit = [(0, A, 1), (1, B, 1), (2, 0, bars(2)), (3, B, 1), (4, C, 1)]
    assert matched([unit], steps=3, window=60) == [(0, 0, 3, [0, 3, 4])]


def test_two_steps_in_one_second_need_not_be_filled_together():
    # A and B share a second, but only the later B has no excluded event before C.
    unit = [(0, A, 1), (0.5, B, 1), (2, 0, bars(2)), (3, B, 1), (4, C, 1)]
    assert matched([unit], steps=3, window=60) == [(0, 0, 3, [0, 3, 4])]


def test_in_exact_order_any_event_between_interrupts():
    assert matched([[(0, A, 1), (1, 0, 1), (2, B, 1)]], steps=2, window=60, every=1)[0][2] == 1
    assert matched([[(0, A, 1), (0.9, 0, 1), (2, B, 1)]], steps=2, window=60, every=1)[0][2] == 2


def test_the_first_of_an_interval_starts_where_only_first_attempts_count():
    unit = [(0, A, 1), (1, 0, bars(1)), (2, A, 1), (3, B, 1)]
    assert matched([unit], steps=2, window=60, first_only=1) == [(0, 0, 1, [0, -1])]


def test_a_bar_before_1970_and_an_open_end_do_not_overflow():
    unit = [(-100, A, 1), (-90, B, 1)]
    assert matched([unit], steps=3, window=60) == [(0, 0, 2, [0, 1, -1])]


@st.composite
def random_units(draw):
    seconds = st.sampled_from([0, 0.4, 1, 1.5, 2, 3, 3.3, 4, 5, 6, 7])
    row = st.tuples(seconds, st.integers(0, 7), st.sampled_from([1, 1, 1, 5, 9, 13]))
    units = st.lists(st.lists(row, min_size=1, max_size=7).map(sorted), min_size=1, max_size=20)
    return draw(units)


@pytest.mark.parametrize("compiled", [False, True], ids=["plain", "compiled"])
@settings(max_examples=150)
@given(
    units=random_units(),
    steps=st.integers(1, 3),
    window=st.sampled_from([1, 2, 4, 100]),
    every=st.sampled_from([0, 0, 1]),
    inner=st.lists(st.integers(1, 6), max_size=2, unique=True).map(sorted),
)
def test_the_best_of_all_sequences_is_found(compiled, units, steps, window, every, inner):
    edges = (0, *(second * SECOND for second in inner), 7 * SECOND)
    masked = [[(s, mask & (1 << steps) - 1, flags) for s, mask, flags in unit] for unit in units]
    offsets = [0, *itertools.accumulate(map(len, masked))]
    wanted = [
        (number, interval, reach, [row + offsets[number] if row >= 0 else -1 for row in rows])
        for number, unit in enumerate(masked)
        for interval, reach, rows in expected(
            unit, steps=steps, window=window, edges=edges, every=every
        )
    ]
    came = matched(masked, steps=steps, window=window, edges=edges, every=every, compiled=compiled)
    assert came == wanted
