from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelkit.stats.proportion import Interval, Proportion, wilson, z_value


@st.composite
def proportions(draw, *, most=5000):
    entered = draw(st.integers(1, most))
    return Proportion(draw(st.integers(0, entered)), entered)


# Wilson's interval of Newcombe (1998), Statistics in Medicine 17, 857-872, table I, method 3.
PUBLISHED = [
    ((81, 263), (0.2553, 0.3662)),
    ((15, 148), (0.0624, 0.1605)),
    ((0, 20), (0.0000, 0.1611)),
    ((1, 29), (0.0061, 0.1718)),
]


@pytest.mark.parametrize(("counts", "bounds"), PUBLISHED)
def test_wilson_gives_the_published_bounds(counts, bounds):
    assert wilson(Proportion(*counts)) == pytest.approx(bounds, abs=5e-5)


@given(proportions())
def test_wilson_stays_inside_0_and_1_and_around_the_share(proportion):
    lower, upper = wilson(proportion)
    assert 0 <= lower <= proportion.share <= upper <= 1
    assert lower < upper


@given(proportions())
def test_the_bounds_of_wilson_solve_the_score_equation(proportion):
    z = z_value(0.95)
    for bound in wilson(proportion):
        if 0 < bound < 1:
            error = sqrt(bound * (1 - bound) / proportion.entered)
            assert abs(proportion.share - bound) == pytest.approx(z * error, rel=1e-6, abs=1e-9)


@given(proportions())
def test_more_confidence_is_a_wider_interval(proportion):
    narrow, wide = wilson(proportion, confidence=0.8), wilson(proportion, confidence=0.99)
    assert wide.lower <= narrow.lower
    assert narrow.upper <= wide.upper


@pytest.mark.parametrize(("converted", "entered"), [(0, 0), (-1, 5), (6, 5)])
def test_counts_that_are_no_proportion_are_refused(converted, entered):
    with pytest.raises(ValueError, match="no proportion"):
        Proportion(converted, entered)


@pytest.mark.parametrize("confidence", [0, 1, 95])
def test_a_confidence_in_percent_is_refused(confidence):
    with pytest.raises(ValueError, match="between 0 and 1"):
        z_value(confidence)


def test_an_interval_contains_its_bounds_and_nothing_outside():
    interval = Interval(-0.1, 0.2)
    assert -0.1 in interval
    assert 0.2 in interval
    assert 0.21 not in interval
    assert "0" not in interval
