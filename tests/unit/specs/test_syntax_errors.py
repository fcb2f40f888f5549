"""What is said about a text that cannot be read: where, what was expected, what is near."""

import pytest

from funnelkit.errors import DefinitionError
from funnelkit.specs.parser import LONGEST
from funnelkit.specs.steps import parse_filters, parse_segment, parse_steps


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
        ("A[historical count is two]", "column 23: expected a whole number, but found 'two'"),
        ("A[historical count is 0]", "column 23: a historical count is at least 1; got 0"),
        ("A[historical count contains 2]", "Operators of a count: is, is not, less"),
        ("A[historical count is 2] | B[historical count is 3]", "one historical count at most"),
        ("A[performed(B)]", "are conditions of a segment"),
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


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("performed()", "expected an event, but found ')'"),
        ("performed(A", "expected `|`, `[` or `)`, but the text ends"),
        ("performed(A, B)", "Events in parentheses are separated by `|`"),
        ("performed(A (new))", "a name with special characters is quoted"),
        ("performed(A) 3", "expected an operator, `in 30d` or `ever`"),
        ("performed(A) > B", "expected a whole number, but found 'B'"),
        ("performed(A) > 3 times", "Write performed(A) >= 3 in 30d"),
        ("performed(A) > 3 in 30 days", "write 30d"),
        ("performed(A) > 3 in 30", "for days write 30d"),
        ("performed(A[historical count is 2])", "a historical count belongs to a step"),
        ("not performed(A)", "Write performed(A) = 0."),
        ("cohort()", "expected a file, but found ')'"),
        ("cohort(a b", "expected `)`, but the text ends"),
        ("cohort(a) or x is 1", "Several values in one filter mean OR"),
        ("historical count is 2", "A historical count stands in the brackets of a step"),
    ],
)
def test_a_mistake_in_the_conditions_of_a_segment_is_named(text, words):
    with pytest.raises(DefinitionError) as raised:
        parse_segment(f"s: {text}")
    assert words in str(raised.value)
    assert "condition of segment 's', column " in str(raised.value)
