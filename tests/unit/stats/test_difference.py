from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelkit.stats.difference import newcombe, standard_error
from funnelkit.stats.proportion import Proportion, z_value


@st.composite
def proportions(draw, *, most=3000):
    entered = draw(st.integers(1, most))
    return Proportion(draw(st.integers(0, entered)), entered)


# Newcombe (1998), Statistics in Medicine 17, 873-890, table II, method 10 (first minus second).
PUBLISHED = [
    ((56, 70), (48, 80), (0.0524, 0.3339)),
    ((9, 10), (3, 10), (0.1705, 0.8090)),
    ((6, 7), (2, 7), (0.0582, 0.8062)),
    ((5, 56), (0, 29), (-0.0381, 0.1926)),
    ((0, 10), (0, 20), (-0.1611, 0.2775)),
    ((0, 10), (0, 10), (-0.2775, 0.2775)),
    ((10, 10), (0, 20), (0.6791, 1.0)),
    ((10, 10), (0, 10), (0.6075, 1.0)),
]


@pytest.mark.parametrize(("first", "second", "bounds"), PUBLISHED)
def test_newcombe_gives_the_published_bounds(first, second, bounds):
    found = newcombe(Proportion(*second), Proportion(*first))
    assert found == pytest.approx(bounds, abs=5e-5)


@given(proportions(), proportions())
def test_the_interval_holds_the_difference_and_stays_inside_minus_1_and_1(baseline, against):
    lower, upper = newcombe(baseline, against)
    assert -1 <= lower <= against.share - baseline.share <= upper <= 1
    assert lower < upper


@given(proportions(), proportions())
def test_exchanging_the_sides_mirrors_the_interval(baseline, against):
    lower, upper = newcombe(baseline, against)
    assert newcombe(against, baseline) == pytest.approx((-upper, -lower))


@given(proportions(), proportions(), st.floats(0, 1))
def test_the_more_the_sides_move_together_the_narrower_the_interval(baseline, against, part):
    most = sqrt(baseline.variance * against.variance)
    alone = newcombe(baseline, against)
    together = newcombe(baseline, against, covariance=part * most)
    assert together.upper - together.lower <= alone.upper - alone.lower + 1e-12


@given(proportions(), proportions(), st.floats(-1e6, 1e6))
def test_even_an_impossible_covariance_gives_an_interval(baseline, against, covariance):
    lower, upper = newcombe(baseline, against, covariance=covariance)
    assert -1 <= lower <= against.share - baseline.share <= upper <= 1
    assert standard_error(baseline, against, covariance=covariance) >= 0


def test_in_large_samples_the_interval_is_that_of_the_variance_with_covariance():
    baseline, against = Proportion(354_000, 1_000_000), Proportion(315_000, 1_000_000)
    covariance = 4e-8
    error = standard_error(baseline, against, covariance=covariance)
    assert error**2 == pytest.approx(0.354 * 0.646 / 1e6 + 0.315 * 0.685 / 1e6 - 2 * covariance)
    difference, half = -0.039, z_value(0.95) * error
    assert newcombe(baseline, against, covariance=covariance) == pytest.approx(
        (difference - half, difference + half), abs=1e-6
    )
