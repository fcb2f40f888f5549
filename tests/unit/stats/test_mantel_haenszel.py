"""A ratio of rates over strata, its interval and its test."""

from math import inf, isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelkit.stats.mantel_haenszel import mantel_haenszel


def test_one_stratum_gives_the_plain_ratio_of_rates():
    found = mantel_haenszel([30], [20], [100.0], [200.0])
    assert isclose(found.ratio, 3.0)
    assert found.expected == pytest.approx((50 / 3, 100 / 3))


def test_strata_that_mix_unlike_rates_do_not_mislead():
    # The rate is 1 in the first stratum and 0.01 in the second, on both sides.
    found = mantel_haenszel([100, 1], [10, 99], [100.0, 100.0], [10.0, 9900.0])
    assert isclose(found.ratio, 1.0)
    crude = (101 / 200) / (109 / 9910)
    assert crude > 40


def test_the_variance_is_that_of_a_binomial_where_the_rates_are_equal():
    # 60 events fall on either side by chance, with probability 1/3 on the first.
    found = mantel_haenszel([20], [40], [100.0], [200.0])
    assert isclose(found.variance, 60 * (1 / 3) * (2 / 3))
    assert found.p_value(1.0) == pytest.approx(1.0)


def test_the_test_is_the_score_test_of_a_binomial():
    found = mantel_haenszel([30], [30], [100.0], [200.0])
    # z = (30 - 20) / sqrt(60 · 1/3 · 2/3) = 2.7386
    assert found.p_value(1.0) == pytest.approx(0.006170, abs=1e-6)
    assert found.p_value(4.0) == pytest.approx(0.170904, abs=1e-6)


def test_a_stratum_without_time_on_one_side_is_passed_over():
    with_it = mantel_haenszel([3, 9], [4, 0], [10.0, 5.0], [20.0, 0.0])
    assert with_it == mantel_haenszel([3], [4], [10.0], [20.0])


def test_no_event_at_all_says_nothing():
    found = mantel_haenszel([0], [0], [10.0], [20.0])
    assert found.ratio is None
    assert found.p_value(1.0) == 1.0
    assert found.interval(1.0) == (0.0, inf)


def test_events_of_one_side_only_leave_the_interval_open_at_one_end():
    none_there = mantel_haenszel([9], [0], [10.0], [10.0])
    assert none_there.ratio == inf
    low, high = none_there.interval(1.0)
    assert 1 < low < high == inf
    none_here = mantel_haenszel([0], [9], [10.0], [10.0])
    low, high = none_here.interval(1.0)
    assert low == 0 < high < 1
    assert isclose(high, 1 / none_there.interval(1.0).lower)


@given(
    strata=st.lists(
        st.tuples(
            st.integers(0, 50), st.integers(0, 50), st.floats(0.1, 1000), st.floats(0.1, 1000)
        ),
        min_size=1,
        max_size=5,
    ),
    dispersion=st.floats(1, 20),
)
def test_the_interval_leaves_out_1_where_the_test_rejects_it(strata, dispersion):
    found = mantel_haenszel(*map(list, zip(*strata, strict=True)))
    low, high = found.interval(dispersion)
    p = found.p_value(dispersion)
    assert low <= high
    if found.ratio is not None:
        assert low * (1 - 1e-9) <= found.ratio <= high * (1 + 1e-9)
    if abs(p - 0.05) > 1e-6:
        assert (p < 0.05) == (not low <= 1 <= high)


@given(
    one=st.integers(0, 50),
    other=st.integers(1, 50),
    times=st.tuples(st.floats(1, 99), st.floats(1, 99)),
)
def test_sides_that_change_places_give_the_reciprocal(one, other, times):
    there = mantel_haenszel([one + 1], [other], [times[0]], [times[1]])
    back = mantel_haenszel([other], [one + 1], [times[1]], [times[0]])
    assert there.ratio == pytest.approx(1 / back.ratio)
    assert there.interval(2.0) == pytest.approx(tuple(1 / x for x in back.interval(2.0))[::-1])
