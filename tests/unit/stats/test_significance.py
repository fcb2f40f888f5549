from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelkit.stats.proportion import Proportion
from funnelkit.stats.significance import significance


@st.composite
def proportions(draw, *, least=2, most=3000):
    entered = draw(st.integers(least, most))
    return Proportion(draw(st.integers(0, entered)), entered)


def test_it_is_one_minus_p_of_welch():
    stats = pytest.importorskip("scipy.stats", reason="scipy (group `oracles`) is not installed")
    baseline, against = Proportion(417, 1177), Proportion(282, 895)
    # scipy divides the variance by n - 1, so it is given the spread that makes it p(1 - p) / n.
    spreads = [sqrt(side.share * (1 - side.share)) for side in (baseline, against)]
    p_value = stats.ttest_ind_from_stats(
        baseline.share, spreads[0], baseline.entered,
        against.share, spreads[1], against.entered,
        equal_var=False,
    ).pvalue  # fmt: skip
    found = significance(baseline, against)
    assert found.value == pytest.approx(1 - p_value, rel=1e-9)
    assert found.judged


def test_twenty_nine_samples_are_one_too_few():
    found = significance(Proportion(10, 29), Proportion(10, 30))
    assert not found.judged
    assert found.too_few == ("baseline has 29 samples, fewer than 30",)


def test_thirty_samples_with_five_conversions_and_five_non_conversions_are_enough():
    assert significance(Proportion(5, 30), Proportion(25, 30)).judged


def test_every_rule_that_is_missed_is_named():
    found = significance(Proportion(4, 8), Proportion(100, 104))
    assert found.too_few == (
        "baseline has 8 samples, fewer than 30",
        "baseline has 4 conversions, fewer than 5",
        "baseline has 4 non-conversions, fewer than 5",
        "against has 4 non-conversions, fewer than 5",
    )


@given(proportions(), proportions())
def test_it_lies_between_0_and_1_and_has_no_side(baseline, against):
    value = significance(baseline, against).value
    assert 0 <= value <= 1
    assert significance(against, baseline).value == pytest.approx(value)


@given(proportions())
def test_equal_sides_have_none(side):
    assert significance(side, side).value == pytest.approx(0, abs=1e-9)


def test_sides_without_any_spread_are_equal_or_as_different_as_can_be():
    assert significance(Proportion(0, 40), Proportion(0, 50)).value == 0
    assert significance(Proportion(0, 40), Proportion(50, 50)).value == 1


def test_a_single_unit_has_no_spread_to_judge_by():
    assert significance(Proportion(1, 1), Proportion(3, 50)).value is None
