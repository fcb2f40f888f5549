"""What is computed of a tally is what is computed of all its numbers."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from funnelkit.engine.distribution import time_to_convert
from funnelkit.engine.entrants import reached
from funnelkit.engine.frequency import frequency
from funnelkit.engine.summarise import times
from funnelkit.engine.survival import conversion_by_age
from funnelkit.engine.tally import Tally, no_tally
from funnelkit.model import Bins

SECOND = 1_000_000
seconds = st.lists(st.integers(0, 40).map(lambda number: number * SECOND), max_size=40)


def tally(numbers):
    values, counts = np.unique(np.array(numbers, np.int64), return_counts=True)
    return Tally(values, counts)


def array(numbers):
    return np.array(numbers, np.int64)


def test_a_tally_is_its_numbers_in_order():
    found = tally([5, 1, 5, 3])
    assert (len(found), [found[rank] for rank in range(4)]) == (4, [1, 3, 5, 5])
    assert (found.total(), found.count_of(5), found.count_of(2)) == (14, 2, 0)


def test_a_total_beyond_64_bits_is_exact():
    assert Tally(array([2**62]), array([8])).total() == 2**65


@given(seconds)
def test_averages_and_medians_are_the_same(numbers):
    assert times(tally(numbers)) == times(array(numbers)) == times(numbers)


@given(st.lists(st.integers(1, 4)))
def test_counts_of_steps_are_the_same(reach):
    assert reached(tally(reach), 4) == reached(array(reach), 4)


@given(seconds, st.sampled_from([None, Bins(0, 10, 3), Bins(2, 30, 7)]))
def test_distributions_of_times_are_the_same(numbers, bins):
    asked = {"from_step": 1, "to_step": 2, "bins": bins, "window_seconds": 60, "by": "window"}
    assert time_to_convert(tally(numbers), **asked) == time_to_convert(array(numbers), **asked)


@given(st.lists(st.integers(1, 9)))
def test_frequencies_are_the_same(numbers):
    assert frequency(tally(numbers), step=1) == frequency(array(numbers), step=1)


@given(seconds, seconds)
def test_curves_of_conversion_by_age_are_the_same(converted, watched):
    window = 30 * SECOND
    found = conversion_by_age(tally(converted), tally(watched), window=window)
    assert found == conversion_by_age(array(converted), array(watched), window=window)


def test_of_nothing_there_is_no_median():
    assert times(no_tally()) == (None, None)
