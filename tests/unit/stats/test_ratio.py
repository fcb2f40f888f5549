from math import inf, isfinite, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelkit.stats.proportion import Proportion
from funnelkit.stats.ratio import relative_lift, relative_lift_interval


@st.composite
def proportions(draw, *, most=3000):
    entered = draw(st.integers(1, most))
    return Proportion(draw(st.integers(0, entered)), entered)


def test_the_lift_of_the_workshop_is_29_percent_of_its_baseline():
    baseline, against = Proportion(1258, 5276), Proportion(319, 1043)
    assert relative_lift(baseline, against) == pytest.approx(0.2827, abs=5e-5)
    assert against.share - baseline.share == pytest.approx(0.0674, abs=5e-5)


def test_the_bounds_are_those_of_the_log_ratio_as_published():
    # Agresti, Categorical Data Analysis, aspirin and heart attacks: 189 of 11,034 under placebo,
    # 104 of 11,037 under aspirin; ratio 1.82, interval 1.43 to 2.31.
    placebo, aspirin = Proportion(189, 11034), Proportion(104, 11037)
    assert relative_lift(aspirin, placebo) == pytest.approx(0.82, abs=5e-3)
    assert relative_lift_interval(aspirin, placebo) == pytest.approx((0.43, 1.31), abs=5e-3)


@given(proportions(), proportions())
def test_the_interval_holds_the_lift_wherever_there_is_one(baseline, against):
    lower, upper = relative_lift_interval(baseline, against)
    lift = relative_lift(baseline, against)
    assert -1 <= lower < upper
    assert (lift is None) == (baseline.converted == 0)
    if lift is not None and against.converted > 0:
        assert isfinite(upper)
    if lift is not None:
        assert lower <= lift <= upper


@given(st.integers(1, 500), st.integers(1, 500), st.integers(1, 500), st.integers(1, 500))
def test_exchanging_the_sides_turns_the_sign_of_the_log_ratio(x1, rest1, x2, rest2):
    baseline, against = Proportion(x1, x1 + rest1), Proportion(x2, x2 + rest2)
    lower, upper = relative_lift_interval(baseline, against)
    back = relative_lift_interval(against, baseline)
    assert (log(1 + back.lower), log(1 + back.upper)) == pytest.approx(
        (-log(1 + upper), -log(1 + lower))
    )


def test_a_baseline_without_a_conversion_leaves_the_interval_open_above():
    lower, upper = relative_lift_interval(Proportion(0, 50), Proportion(5, 50))
    assert lower > -1
    assert upper == inf


def test_no_conversion_at_all_on_the_other_side_is_minus_100_percent_with_a_bound_above():
    lower, upper = relative_lift_interval(Proportion(5, 50), Proportion(0, 50))
    assert lower == -1
    assert -1 < upper < 1


def test_everybody_on_both_sides_still_has_an_interval_around_0():
    lower, upper = relative_lift_interval(Proportion(20, 20), Proportion(20, 20))
    assert lower < 0 < upper


def test_people_on_both_sides_narrow_the_interval():
    baseline, against = Proportion(300, 1000), Proportion(330, 1000)
    alone = relative_lift_interval(baseline, against)
    together = relative_lift_interval(baseline, against, covariance=1e-4)
    assert alone.lower < together.lower < together.upper < alone.upper
