from itertools import product
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelkit.stats.student import two_sided_p_value

# Two-sided 5 % and 1 % points of any table of the t distribution.
TABLE = [
    (12.706, 1, 0.05), (4.303, 2, 0.05), (2.571, 5, 0.05), (2.228, 10, 0.05), (2.042, 30, 0.05),
    (63.657, 1, 0.01), (3.169, 10, 0.01), (2.750, 30, 0.01),
]  # fmt: skip


@pytest.mark.parametrize(("t", "degrees", "p"), TABLE)
def test_the_p_values_are_those_of_the_printed_tables(t, degrees, p):
    assert two_sided_p_value(t, degrees) == pytest.approx(p, rel=1e-3)


def test_the_p_values_are_those_of_scipy():
    stats = pytest.importorskip("scipy.stats", reason="scipy (group `oracles`) is not installed")
    values = (0, 1e-9, 1e-3, 0.1, 1, 1.96, 3, 10, 40)
    for t, degrees in product(values, (0.5, 1, 1.5, 2, 3.3, 10, 57.2, 1000, 1e5, 1e7)):
        expected = 2 * stats.t.sf(t, degrees)
        assert two_sided_p_value(t, degrees) == pytest.approx(expected, rel=1e-7), (t, degrees)


@given(st.floats(0, 1e6), st.floats(0.5, 1e6))
def test_a_p_value_is_a_probability_and_has_no_side(t, degrees):
    p = two_sided_p_value(t, degrees)
    assert 0 <= p <= 1
    assert two_sided_p_value(-t, degrees) == p


def test_one_degree_of_freedom_is_the_cauchy_distribution():
    assert two_sided_p_value(1, 1) == pytest.approx(0.5)


def test_an_infinite_t_has_no_probability_left():
    assert two_sided_p_value(inf, 3) == 0
    assert two_sided_p_value(-inf, 3) == 0


@pytest.mark.parametrize("degrees", [0, -1, float("nan"), inf])
def test_degrees_of_freedom_that_make_no_sense_are_refused(degrees):
    with pytest.raises(ValueError, match="degrees of freedom"):
        two_sided_p_value(1, degrees)
