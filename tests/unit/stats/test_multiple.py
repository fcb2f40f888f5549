import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelkit.stats.multiple import adjusted


def test_the_example_of_benjamini_and_hochberg():
    # Their table of 15 p-values: four are rejected at 5 %.
    p_values = [
        0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262,
        0.5719, 0.6528, 0.7590, 1.0000,
    ]  # fmt: skip
    found = adjusted(p_values)
    assert sum(p <= 0.05 for p in found) == 4
    assert found[3] == pytest.approx(0.0095 * 15 / 4)


def test_a_single_p_value_stays_and_none_gives_none():
    assert adjusted([0.03]) == [0.03]
    assert adjusted([]) == []


def test_the_order_is_kept():
    assert adjusted([0.5, 0.01, 0.02]) == pytest.approx([0.5, 0.03, 0.03])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_it_is_the_adjustment_of_scipy(p_values):
    stats = pytest.importorskip("scipy.stats", reason="scipy (group `oracles`) is not installed")
    expected = stats.false_discovery_control(p_values, method="bh")
    assert adjusted(p_values) == pytest.approx(list(expected), rel=1e-12, abs=1e-300)


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
def test_what_is_no_probability_is_refused(p):
    with pytest.raises(ValueError, match="between 0 and 1"):
        adjusted([0.5, p])
