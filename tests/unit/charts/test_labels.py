"""Names of any length: wrapped, never cut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from funnelkit.charts.labels import width, wrap
from funnelkit.result.words import visible

names = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp", "Zs"]), max_size=80)


def test_a_name_that_fits_is_one_line():
    assert wrap("ProductViewed", 200, 12) == ["ProductViewed"]


def test_a_name_breaks_at_blanks_and_inside_camel_case():
    assert wrap("Order Completed", 75, 12) == ["Order", "Completed"]
    assert wrap("OrderCompleted", 75, 12) == ["Order", "Completed"]


def test_a_number_stays_in_one_line():
    assert wrap("a name of 1,951 users, 37.6 %", 90, 12) == ["a name of", "1,951 users,", "37.6 %"]


def test_a_long_word_breaks_anywhere():
    lines = wrap("a" * 300, 100, 12)
    assert "".join(lines) == "a" * 300
    assert max(width(line, 12) for line in lines) <= 100


def test_line_ends_show_as_escapes():
    assert wrap("a\nb", 100, 12) == ["a\\nb"]


@given(names, st.integers(30, 400))
def test_no_character_is_lost_and_no_line_is_too_wide(name, pixels):
    lines = wrap(name, pixels, 12)
    assert "".join(lines) == visible(name)
    assert all(width(line, 12) <= pixels or len(line) == 1 for line in lines)
