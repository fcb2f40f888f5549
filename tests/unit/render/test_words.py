"""Numbers and names as a person reads them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelkit.render.words import bar, count, duration, fit, hanging, visible, width


def test_thousands_are_set_apart():
    assert [count(number) for number in (0, 999, 1_000, 1_234_567)] == [
        "0", "999", "1,000", "1,234,567",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "–"),
        (0, "0s"),
        (0.25, "0.25s"),
        (9.99, "9.99s"),
        (10, "10s"),
        (59.4, "59s"),
        (59.6, "1m 0s"),
        (315, "5m 15s"),
        (3_599.9, "1h 0m"),
        (3_660, "1h 1m"),
        (187_200, "2d 4h"),
        (366 * 86_400, "366d 0h"),
    ],
)
def test_a_time_is_said_in_its_two_largest_units(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 漢 [x]", "plain é 漢 [x]"),
        ("a\nb\tc\r", "a\\nb\\tc\\r"),
        ("\x1b[31m", "\\x1b[31m"),
        ("a\u202eb\u200bc", "a\\u202eb\\u200bc"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_a_terminal_would_obey_is_shown(text, shown):
    assert visible(text) == shown


def test_wide_characters_take_two_columns_and_accents_none():
    assert [width(text) for text in ("abc", "漢字", "e\u0301", "")] == [3, 4, 1, 0]


@pytest.mark.parametrize(
    ("text", "columns", "shown"),
    [
        ("abc", 5, "abc  "),
        ("abcde", 5, "abcde"),
        ("abcdef", 5, "abcd…"),
        ("漢字漢字", 5, "漢字…"),
        ("漢字漢字", 4, "漢… "),
        ("a\nb", 6, "a\\nb  "),
        ("", 2, "  "),
    ],
)
def test_a_name_is_cut_or_padded_to_its_column(text, columns, shown):
    assert fit(text, columns) == shown


@given(st.text(), st.integers(1, 40))
def test_a_fitted_name_takes_exactly_its_columns_on_one_line(text, columns):
    fitted = fit(text, columns)
    assert width(fitted) == columns
    assert fitted.isprintable()


@pytest.mark.parametrize(
    ("fraction", "blocks"),
    [(1.0, "████"), (0.5, "██"), (0.53125, "██▏"), (1e-9, "▏"), (0.0, ""), (None, "")],
)
def test_a_bar_is_as_long_as_the_fraction(fraction, blocks):
    assert bar(fraction, 4) == blocks


@given(st.floats(0, 1), st.floats(0, 1), st.integers(1, 60))
def test_a_larger_fraction_has_no_shorter_bar_and_none_is_too_long(one, other, columns):
    assert len(bar(min(one, other), columns)) <= len(bar(max(one, other), columns)) <= columns


def test_words_hang_beside_their_heading():
    lines = [*hanging("events", "word " * 30)]
    assert lines[0].startswith("events   word word")
    assert lines[1].startswith("         word")
    assert all(len(line) <= 80 for line in lines)
    assert " ".join(" ".join(lines).split()) == "events " + " ".join(["word"] * 30)


def test_a_word_that_is_longer_than_a_line_is_broken_and_not_lost():
    lines = [*hanging("events", "x" * 200)]
    assert "".join(line[9:] for line in lines) == "x" * 200


def test_a_heading_stands_even_without_words():
    assert [line.rstrip() for line in hanging("events", "")] == ["events"]
