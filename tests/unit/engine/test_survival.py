"""Conversion by age: hand-made tables, and the estimates of scipy."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelkit.engine.survival import MOST_POINTS, conversion_by_age
from funnelkit.stats.proportion import Proportion, wilson

SECOND = 1_000_000
WINDOW = 100 * SECOND

ages = st.lists(st.integers(0, 100).map(lambda second: second * SECOND), max_size=40)


def curve(converted, watched, *, window=100):
    return conversion_by_age(
        [age * SECOND for age in converted],
        [age * SECOND for age in watched],
        window=window * SECOND,
    )


def table(points):
    return [(p.seconds, p.at_risk, p.converted, round(p.conversion, 6)) for p in points]


def test_nobody_leaves_early_so_it_is_the_plain_share():
    assert table(curve([5, 10, 10], [100])) == [
        (5, 4, 1, 0.25), (10, 3, 2, 0.75), (100, 1, 0, 0.75),
    ]  # fmt: skip


def test_those_who_are_no_longer_watched_are_no_longer_at_risk():
    # 1 - (4/5) (2/3) and then 1 - (4/5) (2/3) (1/2): the one watched for 7 counts before 10 only.
    assert table(curve([5, 10, 20], [7, 30])) == [
        (5, 5, 1, 0.2), (10, 3, 1, 0.466667), (20, 2, 1, 0.733333), (30, 1, 0, 0.733333),
    ]  # fmt: skip


def test_who_is_watched_until_the_age_of_a_conversion_is_at_risk_there():
    assert table(curve([10], [10, 10, 4])) == [(10, 3, 1, 0.333333)]


def test_a_conversion_at_the_end_of_the_window_counts_among_all_who_had_it():
    assert table(curve([100], [100, 100, 60])) == [(100, 3, 1, 0.333333)]


def test_a_conversion_after_the_window_is_none():
    assert table(curve([5, 50], [20], window=20)) == [(5, 3, 1, 0.333333), (20, 2, 0, 0.333333)]


def test_a_conversion_in_the_first_moment_counts_among_all_entrants():
    assert table(curve([0], [0, 10])) == [(0, 3, 1, 0.333333), (10, 1, 0, 0.333333)]


def test_nobody_converts():
    (point,) = curve([], [3, 7, 7])
    assert table([point]) == [(7, 2, 0, 0)]
    assert (point.low, point.high) == wilson(Proportion(0, 2))


def test_all_convert_at_once():
    (point,) = curve([2, 2, 2], [])
    assert table([point]) == [(2, 3, 3, 1)]
    assert (point.low, point.high) == wilson(Proportion(3, 3))


def test_when_the_last_at_risk_convert_the_lower_bound_stays():
    first, last = curve([1, 2], [])
    assert (last.conversion, last.low, last.high) == (1, first.low, 1)


def test_nobody_entered():
    assert curve([], []) == ()


@given(ages, ages)
def test_it_is_the_estimate_of_scipy(converted, watched):
    stats = pytest.importorskip("scipy.stats", reason="scipy (group `oracles`) is not installed")
    points = conversion_by_age(converted, watched, window=WINDOW)
    if not converted:
        return
    data = stats.CensoredData(uncensored=converted, right=watched)
    survival = stats.ecdf(data).sf
    for point in points:
        left = survival.evaluate(point.seconds * SECOND)
        assert point.conversion == pytest.approx(1 - left, abs=1e-12)
        assert point.low <= point.conversion + 1e-12
        assert point.conversion <= point.high + 1e-12
    proper = [point for point in points if 0 < point.conversion < 1]
    if not proper or len(converted) + len(watched) < 2:
        return
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where the scale has no value, scipy has no interval
        bounds = survival.confidence_interval(method="log-log")
    for point in proper:
        at = point.seconds * SECOND
        assert point.high == pytest.approx(1 - bounds.low.evaluate(at), abs=1e-9)
        assert point.low == pytest.approx(1 - bounds.high.evaluate(at), abs=1e-9)


@given(ages, ages, st.integers(1, 100).map(lambda second: second * SECOND))
def test_lists_and_arrays_agree(converted, watched, window):
    arrays = (np.array(converted, np.int64), np.array(watched, np.int64))
    assert conversion_by_age(*arrays, window=window) == conversion_by_age(
        converted, watched, window=window
    )


@pytest.mark.parametrize("make", [list, np.array])
def test_many_ages_are_thinned_by_even_steps_in_conversion(make):
    converted, watched = np.arange(1, 10_001), np.full(5_000, 20_000)
    points = conversion_by_age(make(converted.tolist()), make(watched.tolist()), window=20_000)
    assert len(points) == MOST_POINTS
    assert (points[-1].seconds, points[-1].converted) == (0.02, 0)
    assert points[-2].seconds == 0.01
    assert points[-1].conversion == pytest.approx(2 / 3)
    rises = np.diff([0, *(point.conversion for point in points[:-1])])
    assert rises == pytest.approx(2 / 3 / (MOST_POINTS - 1), abs=1.01 / 15_000)
