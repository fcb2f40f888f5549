"""What `--assert` means."""

import pytest

from funnelkit.errors import DefinitionError
from funnelkit.specs.assertions import Assertion, parse_assertion


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("conversion >= 30%", Assertion("conversion", None, ">=", 0.3, "%")),
        ("conversion>=30 percent", Assertion("conversion", None, ">=", 0.3, "%")),
        ("Conversion > 12.345 %", Assertion("conversion", None, ">", 0.12345, "%")),
        ("step 3 conversion >= 20%", Assertion("conversion", 3, ">=", 0.2, "%")),
        ("step 3 >= 400 users", Assertion("count", 3, ">=", 400, "users")),
        ("step 1 = 1 session", Assertion("count", 1, "==", 1, "sessions")),
        ("step 2 drop-off <= 10 users", Assertion("drop-off", 2, "<=", 10, "users")),
        ("median time <= 2h", Assertion("median time", None, "<=", 7200, "seconds")),
        ("step 2 average time < 1m30s", Assertion("average time", 2, "<", 90, "seconds")),
        ("lift > 0 points", Assertion("lift", None, ">", 0, "points")),
        ("lift >= 5 percent", Assertion("lift", None, ">=", 0.05, "percent")),
        ("step 2 lift ≥ -1.5 points", Assertion("lift", 2, ">=", -0.015, "points")),
        ("conversion != 0%", Assertion("conversion", None, "!=", 0, "%")),
    ],
)
def test_an_assertion_is_read_and_written(text, expected):
    assert parse_assertion(text) == expected
    assert parse_assertion(str(expected)) == expected


def test_an_assertion_is_written_as_people_write_it():
    assert str(parse_assertion("conversion>=  30.0%")) == "conversion >= 30%"
    assert str(parse_assertion("step 03 >= 400 user")) == "step 3 >= 400 users"
    assert str(parse_assertion("median time < 90s")) == "median time < 1m30s"
    assert str(parse_assertion("lift > 0.000001 points")) == "lift > 0.000001 points"


@pytest.mark.parametrize(
    ("operator", "below", "equal", "above"),
    [
        (">=", False, True, True),
        (">", False, False, True),
        ("<=", True, True, False),
        ("<", True, False, False),
        ("=", False, True, False),
        ("!=", True, False, True),
    ],
)
def test_an_assertion_holds_or_not(operator, below, equal, above):
    claim = parse_assertion(f"conversion {operator} 7%")
    assert [claim.holds(6.9 / 100), claim.holds(7 / 100), claim.holds(71 / 1000)] == [
        below,
        equal,
        above,
    ]


@pytest.mark.parametrize("percent", range(101))
def test_a_count_at_the_limit_is_at_the_limit(percent):
    assert parse_assertion(f"conversion == {percent}%").holds(percent * 7 / 700)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("conversion >= 0.3", "a unit is missing: write 30%"),
        ("conversion >= 30", "a unit is missing: write 30%"),
        ("conversion >= 30 users", "users is no unit of a conversion: write 30%"),
        ("step 3 >= 400", "a unit is missing: write 400 users or 400 sessions"),
        ("step 3 >= 40%", "% is no unit of a count"),
        ("lift > 0", "a unit is missing: write 0 points or 0 percent"),
        ("lift > 5%", "write 5 points or 5 percent"),
        ("median time <= 2", "a unit is missing"),
        ("converison >= 3%", "Did you mean 'conversion'"),
        ("users >= 3", "unknown metric 'users'"),
        ("conversion", "compares nothing"),
        ("conversion is 3%", "compares nothing"),
        ("", "compares nothing"),
        (">= 3 users", "names no step"),
        ("drop-off < 3 users", "names no step"),
        ("step 0 >= 1 users", "counted from 1"),
        ("conversion => 3%", "=> is no comparison"),
        ("conversion >= many%", "no number with a unit"),
        ("conversion >= 300%", "at most 100%"),
        ("conversion >= -1%", "never negative"),
        ("step 1 >= -1 users", "never negative"),
    ],
)
def test_a_bad_assertion_says_what_to_write(text, words):
    with pytest.raises(DefinitionError) as raised:
        parse_assertion(text)
    assert words in str(raised.value)
    assert "conversion >= 30%, step 3 >= 400 users" in str(raised.value)
