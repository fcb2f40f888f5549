"""What `--where` means: every operator, every spelling."""

from typing import get_args

import pytest

from funnelkit.errors import DefinitionError
from funnelkit.model import Filter, Operator, Property
from funnelkit.specs.steps import parse_filters

SPELLINGS = {
    "is": ["is", "=", "==", "in", "equals", "IS", "In"],
    "is not": ["is not", "!=", "<>", "≠", "not in", "is not in", "does not equal", "NOT  IN"],
    "contains": ["contains"],
    "does not contain": ["does not contain"],
    "has prefix": ["has prefix", "starts with", "Starts With"],
    "does not have prefix": ["does not have prefix", "does not start with"],
    "less": ["less", "less than", "<"],
    "less or equal": ["less or equal", "less than or equal to", "<=", "≤"],
    "greater": ["greater", "greater than", ">"],
    "greater or equal": ["greater or equal", "greater than or equal to", ">=", "≥"],
    "set is": ["set is"],
    "set is not": ["set is not"],
    "set contains": ["set contains"],
    "set does not contain": ["set does not contain"],
    "glob match": ["glob match", "glob matches"],
    "glob does not match": ["glob does not match"],
}
PAIRS = [(spelling, operator) for operator, all_ in SPELLINGS.items() for spelling in all_]


def test_no_operator_is_forgotten():
    assert set(SPELLINGS) == set(get_args(Operator))


@pytest.mark.parametrize(("spelling", "operator"), PAIRS)
def test_every_spelling_means_its_operator(spelling, operator):
    expected = (Filter(Property("price"), operator, ("20",)),)
    assert parse_filters(f"price {spelling} 20") == expected
    assert parse_filters(f"price {spelling} (20)") == expected
    assert parse_filters(f'price {spelling}"20"') == expected


@pytest.mark.parametrize("symbol", ["=", "==", "!=", "<>", "<", "<=", ">", ">="])
def test_symbols_need_no_blanks(symbol):
    assert parse_filters(f"price{symbol}20") == parse_filters(f"price {symbol} 20")


@pytest.mark.parametrize("word", ["is", "in", "contains", "less", "set is", "glob match"])
def test_a_word_that_begins_like_an_operator_is_none(word):
    with pytest.raises(DefinitionError, match="expected an operator"):
        parse_filters(f"price {word}-x 20")


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("x is home_product_recs", ("home_product_recs",)),
        ("x is -3.50", ("-3.50",)),
        ("x is 2020-04-02T09:17:23", ("2020-04-02T09:17:23",)),
        ("x is https://example.com/a*b?c", ("https://example.com/a*b?c",)),
        ("x is True", ("True",)),
        ("x is not-found", ("not-found",)),
        ("x is settled", ("settled",)),
        ("x is orange", ("orange",)),
        ("x is nonesuch", ("nonesuch",)),
        ('x is "home page"', ("home page",)),
        ("x is 'a, b'", ("a, b",)),
        ('x is ""', ("",)),
        ('x in (a, "b c" ,3)', ("a", "b c", "3")),
        ("x in(a,b)", ("a", "b")),
        ("x is (none)", ("(none)",)),
        ("x is ( None )", ("(none)",)),
        ("x in ((none), a)", ("(none)", "a")),
        ('x is "none"', ("none",)),
        ('x is "set"', ("set",)),
        ('x is "and"', ("and",)),
    ],
)
def test_values_are_words_numbers_quoted_text_or_none(text, values):
    assert parse_filters(text) == (Filter(Property("x"), "is", values),)


def test_is_set_means_not_none():
    assert parse_filters("x is set") == parse_filters("x is not (none)")
    assert parse_filters("x IS NOT SET") == parse_filters("x is (none)")


def test_and_joins_filters():
    first, second, third = parse_filters("x is 1 and user.y is set AND z in (a, b)")
    assert (first.property.name, second.property, third.values) == (
        "x",
        Property("y", "user"),
        ("a", "b"),
    )


@pytest.mark.parametrize("name", ["set", "is", "in", "contains", "less", "than"])
def test_a_keyword_that_cannot_be_mistaken_may_name_a_property(name):
    (found,) = parse_filters(f"{name} is 1")
    assert found.property == Property(name)


@pytest.mark.parametrize("name", ["and", "or", "not", "none", "null", "product name"])
def test_other_keywords_are_quoted_to_name_a_property(name):
    with pytest.raises(DefinitionError):
        parse_filters(f"{name} is 1")
    (found,) = parse_filters(f'"{name}" is 1')
    assert found.property == Property(name)


@pytest.mark.parametrize("value", ["none", "NONE", "null", "and", "or", "not"])
def test_a_keyword_is_no_value(value):
    for text in (f"x is {value}", f"x in (a, {value})"):
        with pytest.raises(DefinitionError, match="expected a value"):
            parse_filters(text)


def test_an_injection_stays_a_value():
    (found,) = parse_filters("""x is "'; DROP TABLE events; --" """)
    assert found.values == ("'; DROP TABLE events; --",)
