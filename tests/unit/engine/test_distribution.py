"""Times to convert in bins, by given and by automatic ones."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelkit.engine.distribution import time_to_convert
from funnelkit.engine.summarise import times
from funnelkit.model import Bins
from funnelkit.result import PERCENTILES

SECOND = 1_000_000
HOUR = 3_600
DAY = 24 * HOUR
YEAR = 366 * DAY * SECOND

durations = st.lists(st.integers(0, YEAR) | st.integers(0, 100 * SECOND), max_size=40)


def distribution(seconds, *, bins=None, window=30 * DAY, by="largest time"):
    return time_to_convert(
        [round(time * SECOND) for time in seconds],
        from_step=1, to_step=2, bins=bins, window_seconds=window, by=by,
    )  # fmt: skip


def shown(found):
    return [(b.start, b.end, b.count) for b in found.bins]


def test_empty_bins_inside_are_listed():
    assert shown(distribution([0, 0.5, 3])) == [(0, 1, 2), (1, 2, 0), (2, 3, 0), (3, 4, 1)]


@pytest.mark.parametrize(
    ("largest", "width", "bins"),
    [
        (0, 1, 1), (89.999999, 1, 90), (90, 10, 10), (899, 10, 90), (900, 60, 16),
        (90 * 60 - 1, 60, 90), (90 * 60, 600, 10), (90 * 600, 3_600, 16),
        (10 * DAY - 1, 3_600, 240),
    ],
)  # fmt: skip
def test_the_narrowest_documented_width_holds_the_largest_time_in_90_bins(largest, width, bins):
    found = distribution([largest, 0]).bins
    assert (found[0].start, found[0].end, len(found)) == (0, width, bins)
    assert found[-1].start <= largest < found[-1].end


def test_after_ten_days_of_hours_one_bin_without_an_end_holds_the_rest():
    found = distribution([5, 10 * DAY, 29 * DAY]).bins
    assert len(found) == 241
    assert (found[-1].start, found[-1].end, found[-1].count) == (10 * DAY, None, 2)


def test_by_the_window_the_bins_reach_to_its_end_whatever_the_times():
    found = distribution([1, HOUR], window=HOUR, by="window")
    assert len(found.bins) == 61
    assert (found.bins[-1].start, found.bins[-1].count) == (HOUR, 1)
    assert [b.end for b in distribution([], window=HOUR, by="window").bins] == [
        b.end for b in found.bins
    ]


def test_given_bins_leave_out_units_but_the_median_does_not():
    found = distribution([5, 10, 19, 20, 30, 1000], bins=Bins(least=10, most=30, size=10))
    assert shown(found) == [(10, 20, 2), (20, 30, 1)]
    assert found.units == 3
    assert found.median_seconds == 19.5


def test_the_last_given_bin_may_be_cut_short():
    found = distribution([0.3, 0.5, 0.7, 0.75], bins=Bins(least=0, most=0.75, size=0.5))
    assert shown(found) == [(0, 0.5, 1), (0.5, 0.75, 2)]


def test_a_bin_of_a_tenth_of_a_second_begins_where_it_says():
    found = distribution([0.3], bins=Bins(least=0, most=1, size=0.1))
    assert [b.start for b in found.bins if b.count] == [0.3]


def test_percentiles_lie_between_the_two_nearest_ranks():
    assert distribution([0, 1, 2, 3, 4]).percentile_seconds == (1, 3, 3.6, 3.8, 3.96)


def test_nobody_has_no_times_and_no_bins():
    found = distribution([])
    assert (found.units, found.bins) == (0, ())
    assert found.average_seconds is None
    assert found.median_seconds is None
    assert found.percentile_seconds == (None,) * len(PERCENTILES)


def test_a_conversion_before_its_start_is_refused():
    with pytest.raises(ValueError, match="-1000000 microseconds"):
        distribution([3, -1])


@given(
    durations,
    st.none() | st.sampled_from([Bins(0, 60, 7), Bins(5, 100, 1), Bins(0, 366 * DAY, DAY)]),
    st.sampled_from(["largest time", "window"]),
)
def test_lists_and_arrays_agree_and_every_unit_is_in_one_bin(values, bins, by):
    options = {"from_step": 2, "to_step": 3, "bins": bins, "window_seconds": DAY, "by": by}
    found = time_to_convert(values, **options)
    assert time_to_convert(np.array(values, np.int64), **options) == found
    inside = [v for v in values if not bins or bins.least <= v / SECOND < bins.most]
    assert found.units == len(inside)
    for part in found.bins:
        end = part.end or YEAR
        assert part.count == sum(part.start <= v / SECOND < end for v in inside)


@given(st.lists(st.integers(0, YEAR), min_size=1, max_size=40))
def test_average_and_median_are_the_report_s_and_percentiles_are_numpy_s(values):
    found = time_to_convert(
        values, from_step=1, to_step=2, bins=None, window_seconds=DAY, by="window"
    )
    assert (found.average_seconds, found.median_seconds) == times(values)
    expected = np.percentile(np.array(values, float), PERCENTILES) / SECOND
    assert found.percentile_seconds == pytest.approx(expected, rel=1e-12)
