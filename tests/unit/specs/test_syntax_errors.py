"""What is said about a text that cannot be read: where, what was expected, what is near."""

import pytest

from funnelkit.errors import DefinitionError
from funnelkit.specs.parser import LONGEST
from funnelkit.specs.steps import parse_filters, parse_steps


def complaint(text):
    with pytest.raises(DefinitionError) as raised:
        parse_steps(text)
    return str(raised.value)


def test_a_caret_points_at_the_place():
    assert complaint("ProductViewed[feature is ] > ProductAdded") == (
        "cannot read the steps, column 26: expected a value, but found ']'\n"
        "  ProductViewed[feature is ] > ProductAdded\n"
        "                           ^"
    )


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("", 1),
        ("   ", 1),
        ("A >", 4),
        ("A > > B", 5),
        ("A[x is 1", 9),
        ("A[x is 1  ", 9),
        ("漢字[", 4),
        ("A, B", 2),
        (r'A["a\q" is 1]', 5),
        (r'A["\ud800" is 1]', 4),
        ("\udcff > B", 1),
        ("A\0B", 2),
    ],
)
def test_the_column_is_counted_from_one(text, column):
    assert f"column {column}:" in complaint(text)


def test_the_line_is_named_where_there_are_several():
    assert "line 2, column 5:" in complaint("A\n> B[]\n> C")


def test_the_caret_stands_below_wide_letters():
    *_, line, caret = complaint("漢字[").split("\n")
    assert (line, caret) == ("  漢字[", "       ^")


def test_a_long_text_is_shown_around_the_place():
    first, line, *_ = complaint("x" * 500 + "[y is ]" + "z" * 500).split("\n")
    assert "column 507:" in first
    assert line.startswith("  …xxx")
    assert line.endswith("zzz…")
    assert len(line) < 100


def test_nothing_unprintable_reaches_the_terminal():
    message = complaint("A\x1b[31m > B")
    assert "\x1b" not in message


def test_a_whole_file_is_refused():
    assert "longer than 1,000,000 characters" in complaint("a" * (LONGEST + 1))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A[x containz b]", "Did you mean 'contains'"),
        ("A[x not contains b]", "'does not contain'"),
        ("A[x starts wiht b]", "'starts with'"),
        ("A[x like b]", "Write contains, has prefix or glob match"),
        ("A[x between 1 and 2]", ">= and <="),
        ("A[x 3]", "Operators: is, is not, contains"),
        ("A[product name is b]", 'has blanks is quoted: "product name"'),
        ("A[x is home page]", 'quoted: page is "home page"'),
        ("A[x is http://a?b=c]", "special characters is quoted"),
        ("A[x is a, b]", "in parentheses: feature in (a, b)"),
        ("A[x in (a b)]", "separated by commas"),
        ("A[x is a adn y is b]", "Did you mean 'and'?"),
        ("A[x is a && y is b]", "joined by `and`"),
        ("A[not x is b]", "`not` belongs to the operator"),
        ("A[x is none]", 'Write (none) for a missing value, or "none" for the text'),
        ("A[x is null]", 'Write (none) for a missing value, or "null" for the text'),
        ('A > "B', "never closed"),
        ("A[x is 'b]", "never closed"),
        ("User's cart", "special characters is quoted"),
        ("A, B", "Steps are separated by `>`"),
        ("A => B", "Steps are separated by `>`"),
    ],
)
def test_the_likely_mistake_is_named(text, words):
    assert words in complaint(text)


@pytest.mark.parametrize(
    "text", ["x is a or x is b", "x is a || y is b", "x in (a or b)", "x is a | b"]
)
def test_or_is_refused_with_what_to_write_instead(text):
    with pytest.raises(DefinitionError, match=r"Several values in one filter mean OR"):
        parse_filters(text)
