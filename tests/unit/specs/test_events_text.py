"""What `--exclude`, `--custom-event` and `--compare-event` mean."""

import pytest

from funnelkit.errors import DefinitionError
from funnelkit.model import ComparedEvent, CustomEvent, EventSelector, Exclusion
from funnelkit.specs.events import (
    parse_compared_event,
    parse_custom_event,
    parse_events,
    parse_exclusion,
    used,
)
from funnelkit.specs.steps import parse_steps


@pytest.mark.parametrize(
    ("text", "events", "between"),
    [
        ("Refund", "Refund", None),
        ("Refund[price > 3] | Bug", "Refund[price > 3] | Bug", None),
        ("Refund between 1 and 2", "Refund", (1, 2)),
        ("A[x is 1] | B  BETWEEN  step 2 and step 4 ", "A[x is 1] | B", (2, 4)),
        ("A between steps 1 and 3", "A", (1, 3)),
        ('"Swap between tabs"', '"Swap between tabs"', None),
        ('"Swap between 1 and 2" between 1 and 2', '"Swap between 1 and 2"', (1, 2)),
        ("Betweens", "Betweens", None),
        ('A[x is "between 1 and 2"]', 'A[x is "between 1 and 2"]', None),
        ("[Amplitude] Page Viewed between 1 and 2", "[Amplitude] Page Viewed", (1, 2)),
    ],
)
def test_an_exclusion_may_name_two_steps(text, events, between):
    assert parse_exclusion(text) == Exclusion(parse_events(events), between)


@pytest.mark.parametrize(
    "tail", ["between 1", "between one and two", "between 1 and 2 and 3", "between", "between 1-2"]
)
def test_half_a_between_never_becomes_the_name_of_an_event(tail):
    with pytest.raises(DefinitionError) as raised:
        parse_exclusion(f"A {tail}")
    assert "column 3: after `between` stand two steps" in str(raised.value)
    assert f"  A {tail}\n    ^" in str(raised.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A between 2 and 1", "between a step and a later one; got 2 and 1"),
        ("A between 0 and 1", "got 0 and 1"),
        ("A > B", "expected `|` or the end"),
        ("between 1 and 2", "expected an event"),
        ("A[historical count is 2]", "a historical count belongs to a step"),
    ],
)
def test_a_bad_exclusion_is_refused(text, words):
    with pytest.raises(DefinitionError, match=r"(?s)" + words.replace("|", r"\|")):
        parse_exclusion(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Big Spender = Order[price > 99] | Subscribe", "Big Spender"),
        ('"a = b"=Order[price > 99]|Subscribe', "a = b"),
        ("'x' = Order[price > 99] | Subscribe", "x"),
    ],
)
def test_a_custom_event_has_a_name_and_events(text, name):
    assert parse_custom_event(text) == CustomEvent(
        name, parse_events("Order[price > 99] | Subscribe")
    )


@pytest.mark.parametrize("text", ["Order | Subscribe", "= Order", "", '"" = Order', '"a" Order'])
def test_a_custom_event_without_a_name_is_refused(text):
    with pytest.raises(DefinitionError, match="has a name, an equals sign and its events"):
        parse_custom_event(text)


def test_custom_events_are_not_nested():
    with pytest.raises(DefinitionError, match="cannot be nested"):
        parse_custom_event("A = ce:B | C")


def test_an_event_is_compared_with_that_of_a_step():
    (step,) = parse_steps("B2[x is 1] | B3")
    assert parse_compared_event("2: B2[x is 1] | B3") == ComparedEvent(2, step)
    assert parse_compared_event(" 2 :B2[x is 1]|B3") == ComparedEvent(2, step)


@pytest.mark.parametrize("text", ["B2", "x: B2", "", ": B2"])
def test_a_compared_event_names_its_step(text):
    with pytest.raises(DefinitionError, match="compared with that of a step"):
        parse_compared_event(text)


def test_two_steps_are_no_compared_event():
    with pytest.raises(DefinitionError, match=r"compared event holds 2 steps: B > C"):
        parse_compared_event("2: B > C")


def test_only_what_is_named_is_used():
    one, other = parse_custom_event("One = A"), parse_custom_event("Other = A")
    named = [EventSelector("ce:Other"), EventSelector("One")]
    assert used([one, other], named) == (other,)
