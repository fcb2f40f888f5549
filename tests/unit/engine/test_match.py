"""The kernel alone: rows in, positions out; plain and compiled."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelkit.engine import kernel
from funnelkit.engine.match import scratch_sizes

SECOND = 1_000_000
FIRST, LAST = -(2**62), 2**62


def matched(
    units, *, steps, window, tick=SECOND, segment=0, start=FIRST, end=LAST, until=LAST,
    first_only=0, compiled=False,
):  # fmt: skip
    """Run the kernel on (us, mask, flags) per unit; return {unit: (reach, entries, rows)}."""
    rows = [row for unit in units for row in unit]
    starts = [0, *itertools.accumulate(len(unit) for unit in units)]
    us, mask, flags = ([row[i] for row in rows] for i in range(3))
    out = [[0] * len(units) for _ in range(4)] + [[-1] * (len(units) * steps)]
    edges = [start, end]
    scratch = [[0] * size for size in scratch_sizes(steps)]
    run = kernel.plain("match", "match_units")
    if compiled:
        run = kernel.compiled("match", "match_units")
        edges = np.array(edges, np.int64)
        starts, us = np.array(starts, np.int64), np.array(us, np.int64)
        mask, flags = np.array(mask, np.uint8), np.array(flags, np.uint8)
        scratch = [np.array(slots, np.int64) for slots in scratch]
        out = [np.array(slots, np.int32) for slots in out]
    lines = run(
        starts, us, mask, flags, steps, tick, window, segment, edges, until, first_only,
        *scratch, *out,
    )  # fmt: skip
    return {
        int(out[0][i]): (
            int(out[2][i]),
            int(out[3][i]),
            [int(row) for row in out[4][i * steps : i * steps + int(out[2][i])]],
        )
        for i in range(lines)
    }


def s(seconds, mask, flags=1):
    return (round(seconds * SECOND), mask, flags)


A, B, C = 1, 2, 4


def test_later_step_at_the_window_edge_still_counts():
    unit = [s(0.9, A), s(10.1, B)]
    assert matched([unit], steps=2, window=10 * SECOND) == {0: (2, 1, [0, 1])}
    assert matched([unit], steps=2, window=9 * SECOND) == {0: (1, 1, [0])}


def test_longest_attempt_wins_over_an_earlier_one():
    unit = [s(0, A), s(100, A), s(105, B)]
    assert matched([unit], steps=2, window=10 * SECOND) == {0: (2, 2, [1, 2])}


def test_among_equally_long_attempts_the_first_wins():
    unit = [s(0, A), s(5, A), s(9, B), s(10, B)]
    assert matched([unit], steps=2, window=10 * SECOND) == {0: (2, 2, [0, 2])}


def test_two_events_in_one_second_count_in_either_order():
    unit = [s(0.1, B), s(0.9, A)]
    assert matched([unit], steps=2, window=10 * SECOND) == {0: (2, 1, [1, 0])}
    assert matched([unit], steps=2, window=10 * SECOND, tick=1000) == {0: (1, 1, [1])}


def test_an_event_that_fits_both_steps_fills_only_one_of_them_in_a_second():
    assert matched([[s(0.1, A | B), s(0.2, B)]], steps=2, window=SECOND)[0][0] == 1
    assert matched([[s(0.1, A | B), s(0.2, A), s(0.3, B)]], steps=2, window=SECOND) == {
        0: (2, 1, [1, 2])
    }


def test_repeated_step_needs_a_second_event_in_a_later_second():
    assert matched([[s(0, A | B), s(0.5, A | B)]], steps=2, window=60 * SECOND)[0][0] == 1
    assert matched([[s(0, A | B), s(1, A | B)]], steps=2, window=60 * SECOND)[0][0] == 2


def test_rows_from_until_on_are_not_seen():
    unit = [s(0, A), s(5, B)]
    assert matched([unit], steps=2, window=60 * SECOND, until=5 * SECOND)[0][0] == 1


def test_first_entry_only_ignores_a_better_later_attempt():
    unit = [s(0, A), s(100, A), s(105, B)]
    assert matched([unit], steps=2, window=10 * SECOND, first_only=1) == {0: (1, 2, [0])}


def test_only_events_of_the_segment_and_the_period_enter():
    unit = [s(0, A, 0), s(1, A, 1), s(2, A, 1), s(3, B)]
    assert matched([unit], steps=2, window=60 * SECOND, segment=1)[0][2] == [1, 3]
    assert matched([unit], steps=2, window=60 * SECOND, start=2 * SECOND)[0][2] == [2, 3]
    assert matched([unit], steps=2, window=60 * SECOND, end=0) == {}


def test_times_before_1970_are_floored_downwards():
    unit = [s(-0.9, A), s(-0.1, B), s(0.1, C)]
    assert matched([unit], steps=3, window=1 * SECOND) == {0: (3, 1, [0, 1, 2])}
    assert matched([unit], steps=3, window=0) == {0: (2, 1, [0, 1])}


def every_sequence(unit, *, steps, window, segment, start, end, until):
    """All sequences of rows that the rules allow, by trying them all."""
    rows = [row for row in unit if row[0] < until]

    def extend(sequence):
        yield sequence
        k = len(sequence)
        if k == steps:
            return
        for number, (us, mask, _) in enumerate(rows):
            if number in sequence or not mask >> k & 1:
                continue
            tick, before = us // SECOND, rows[sequence[-1]][0] // SECOND
            if tick < before or tick - rows[sequence[0]][0] // SECOND > window // SECOND:
                continue
            same = [(q, row) for q, row in enumerate(sequence) if rows[row][0] // SECOND == tick]
            if any(rows[row][1] >> k & 1 or mask >> q & 1 for q, row in same):
                continue
            yield from extend([*sequence, number])

    for number, (us, mask, flags) in enumerate(rows):
        if mask & 1 and start <= us < end and (not segment or flags & segment):
            yield from extend([number])


UNIT = st.lists(
    st.tuples(st.integers(-3, 9), st.integers(1, 7), st.integers(0, 1)), min_size=1, max_size=7
).map(lambda rows: sorted((half * SECOND // 2, mask, flags) for half, mask, flags in rows))


@settings(deadline=None, max_examples=400)
@given(
    units=st.lists(UNIT, min_size=1, max_size=8),
    steps=st.integers(1, 3),
    window=st.integers(0, 4),
    segment=st.integers(0, 1),
    bounds=st.lists(st.integers(-3, 12), min_size=3, max_size=3),
)
def test_kernel_agrees_with_exhaustive_search(units, steps, window, segment, bounds):
    start, end, until = (half * SECOND // 2 for half in sorted(bounds))
    rule = {"segment": segment, "start": start, "end": end, "until": until}
    units = [[(us, mask & (1 << steps) - 1, flags) for us, mask, flags in unit] for unit in units]
    expected = {}
    offset = 0
    for number, unit in enumerate(units):
        best = max(
            every_sequence(unit, steps=steps, window=window * SECOND, **rule),
            key=lambda rows, unit=unit: (len(rows), [-(unit[row][0] // SECOND) for row in rows]),
            default=None,
        )
        if best:
            expected[number] = (len(best), [unit[row][0] // SECOND for row in best])
        offset += len(unit)
    flat = [row for unit in units for row in unit]
    for compiled in (False, True):
        found = matched(units, steps=steps, window=window * SECOND, compiled=compiled, **rule)
        assert {
            unit: (reach, [flat[row][0] // SECOND for row in rows])
            for unit, (reach, _, rows) in found.items()
        } == expected


@pytest.mark.parametrize("compiled", [False, True])
def test_one_unit_with_many_entries_and_one_crowded_second_stays_linear(compiled):
    # Quadratic work would take hours here; linear takes about a second uncompiled.
    unit = [s(i, A | B) for i in range(50_000)] + [s(50_000, B | C)] * 50_000
    found = matched([unit], steps=3, window=LAST // 4, compiled=compiled)
    assert found[0][:2] == (3, 50_000)
