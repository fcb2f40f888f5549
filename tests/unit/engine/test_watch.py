"""From when to when units are watched, and how much time at risk that is."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelkit.engine.entrants import Entrants
from funnelkit.engine.watch import BANDS, bands_of, exposure, placed, watch

SECOND = 1_000_000


def entrants(lines, *, steps, arrays=False):
    """Units by the seconds of their steps: `("u", 0, 10)` entered at 0 and did step 2 at 10."""
    make = (lambda values: np.array(values, np.int64)) if arrays else list
    times = [[second * SECOND for second in line[1:]] for line in lines]
    return Entrants(
        steps=steps,
        unit=make([line[0] for line in lines]) if not arrays else make(range(len(lines))),
        interval=make([0] * len(lines)),
        reach=make([len(found) for found in times]),
        entries=make([1] * len(lines)),
        entered=make([found[0] for found in times]),
        durations=tuple(
            make([found[k + 1] - found[k] for found in times if len(found) > k + 1])
            for k in range(steps - 1)
        ),
        totals=make([found[-1] - found[0] for found in times if len(found) == steps]),
    )


def watched(lines, between, *, steps=3, window=100, data_end=10_000, arrays=False):
    return watch(
        entrants(lines, steps=steps, arrays=arrays),
        between,
        window=window * SECOND,
        tick=SECOND,
        data_end=data_end * SECOND,
    )


def seconds(found):
    return [
        (unit, converted, start // SECOND, stop // SECOND)
        for unit, converted, start, stop in zip(
            found.unit, found.converted, found.start, found.stop, strict=True
        )
    ]


def test_converters_are_watched_from_the_second_after_one_step_to_the_other():
    found = watched([("u", 0, 10, 30)], (1, 2))
    assert seconds(found) == [("u", 1, 1, 10)]
    assert seconds(watched([("u", 0, 10, 30)], (2, 3))) == [("u", 1, 11, 30)]
    assert seconds(watched([("u", 0, 10, 30)], (1, 3))) == [("u", 1, 1, 30)]


def test_drop_offs_are_watched_through_the_last_second_of_the_window_from_step_1():
    assert seconds(watched([("u", 0)], (1, 2))) == [("u", 0, 1, 101)]
    assert seconds(watched([("u", 0, 10)], (2, 3))) == [("u", 0, 11, 101)]


def test_whoever_did_a_step_in_between_only_is_a_drop_off():
    assert seconds(watched([("u", 0, 10)], (1, 3))) == [("u", 0, 1, 101)]


def test_whoever_did_not_do_the_earlier_step_is_not_watched():
    assert seconds(watched([("u", 0), ("v", 5, 9)], (2, 3))) == [("v", 0, 10, 106)]


def test_the_end_of_the_data_cuts_the_window_short():
    found = watched([("u", 0), ("v", 50), ("w", 60, 70)], (1, 2), data_end=120)
    assert seconds(found) == [("u", 0, 1, 101), ("v", 0, 51, 120), ("w", 1, 61, 70)]
    assert found.cut == 1


def test_nobody_is_watched_for_less_than_no_time():
    found = watched([("u", 10, 10), ("v", 50)], (1, 2), data_end=50)
    assert seconds(found) == [("u", 1, 11, 11), ("v", 0, 51, 51)]


def test_bands_end_where_equally_many_converters_do():
    lines = [(f"u{k}", 0, k) for k in range(2, 102)]
    found = bands_of(watched(lines, (1, 2)))
    assert found.edges == tuple(k * SECOND for k in range(5, 101, 5))
    assert len(found.edges) == BANDS


def test_few_converters_have_a_band_each():
    found = bands_of(watched([("u", 0, 4), ("v", 0, 9), ("w", 0, 9), ("x", 0)], (1, 2)))
    assert found.edges == (3 * SECOND, 8 * SECOND)
    assert found.widths == [3 * SECOND, 5 * SECOND, 0]


def test_time_at_risk_is_counted_in_each_band():
    found = watched([("u", 0, 4), ("v", 0, 9), ("x", 0), ("y", 0)], (1, 2), data_end=7)
    bands = bands_of(found)
    place = placed(found, bands)
    converters = exposure(found, bands, place, converted=1)
    drop_offs = exposure(found, bands, place, converted=0)
    # v converts after the data end, which cannot be, but is watched to their end like x and y.
    assert bands.edges == (3 * SECOND, 6 * SECOND)
    assert converters.in_bands(bands) == [6 * SECOND, 3 * SECOND, 0]
    assert drop_offs.in_bands(bands) == [6 * SECOND, 6 * SECOND, 0]
    assert drop_offs.total == 12 * SECOND


@st.composite
def paths(draw):
    gaps = draw(st.lists(st.integers(0, 60), max_size=3))
    times = [draw(st.integers(0, 200))]
    for gap in gaps:
        times.append(times[-1] + gap)
    return times


@given(
    st.lists(paths(), min_size=1, max_size=30),
    st.sampled_from([(1, 2), (1, 3), (2, 3), (2, 4), (3, 4)]),
    st.integers(150, 500),
)
def test_lists_and_arrays_are_watched_alike(found, between, data_end):
    lines = [(number, *times) for number, times in enumerate(found)]
    both = [
        watched(lines, between, steps=4, window=180, data_end=data_end, arrays=arrays)
        for arrays in (False, True)
    ]
    assert seconds(both[0]) == seconds(both[1])
    assert both[0].cut == both[1].cut
    edges = [bands_of(one) for one in both]
    assert edges[0] == edges[1]
    for converted in (0, 1):
        sides = [
            exposure(one, edges[0], placed(one, edges[0]), converted=converted) for one in both
        ]
        assert sides[0].units == sides[1].units
        assert sides[0].ended == sides[1].ended
        for name in ("total", "part", "squares"):
            assert getattr(sides[0], name) == pytest.approx(getattr(sides[1], name))
        slow = [
            sum(
                max(0, min(stop - start, after) - before)
                for start, stop, of in zip(
                    both[0].start, both[0].stop, both[0].converted, strict=True
                )
                if of == converted
            )
            for before, after in pairwise(edges[0].lower)
        ]
        assert sides[0].in_bands(edges[0])[:-1] == pytest.approx(slow)
