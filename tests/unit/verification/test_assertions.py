"""`--assert` holds a report to its claims, every segment of it."""

from datetime import datetime, timedelta

import polars as pl
import pytest

import funnelkit as fk
from funnelkit.errors import CheckFailed, DefinitionError
from funnelkit.specs.assertions import parse_assertion
from funnelkit.verification.assertions import check_report, value_of

NOON = datetime.fromisoformat("2020-05-02T12:00:00")


@pytest.fixture(scope="module")
def events():
    """Four users view; u and v add after 10 and 30 s, u buys 60 s later; x is of another plan."""
    happened = [
        ("u", "View", 0), ("u", "Add", 10), ("u", "Buy", 70),
        ("v", "View", 0), ("v", "Add", 30), ("w", "View", 0), ("x", "View", 0),
    ]  # fmt: skip
    return pl.DataFrame(
        {
            "user_id": [user for user, _, _ in happened],
            "event_type": [name for _, name, _ in happened],
            "event_time": [NOON + timedelta(seconds=seconds) for _, _, seconds in happened],
            "plan": ["free" if user == "x" else "pro" for user, _, _ in happened],
        }
    )


@pytest.fixture(scope="module")
def result(events):
    return fk.report(events, steps="View > Add > Buy")


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("conversion >= 0%", 0.25),
        ("step 2 conversion >= 0%", 0.5),
        ("step 1 >= 0 users", 4),
        ("step 3 >= 0 users", 1),
        ("step 2 drop-off >= 0 users", 2),
        ("step 1 drop-off >= 0 users", 0),
        ("average time > 1s", 70),
        ("step 2 average time > 1s", 20),
        ("step 3 median time > 1s", 60),
        ("step 1 median time > 1s", None),
    ],
)
def test_a_claim_is_about_one_number(result, claim, value):
    assert value_of(parse_assertion(claim), result.segments[0]) == value


def check(result, *claims):
    check_report(result, [parse_assertion(claim) for claim in claims])


def test_claims_that_hold_say_nothing(result):
    check(result, "conversion == 25%", "step 2 == 2 users", "median time <= 70s")


@pytest.mark.parametrize(
    ("claim", "words"),
    [
        ("conversion > 25%", "conversion > 25% does not hold in all users: it is 25%"),
        ("step 2 >= 3 users", "step 2 >= 3 users does not hold in all users: it is 2 users"),
        ("step 2 drop-off < 2 users", "it is 2 users"),
        ("average time < 1m", "average time < 1m does not hold in all users: it is 70 seconds"),
        ("step 1 median time < 1m", "cannot hold in all users: nobody got there"),
    ],
)
def test_a_claim_that_fails_is_named_with_the_number(result, claim, words):
    with pytest.raises(CheckFailed) as raised:
        check(result, claim)
    assert words in str(raised.value)


def test_every_claim_that_fails_is_named_and_no_other(result):
    with pytest.raises(CheckFailed) as raised:
        check(result, "conversion > 50%", "step 1 == 4 users", "step 2 > 9 users")
    first, second = str(raised.value).splitlines()
    assert first.startswith("conversion > 50%")
    assert second.strip().startswith("step 2 > 9 users")


def test_each_segment_has_to_hold(events):
    result = fk.report(
        events, steps="View > Add > Buy", segment=["pro: plan is pro", "free: plan is free"]
    )
    with pytest.raises(CheckFailed) as raised:
        check(result, "conversion > 10%")
    assert str(raised.value) == "conversion > 10% does not hold in free: it is 0%"


def test_nobody_at_all_fails_whatever_the_claim(events):
    nobody = fk.report(events, steps="Nothing > Add")
    with pytest.raises(CheckFailed, match="cannot hold in all users: nobody got there"):
        check(nobody, "conversion >= 0%")
    check(nobody, "step 1 == 0 users")


@pytest.mark.parametrize(
    ("claim", "words"),
    [
        ("lift > 0 points", "a lift is between two periods, see funnelkit compare"),
        ("step 4 >= 1 users", "step 4 >= 1 users: the funnel has 3 steps"),
        ("step 1 >= 1 sessions", "the report counts users"),
    ],
)
def test_a_claim_about_what_a_report_has_not_is_a_wrong_definition(result, claim, words):
    with pytest.raises(DefinitionError) as raised:
        check(result, "conversion > 99%", claim)
    assert words in str(raised.value)


def test_sessions_are_claimed_of_a_report_that_counts_sessions(events):
    sessions = fk.report(events, steps="View > Add > Buy", unit="session")
    check(sessions, "step 1 == 4 sessions")
    with pytest.raises(DefinitionError, match="the report counts sessions"):
        check(sessions, "step 1 == 4 users")
