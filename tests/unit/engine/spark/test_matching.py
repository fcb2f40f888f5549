"""Sums that can be added up without being rounded twice."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from funnelkit.engine.spark.matching import exact_parts

amounts = st.lists(st.floats(-1e200, 1e200), max_size=30)


@given(amounts, amounts)
def test_parts_of_two_lists_add_up_to_the_exact_sum_of_both(one, other):
    assert math.fsum([*exact_parts(one), *exact_parts(other)]) == math.fsum([*one, *other])


def test_a_small_number_beside_large_ones_is_not_lost():
    assert exact_parts([1e16, 1.0, -1e16]) == [1.0]
    assert exact_parts([1e16, 1.0]) == [1e16, 1.0]


def test_nothing_has_no_part():
    assert exact_parts([]) == []
