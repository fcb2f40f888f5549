"""Shares in percent, as Amplitude's chart writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelkit.result.percent import percent, percentages


@pytest.mark.parametrize(
    ("fraction", "text"),
    [
        (None, "–"),
        (0, "0.00 %"), (0.124, "12.4 %"), (0.411, "41.1 %"), (1, "100 %"),
        (0.0525, "5.25 %"), (0.5, "50.0 %"), (0.07, "7.00 %"), (0.00123, "0.123 %"),
        (0.9994, "99.9 %"), (0.9996, "100 %"), (0.09996, "10.0 %"),
    ],
)  # fmt: skip
def test_a_share_has_three_digits(fraction, text):
    assert percent(fraction) == text


@pytest.mark.parametrize(
    ("part", "whole", "text"), [(1, 32, "3.13 %"), (49, 400, "12.3 %"), (1, 16, "6.25 %")]
)
def test_a_half_is_rounded_up_as_in_javascript(part, whole, text):
    assert percent(part / whole) == text


def test_a_small_share_is_written_out():
    assert percent(1 / 1_000_000) == "0.000100 %"
    assert percent(1.234e-9) == "0.000000123 %"


@pytest.mark.parametrize(
    ("fraction", "text"),
    [(None, "–"), (0, "0.0 %"), (0.238, "23.8 %"), (0.00123, "0.1 %"), (1, "100.0 %")],
)
def test_one_decimal_is_one_decimal(fraction, text):
    assert percent(fraction, "one decimal") == text


def test_what_is_shown_inside_follows_the_setting_and_what_comes_after_does_not():
    with percentages("one decimal"):
        assert percent(1) == "100.0 %"
        with percentages("three digits"):
            assert percent(1) == "100 %"
        assert percent(1) == "100.0 %"
    assert percent(1) == "100 %"


@given(st.floats(0, 1))
def test_the_digits_are_those_of_the_share(fraction):
    text = percent(fraction).removesuffix(" %")
    assert "e" not in text.lower()
    assert float(text) == pytest.approx(100 * fraction, rel=0.0051, abs=1e-300)
    assert len(text.replace(".", "").lstrip("0")) == 3 or not fraction
