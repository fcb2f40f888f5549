"""How often a step was done before the next one."""

import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelkit.engine.frequency import frequency
from funnelkit.result import Frequency


def test_units_are_counted_by_how_often_they_did_the_step():
    assert frequency([1, 3, 1, 1], step=2) == Frequency(
        step=2, counts=(3, 0, 1), average=1.5, median=1.0
    )


@pytest.mark.parametrize("times", [[], np.array([], np.int64)])
def test_nobody_reached_the_next_step(times):
    assert frequency(times, step=1) == Frequency(step=1, counts=(), average=None, median=None)


@pytest.mark.parametrize("times", [[1, 0], np.array([1, 0])])
def test_a_unit_that_never_did_the_step_cannot_have_reached_the_next(times):
    with pytest.raises(ValueError, match="reached step 2 without step 1"):
        frequency(times, step=1)


@given(st.lists(st.integers(1, 30), min_size=1, max_size=50))
def test_average_and_median_are_exact_from_lists_and_arrays(times):
    found = frequency(times, step=1)
    assert frequency(np.array(times, np.int64), step=1) == found
    assert sum(found.counts) == len(times)
    assert found.average == sum(times) / len(times)
    assert found.median == statistics.median(times)
