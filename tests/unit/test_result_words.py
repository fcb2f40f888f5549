"""Numbers as a person reads them, and what the tables of a report choose to show."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelkit.result import AgePoint, Bin
from funnelkit.result.tables.age import at
from funnelkit.result.tables.times import merged
from funnelkit.result.words import amount, change, points, short_duration, sparkline


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.0, "0"), (3.0, "3"), (-1234.5, "-1,234.50"), (0.0001234, "0.000123"),
        (1e15, "1,000,000,000,000,000"),
        (None, "–"),
    ],
)  # fmt: skip
def test_amounts_have_decimals_only_where_they_are_needed(number, text):
    assert amount(number) == text


@pytest.mark.parametrize(
    ("difference", "text"),
    [(0.0683, "+6.8"), (-0.5, "-50.0"), (0.0004, "0.0"), (-0.0004, "0.0"), (None, "–")],
)
def test_points_have_a_sign_unless_they_are_none(difference, text):
    assert points(difference) == text


@pytest.mark.parametrize(
    ("share", "text"), [(0.285, "+28.5 %"), (-0.174, "-17.4 %"), (0.0, "0.00 %"), (None, "–")]
)
def test_a_change_is_a_share_with_a_sign(share, text):
    assert change(share) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (0.5, "0.5s"), (60, "1m"), (90, "1m 30s"), (3_600, "1h"), (100_800, "1d 4h")],
)
def test_a_short_duration_leaves_out_units_that_are_0(seconds, text):
    assert short_duration(seconds) == text


def test_a_sparkline_has_a_block_per_share_and_a_dot_for_none():
    assert sparkline([0.0, 0.25, 0.5, None], 0.5) == "▁▅█·"
    assert sparkline([0.0, None], 0) == "▁·"


CURVE = tuple(
    AgePoint(seconds=seconds, at_risk=9, converted=1, conversion=share, low=0.0, high=1.0)
    for seconds, share in ((10.0, 0.1), (60.0, 0.3), (90.0, 0.3))
)


@pytest.mark.parametrize(
    ("age", "share"),
    [(9, None), (10, 0.1), (59, 0.1), (60, 0.3), (90, 0.3), (91, None)],
)
def test_a_curve_holds_from_a_point_to_the_next_and_not_beyond_its_end(age, share):
    point = at(CURVE, age)
    assert (None if point is None else point.conversion) == share


@given(st.lists(st.integers(0, 9), min_size=1, max_size=300), st.booleans())
def test_bins_that_are_put_together_keep_everybody_and_leave_no_gap(counts, opened):
    bins = [Bin(start=k, end=k + 1, count=n) for k, n in enumerate(counts)]
    bins += [Bin(start=len(counts), end=None, count=4)] if opened else []
    found = merged(bins)
    assert len(found) <= 20 + opened
    assert sum(b.count for b in found) == sum(b.count for b in bins)
    assert [b.end for b in found[:-1]] == [b.start for b in found[1:]]
    assert (found[0].start, found[-1].end) == (0, None if opened else len(counts))
