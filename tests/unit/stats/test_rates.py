"""Rates of events per time at risk, where the events of one unit go together."""

from math import exp, inf, log, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelkit.stats.rates import RateSums, rate_ratio

units = st.lists(st.tuples(st.integers(0, 9), st.floats(0.01, 50)), max_size=30)


def sums(counts, exposures):
    c, e = np.asarray(counts), np.asarray(exposures, float)
    return RateSums(
        units=len(c),
        count=int(c.sum()),
        exposure=float(e.sum()),
        count_squared=int((c * c).sum()),
        exposure_squared=float((e * e).sum()),
        product=float((c * e).sum()),
    )


def test_the_variance_of_a_log_rate_is_that_of_the_residuals():
    counts, exposures = [0, 9, 1, 12, 0, 8, 2, 10], [1, 2, 1, 3, 2, 1, 1, 2]
    rate = 42 / 13
    residuals = [c - rate * e for c, e in zip(counts, exposures, strict=True)]
    variance = sum(r * r for r in residuals) * 8 / 7 / 42**2
    group = sums(counts, exposures)
    found = rate_ratio(group, group)
    assert found.ratio == 1
    assert found.p_value == 1
    assert found.standard_error == pytest.approx(sqrt(2 * variance))


def test_independent_events_are_not_taken_for_less_than_that():
    # Everybody does it exactly once an hour: no scatter at all, and still 1/40 + 1/10.
    found = rate_ratio(sums([2] * 20, [2] * 20), sums([2] * 5, [1] * 5))
    assert found.ratio == 2
    assert found.standard_error == pytest.approx(sqrt(1 / 40 + 1 / 10))
    assert found.interval.lower == pytest.approx(exp(log(2) - 1.959964 * sqrt(0.125)))
    assert found.interval.upper == pytest.approx(exp(log(2) + 1.959964 * sqrt(0.125)))
    assert found.p_value == pytest.approx(0.0499, abs=1e-4)


def test_independent_events_are_judged_nearly_as_by_the_exact_test():
    stats = pytest.importorskip("scipy.stats", reason="scipy (group `oracles`) is not installed")
    random = np.random.default_rng(1)
    for factor in (1, 1.1, 1.3):
        one = random.poisson(0.5, 2000)
        other = random.poisson(0.25 * factor, 4000)
        found = rate_ratio(sums(one, [1] * 2000), sums(other, [0.5] * 4000))
        exact = stats.binomtest(int(one.sum()), int(one.sum() + other.sum()), 0.5).pvalue
        assert found.p_value == pytest.approx(exact, rel=0.15, abs=0.02)


@pytest.mark.parametrize("events", [20, 1000, 10**9])
def test_one_unit_with_many_events_is_one_observation(events):
    restless = sums([events, *[0] * 199], [0.3] * 200)
    others = sums([1] * 200 + [0] * 1800, [3] * 2000)
    found = rate_ratio(others, restless)
    assert found.ratio == pytest.approx(events / 60 / (200 / 6000))
    assert found.p_value is None


def test_one_event_in_a_short_time_proves_nothing():
    once, often = sums([1, 0, 0], [0.1] * 3), sums([1] * 30 + [0] * 970, [10] * 1000)
    assert rate_ratio(often, once).ratio > 1000
    assert rate_ratio(often, once).p_value is None


def test_no_event_where_many_were_to_be_expected_is_a_difference():
    some, none = sums([1] * 30 + [0] * 70, [1] * 100), sums([0] * 100, [1] * 100)
    fewer = rate_ratio(some, none)
    assert (fewer.ratio, fewer.interval.lower) == (0, 0)
    assert fewer.interval.upper < 1
    assert fewer.p_value < 0.01
    more = rate_ratio(none, some)
    assert (more.ratio, more.interval.upper) == (None, inf)
    assert more.interval.lower > 1
    assert more.p_value == pytest.approx(fewer.p_value)


def test_no_event_where_few_were_to_be_expected_is_none():
    found = rate_ratio(sums([1] * 30 + [0] * 70, [1] * 100), sums([0] * 10, [1] * 10))
    assert (found.ratio, found.p_value) == (0, None)


@pytest.mark.parametrize(
    ("baseline", "against"),
    [
        (([0, 0], [1, 1]), ([0], [1])),
        (([3, 3], [0, 0]), ([9], [1])),
        (([], []), ([9], [1])),
        (([9], [1]), ([], [])),
    ],
    ids=["no event", "no time", "nobody before", "nobody after"],
)
def test_without_events_or_time_there_is_nothing_to_compare(baseline, against):
    found = rate_ratio(sums(*baseline), sums(*against))
    assert (found.ratio, found.interval, found.standard_error, found.p_value) == (None,) * 4


@given(units, units)
def test_exchanged_groups_have_the_inverse_ratio_and_the_same_p_value(one, other):
    groups = [sums([c for c, _ in group], [e for _, e in group]) for group in (one, other)]
    found, back = rate_ratio(*groups), rate_ratio(*groups[::-1])
    assert back.p_value == pytest.approx(found.p_value) if found.p_value else not back.p_value
    if found.ratio and back.ratio:
        assert found.ratio == pytest.approx(1 / back.ratio)
    if found.p_value:
        assert 0 <= found.p_value <= 1
        assert found.ratio is None or found.ratio in found.interval


@pytest.mark.parametrize("hours", [(1, 1), (0.3, 3)], ids=["as long", "ten times as long"])
def test_equal_rates_of_unequal_units_are_rarely_told_apart(hours):
    random = np.random.default_rng(4)

    def group(units, hours):
        exposures = random.gamma(1, hours, units)
        return sums(random.poisson(exposures * random.gamma(0.4, 1 / 0.4, units)), exposures)

    p_values = [rate_ratio(group(300, hours[0]), group(600, hours[1])).p_value for _ in range(800)]
    found = sum(p is not None and p < 0.05 for p in p_values)
    assert 0.025 * 800 < found < 0.075 * 800
