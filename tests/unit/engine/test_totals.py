"""The kernel of totals, against the pairing as the reference does it path by path."""

import itertools
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_funnel import Candidate, Event, pair_paths

from funnelkit.engine import kernel
from funnelkit.engine.totals import scratch_sizes
from funnelkit.model import EventSelector, Funnel, Settings, Step

SECOND = 1_000_000
FIRST, LAST = -(2**62), 2**62
A, B, C = 1, 2, 4
SHIFT, KIND_SHIFT = 1, 3


def bars(*pairs):
    """The flags of a row that bars the pairs of steps (from 1); bit 0 is a segment."""
    return 1 | sum(1 << (SHIFT + pair - 1) for pair in pairs)


def kind(number):
    """The flags of a row whose event type has this hash."""
    return 1 | number << KIND_SHIFT


def paired(
    units, *, steps, window=60, edges=(FIRST, LAST), segment=0, until=LAST, barred=0, every=0,
    oldest=0, compiled=False,
):  # fmt: skip
    """Run the kernel on (second, mask, flags) per unit; return (unit, interval, rows) per path."""
    rows = [row for unit in units for row in unit]
    starts = [0, *itertools.accumulate(len(unit) for unit in units)]
    us, mask, flags = ([row[i] for row in rows] for i in range(3))
    us = [round(second * SECOND) for second in us]
    most = sum(bits & 1 for bits in mask)
    out = [[-9] * most for _ in range(4)] + [[-9] * (most * steps)]
    scratch = [[0] * size for size in scratch_sizes(steps, max(map(len, units)))]
    run = kernel.plain("totals", "pair_paths")
    if compiled:
        run = kernel.compiled("totals", "pair_paths")
        starts, us, edges = (np.array(column, np.int64) for column in (starts, us, edges))
        mask, flags = np.array(mask, np.uint8), np.array(flags, np.uint8)
        scratch = [np.array(slots, np.int64) for slots in scratch]
        out = [np.array(slots, np.int32) for slots in out]
    lines = run(
        starts, us, mask, flags, steps, SECOND, window * SECOND, segment, edges, until,
        SHIFT, barred, every, KIND_SHIFT, oldest, *scratch, *out,
    )  # fmt: skip
    unit, interval, reach, entries, filled = out
    paths = []
    for i in range(lines):
        path = [int(row) for row in filled[i * steps : (i + 1) * steps]]
        assert entries[i] == 1
        assert all(row < 0 for row in path[reach[i] :])
        paths.append((int(unit[i]), int(interval[i]), path[: reach[i]]))
    return paths


def paths(unit, **question):
    """Return the rows of each path of one unit."""
    return [rows for _unit, _interval, rows in paired([unit], **question)]


def sequence(letters):
    return [(second, {"A": A, "B": B, "C": C, "X": 0}[name], 1) for second, name in letters]


def test_each_event_serves_one_path():
    unit = sequence(enumerate("AAAAB"))
    assert paths(unit, steps=2) == [[0, 4], [1], [2], [3]]


def test_a_converted_path_leaves_the_next_event_to_another():
    assert paths(sequence(enumerate("ABABA")), steps=2) == [[0, 1], [2, 3], [4]]


def test_an_event_advances_the_most_advanced_path_or_else_the_oldest():
    both = B | C
    unit = [(0, A, 1), (1, B, 1), (2, A, 1), (3, A, 1), (4, both, 1), (5, both, 1)]
    assert paths(unit, steps=3) == [[0, 1, 4], [2, 5], [3]]
    unit = [(0, A, 1), (1, A, 1), (2, B, 1), (3, both, 1), (4, both, 1)]
    assert paths(unit, steps=3) == [[0, 2, 3], [1, 4]]


def test_the_oldest_path_may_be_the_less_advanced_one_where_that_is_asked_for():
    # Row 3 cannot advance the first path, which waits for C; the second one overtakes it.
    unit = [(0, A, 1), (1, A, 1), (2, B, 1), (3, B, 1), (4, C, 1), (5, B | C, 1)]
    assert paths(unit, steps=3, oldest=1) == [[0, 2, 4], [1, 3, 5]]
    unit = [(0, A, 1), (1, B, 1), (2, A, 1), (3, A | B | C, 1)]
    assert paths(unit, steps=3, oldest=1) == [[0, 1, 3], [2]]


def test_a_path_whose_window_is_over_waits_no_longer():
    unit = [(0, A, 1), (5, A, 1), (10.9, B, 1), (11, B, 1)]
    assert paths(unit, steps=2, window=10) == [[0, 2], [1, 3]]
    assert paths(unit, steps=2, window=9) == [[0], [1, 2]]


def test_events_of_one_kind_in_one_second_are_one_event():
    unit = [(0, A, kind(1)), (0.1, A, kind(1)), (0.2, A, kind(2)), (1, B, kind(3))]
    assert paths(unit, steps=2) == [[0, 3], [2]]


def test_of_one_kind_the_first_that_may_enter_stands_for_all():
    unit = [(0, A, 0), (0.1, A, 1), (0.2, A, 1), (1, B, 1)]
    assert paths(unit, steps=2) == [[0, 3]]
    assert paths(unit, steps=2, segment=1) == [[1, 3]]


def test_in_one_second_events_go_by_the_first_step_that_they_fit():
    assert paths([(0.1, C, 1), (0.2, B, 1), (0.3, A, 1)], steps=3) == [[2, 1, 0]]


def test_an_excluded_event_ends_the_paths_that_wait_at_its_pair():
    unit = [(0, A, 1), (1, 0, bars(1)), (2, A, 1), (3, B, 1), (4, B, 1)]
    assert paths(unit, steps=2, barred=1) == [[0], [2, 3]]
    assert paths(unit, steps=2) == [[0, 3], [2, 4]]
    assert paths(unit, steps=3, barred=1) == [[0], [2, 3]]


def test_an_excluded_event_in_the_second_of_a_step_does_no_harm():
    unit = [(0, A, 1), (0.5, 0, bars(1)), (2, 0, bars(1)), (2.5, B, 1)]
    assert paths(unit, steps=2, barred=1) == [[0, 3]]


def test_in_exact_order_any_event_ends_a_path():
    assert paths(sequence([(0, "A"), (1, "X"), (2, "B")]), steps=2, barred=1, every=1) == [[0]]
    assert paths(sequence([(0, "A"), (0.5, "X"), (2, "B")]), steps=2, barred=1, every=1) == [[0, 2]]
    unit = sequence([(0, "A"), (1, "A"), (2, "B"), (3, "B")])
    assert paths(unit, steps=2, barred=1, every=1) == [[0], [1, 2]]


def test_each_interval_pairs_anew_with_entries_of_its_own():
    unit = sequence([(0, "A"), (10, "A"), (11, "B")])
    edges = (0, 10 * SECOND, 20 * SECOND)
    assert paired([unit], steps=2, edges=edges) == [(0, 0, [0, 2]), (0, 1, [1, 2])]


def test_nothing_is_seen_from_until_on():
    assert paths(sequence(enumerate("AB")), steps=2, until=SECOND) == [[0]]


@pytest.mark.parametrize("crowded", [False, True], ids=["open for ever", "in one second"])
def test_a_unit_with_hundreds_of_thousands_of_open_paths_is_no_trouble(crowded):
    """Work that is quadratic in the rows would take hours."""
    many = 300_000
    seconds = [0] * many if crowded else range(many)
    unit = [(second, A, kind(1)) for second in seconds]
    unit += [(many + second, B, kind(2)) for second in seconds]
    found = paired([unit], steps=3, window=many * 3, compiled=True)
    assert len(found) == (1 if crowded else many)
    assert all(len(rows) == 2 for _unit, _interval, rows in found)


SECONDS = [0, 0.4, 1, 1.5, 2, 3, 3.3, 4, 5, 6, 7]


@st.composite
def random_units(draw):
    row = st.tuples(
        st.sampled_from(SECONDS), st.integers(0, 7), st.sampled_from([0, 1, 1, 1, 2, 5, 7, 9])
    )
    units = st.lists(st.lists(row, min_size=1, max_size=12).map(sorted), min_size=1, max_size=8)
    return draw(units)


@pytest.mark.parametrize("compiled", [False, True], ids=["plain", "compiled"])
@settings(max_examples=250)
@given(
    units=random_units(),
    steps=st.integers(1, 3),
    window=st.sampled_from([1, 2, 4, 100]),
    inner=st.lists(st.integers(1, 6), max_size=2, unique=True).map(sorted),
    outer=st.sampled_from([(0, 9), (0.4, 9), (1.5, 3.3)]),
    until=st.sampled_from([LAST, 4 * SECOND]),
    yes_or_no=st.tuples(*[st.sampled_from([0, 1])] * 4),
)
def test_the_paths_are_those_of_the_reference(
    compiled, units, steps, window, inner, outer, until, yes_or_no
):
    segment, barred, every, oldest = yes_or_no
    start, end = (round(second * SECOND) for second in outer)
    edges = (start, *(second * SECOND for second in inner if start < second * SECOND < end), end)
    masked = [[(s, mask & (1 << steps) - 1, flags) for s, mask, flags in unit] for unit in units]
    funnel = Funnel(
        steps=(Step((EventSelector("E"),)),) * steps,
        order="exact" if every else "this",
        window=timedelta(seconds=window),
        settings=Settings(totals_pairing="oldest" if oldest else "most advanced"),
    )

    def candidate(number, row, opens, closes):
        second, mask, flags = row
        time = round(second * SECOND)
        enters = mask & A and opens <= time < closes and (segment == 0 or flags & segment)
        return Candidate(
            Event("u", time, f"type {flags >> KIND_SHIFT}", event_id=number),
            time // SECOND,
            frozenset(k + 1 for k in range(steps) if mask >> k & 1),
            entry=bool(enters),
            excluded=frozenset(
                pair for pair in (1, 2) if barred and flags >> (SHIFT + pair - 1) & 1
            ),
        )

    wanted = []
    offset = 0
    for number, unit in enumerate(masked):
        seen = [(row, each) for row, each in enumerate(unit, offset) if each[0] * SECOND < until]
        for interval, (opens, closes) in enumerate(itertools.pairwise(edges)):
            rows = [candidate(row, each, opens, closes) for row, each in seen]
            wanted += [
                (number, interval, [filled.by.event.event_id for filled in path])
                for path in pair_paths(rows, funnel)
            ]
        offset += len(unit)
    came = paired(
        masked, steps=steps, window=window, edges=edges, segment=segment, until=until,
        barred=barred, every=every, oldest=oldest, compiled=compiled,
    )  # fmt: skip
    assert came == wanted
