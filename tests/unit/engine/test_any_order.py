"""The kernel of any order, against every choice of rows that the reference writes out."""

import itertools
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_funnel import Candidate, Event, choose

from funnelkit.engine import kernel
from funnelkit.engine.any_order import scratch_bytes, scratch_sizes
from funnelkit.model import EventSelector, Funnel, Settings, Step

SECOND = 1_000_000
FIRST, LAST = -(2**62), 2**62
A, B, C = 1, 2, 4
SHIFT = 2
BAR = 1 | 1 << SHIFT
"""The flags of a row that bars; bit 0 is a segment."""


def matched(
    units, *, steps, window, edges=(FIRST, LAST), segment=0, until=LAST, first_only=0, barred=1,
    prefix=1, around=0, compiled=False,
):  # fmt: skip
    """Run the kernel on (second, mask, flags) per unit.

    Return (unit, interval, reach, entries, rows) of each line.
    """
    rows = [row for unit in units for row in unit]
    starts = [0, *itertools.accumulate(len(unit) for unit in units)]
    us, mask, flags = ([row[i] for row in rows] for i in range(3))
    us = [round(second * SECOND) for second in us]
    most = sum(bits & 1 for bits in mask)
    out = [[-9] * most for _ in range(4)] + [[-9] * (most * steps)]
    longest = max(map(len, units))
    scratch = [[0] * size for size in scratch_sizes(steps, longest)]
    scratch += [bytearray(size) for size in scratch_bytes(steps, longest)]
    run = kernel.plain("any_order", "match_any_order")
    if compiled:
        run = kernel.compiled("any_order", "match_any_order")
        starts, us, edges = (np.array(column, np.int64) for column in (starts, us, edges))
        mask, flags = np.array(mask, np.uint8), np.array(flags, np.uint8)
        scratch = [
            np.array(slots, np.int64 if isinstance(slots, list) else np.uint8) for slots in scratch
        ]
        out = [np.array(slots, np.int32) for slots in out]
    lines = run(
        starts, us, mask, flags, steps, SECOND, window * SECOND, segment, edges, until, first_only,
        SHIFT, barred, prefix, around, *scratch, *out,
    )  # fmt: skip
    return [
        (
            *(int(column[i]) for column in out[:4]),
            [int(row) for row in out[4][i * steps : (i + 1) * steps]],
        )
        for i in range(lines)
    ]


def found(unit, **question):
    """Return the rows of the only line of one unit."""
    ((_unit, _interval, reach, _entries, rows),) = matched([unit], **question)
    assert all(row < 0 for row in rows[reach:])
    return rows[:reach]


def test_steps_may_come_in_any_order_of_time():
    assert found([(0, C, 1), (1, B, 1), (2, A, 1)], steps=3, window=60) == [2, 1, 0]


def test_nobody_is_in_the_funnel_without_the_first_listed_step():
    assert matched([[(0, B, 1), (1, C, 1)]], steps=3, window=60) == []


def test_a_step_counts_only_if_all_listed_before_it_are_done():
    unit = [(0, C, 1), (1, A, 1)]
    assert found(unit, steps=3, window=60) == [1]
    assert found(unit, steps=3, window=60, prefix=0) == [1, 0]


def test_the_window_holds_all_steps_and_its_end_belongs_to_it():
    unit = [(0, B, 1), (5, A, 1), (9.9, C, 1)]
    assert found(unit, steps=3, window=9) == [1, 0, 2]
    assert found(unit, steps=3, window=8) == [1, 0]


def test_a_window_around_step_one_reaches_both_ways():
    unit = [(0, B, 1), (5, A, 1), (10, C, 1)]
    assert found(unit, steps=3, window=5, around=1) == [1, 0, 2]
    assert found(unit, steps=3, window=5) == [1, 0]


def test_of_equally_long_conversions_the_one_with_the_first_ticks_is_taken():
    unit = [(0, B, 1), (4, A, 1), (5, B, 1), (6, A, 1)]
    assert found(unit, steps=2, window=60) == [1, 0]
    assert found(unit, steps=2, window=2) == [1, 2]


def test_of_equal_ticks_the_first_listed_step_gets_the_earlier_one():
    assert found([(0, A | B, 1), (1, A | B, 1)], steps=2, window=60) == [0, 1]
    # In this second only the first row can be step 1, so step 2 is done before it.
    assert found([(0, B | C, 1), (1, A | B, 1), (2, C, 1)], steps=3, window=60) == [1, 0, 2]


def test_in_one_second_an_event_that_fits_two_steps_fills_neither_beside_the_other():
    assert found([(0, A | B, 1), (0.1, B, 1)], steps=2, window=60) == [0]
    assert found([(0, A | B, 1), (0.1, A, 1), (0.2, B, 1)], steps=2, window=60) == [1, 2]


def test_an_excluded_event_between_any_of_the_steps_excludes():
    unit = [(0, B, 1), (1, 0, BAR), (2, A, 1)]
    assert found(unit, steps=2, window=60) == [2]
    assert found(unit, steps=2, window=60, barred=0) == [2, 0]


def test_a_step_in_the_second_of_an_excluded_event_excuses_it():
    unit = [(0, B, 1), (1, 0, BAR), (1.5, C, 1), (2, A, 1)]
    assert found(unit, steps=2, window=60) == [3]
    assert found(unit, steps=3, window=60) == [3, 0, 2]


def test_each_interval_has_the_best_of_its_own_entries():
    unit = [(0, B, 1), (1, A, 1), (11, A, 1), (12, A, 1), (25, C, 1)]
    edges = (0, 10 * SECOND, 20 * SECOND)
    assert matched([unit], steps=2, window=11, edges=edges) == [
        (0, 0, 2, 1, [1, 0]),
        (0, 1, 2, 2, [2, 0]),
    ]


def test_the_first_entry_alone_counts_where_only_that_may_start():
    unit = [(0, A, 1), (10, B, 1), (11, A, 1)]
    assert found(unit, steps=2, window=5) == [2, 1]
    assert found(unit, steps=2, window=5, first_only=1) == [0]


def test_only_entries_of_the_segment_count_and_nothing_from_until_on():
    unit = [(0, A, 0), (1, B, 1), (2, A, 1), (3, C, 1)]
    assert found(unit, steps=3, window=60, segment=1) == [2, 1, 3]
    assert found(unit, steps=3, window=60, segment=1, until=3 * SECOND) == [2, 1]


@pytest.mark.parametrize("overlap", [0, A], ids=["apart", "sets"])
@pytest.mark.parametrize("around", [0, 1], ids=["span", "around"])
def test_one_unit_with_many_intervals_and_a_crowded_second_is_no_trouble(overlap, around):
    """Compiled; work that is quadratic in the rows would take hours."""
    rows = 300_000 if overlap == 0 or around == 0 else 3_000
    unit = [(second, (A, B, C)[second % 3], 1) for second in range(rows)]
    unit += [(rows, C | overlap, 1)] * rows
    edges = (FIRST, *range(0, rows * SECOND, rows * 1000), LAST)
    lines = matched([unit], steps=3, window=rows // 1000, edges=edges, around=around, compiled=True)
    assert len(lines) == 1000
    assert all(line[2] == 3 for line in lines)


SECONDS = [0, 0.4, 1, 1.5, 2, 3, 3.3, 4, 5, 6, 7]


@st.composite
def random_units(draw):
    """Return units of few rows: any masks, or those of one step only."""
    masks = draw(st.sampled_from([st.integers(0, 15), st.sampled_from([1, 1, 2, 4, 8])]))
    flags = draw(st.sampled_from([st.sampled_from([0, 1]), st.sampled_from([1, 1, BAR])]))
    row = st.tuples(st.sampled_from(SECONDS), masks, flags)
    return draw(st.lists(st.lists(row, min_size=1, max_size=7).map(sorted), min_size=1, max_size=8))


def candidates(unit, *, segment, start, end, until, only=None):
    """Return the rows as the reference takes them."""
    made = []
    for number, (second, mask, flags) in enumerate(unit):
        time = round(second * SECOND)
        enters = mask & A and start <= time < end and (segment == 0 or flags & segment)
        if time < until:
            made.append(
                Candidate(
                    Event("u", time, "E", event_id=number),
                    time // SECOND,
                    frozenset(k + 1 for k in range(4) if mask >> k & 1),
                    entry=bool(enters) and only in (None, time // SECOND),
                    excluded=frozenset([1] if flags >> SHIFT else []),
                )
            )
    return made


@pytest.mark.parametrize("compiled", [False, True], ids=["plain", "compiled"])
@settings(max_examples=250)
@given(
    units=random_units(),
    steps=st.integers(1, 4),
    window=st.sampled_from([1, 2, 4, 100]),
    inner=st.lists(st.integers(1, 6), max_size=2, unique=True).map(sorted),
    outer=st.sampled_from([(0, 9), (0.4, 9), (1.5, 3.3)]),
    until=st.sampled_from([LAST, 4 * SECOND]),
    yes_or_no=st.tuples(*[st.sampled_from([0, 1])] * 5),
)
def test_the_best_of_all_choices_is_found(
    compiled, units, steps, window, inner, outer, until, yes_or_no
):
    first_only, barred, prefix, around, segment = yes_or_no
    start, end = (round(second * SECOND) for second in outer)
    edges = (start, *(second * SECOND for second in inner if start < second * SECOND < end), end)
    masked = [[(s, mask & (1 << steps) - 1, flags) for s, mask, flags in unit] for unit in units]
    funnel = Funnel(
        steps=(Step((EventSelector("E"),)),) * steps,
        order="any",
        window=timedelta(seconds=window),
        settings=Settings(
            any_order_steps="listed" if prefix else "any",
            any_order_window="around step 1" if around else "span",
        ),
    )
    wanted = []
    offset = 0
    for number, unit in enumerate(masked):
        plain = unit if barred else [(second, mask, flags & 1) for second, mask, flags in unit]
        for interval, (opens, closes) in enumerate(itertools.pairwise(edges)):
            rule = {"segment": segment, "start": opens, "end": closes, "until": until}
            entries = {each.tick for each in candidates(plain, **rule) if each.entry}
            if entries:
                only = min(entries) if first_only else None
                best = choose(candidates(plain, **rule, only=only), funnel)
                rows = [filled.by.event.event_id + offset for filled in best]
                rows += [-1] * (steps - len(best))
                wanted.append((number, interval, len(best), len(entries), rows))
        offset += len(unit)
    came = matched(
        masked, steps=steps, window=window, edges=edges, segment=segment, until=until,
        first_only=first_only, barred=barred, prefix=prefix, around=around, compiled=compiled,
    )  # fmt: skip
    assert came == wanted
