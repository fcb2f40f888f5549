"""What `--steps` means."""

import pytest

from funnelkit.errors import DefinitionError
from funnelkit.model import EventSelector, Filter, Property, Step
from funnelkit.specs.steps import (
    apply_where,
    parse_filters,
    parse_property,
    parse_segment,
    parse_steps,
    parse_where,
)


def named(*names):
    return tuple(Step((EventSelector(name),)) for name in names)


@pytest.mark.parametrize("text", ["A > B > C", "A -> B → C", "A>B>C", "  A\n> B\n> C\n", "A->B->C"])
def test_an_arrow_separates_steps_however_it_is_written(text):
    assert parse_steps(text) == named("A", "B", "C")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Product Added", "Product Added"),
        ("add-to-cart", "add-to-cart"),
        ("a - b", "a - b"),
        ("  blanks around  ", "blanks around"),
        ("two  blanks", "two  blanks"),
        ("[Amplitude] Page Viewed", "[Amplitude] Page Viewed"),
        ("[Amplitude]", "[Amplitude]"),
        ("_all", "_all"),
        ("ce:Big Spender", "ce:Big Spender"),
        ("Viewed (new) & 50%!", "Viewed (new) & 50%!"),
        ("Überweisung 漢字", "Überweisung 漢字"),
        ('"A > B"', "A > B"),
        ("'say \"hi\"'", 'say "hi"'),
        (r'"a\"b\\c\nd\u0000\U0001F600"', 'a"b\\c\nd\0😀'),
        ('"[/x]"', "[/x]"),
        ('"two\nlines"', "two\nlines"),
        ('" kept "', " kept "),
    ],
)
def test_a_name_is_bare_or_quoted(text, name):
    assert parse_steps(text) == named(name)


def test_filters_stand_in_brackets_after_the_name():
    (step,) = parse_steps("ProductViewed[feature in (a, b) and price > 20]")
    assert step.events[0] == EventSelector(
        "ProductViewed",
        (
            Filter(Property("feature"), "is", ("a", "b")),
            Filter(Property("price"), "greater", ("20",)),
        ),
    )


def test_after_a_leading_bracket_the_next_one_holds_filters():
    (step,) = parse_steps("[Amplitude] Page Viewed [path is x]")
    assert step.events[0].event_type == "[Amplitude] Page Viewed"
    assert step.events[0].filters == parse_filters("path is x")


def test_the_events_of_an_inline_or_have_their_own_filters():
    (step,) = parse_steps("A[x is 1] | B|C[y is 2]")
    assert [event.event_type for event in step.events] == ["A", "B", "C"]
    assert [len(event.filters) for event in step.events] == [1, 0, 1]


def test_each_text_of_a_list_is_one_step():
    assert parse_steps(["A", "B | C"]) == parse_steps("A > B | C")


def test_several_steps_in_one_text_of_a_list_are_refused():
    with pytest.raises(DefinitionError, match="step 2 holds 2 steps: B > C"):
        parse_steps(["A", "B > C"])


def test_every_bad_text_of_a_list_is_reported():
    with pytest.raises(DefinitionError, match=r"(?s)step 1.*step 3"):
        parse_steps(["A >", "B", "C["])


@pytest.mark.parametrize("nothing", ["", " ", "\n", [], ()])
def test_no_step_is_an_error(nothing):
    with pytest.raises(DefinitionError):
        parse_steps(nothing)


@pytest.mark.parametrize("arrow", ["-->", "=>", ">>", ">>>", "<", "|>", ",", ";", "<-"])
def test_what_is_not_an_arrow_never_passes_for_one(arrow):
    with pytest.raises(DefinitionError):
        parse_steps(f"A {arrow} B")


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("feature is a", None),
        ("3: feature is a", 3),
        ('3:"feature is a"', 3),
        (" 12 :feature is a", 12),
    ],
)
def test_where_may_name_its_step(text, step):
    assert parse_where(text) == (step, parse_filters("feature is a"))


def test_the_quotes_of_a_numbered_filter_may_hold_quotes():
    assert parse_where("2:'plan is \"b c\"'").filters == parse_filters('plan is "b c"')


def test_a_numbered_filter_may_begin_with_a_quoted_property():
    assert parse_where('2:"product name" is a').filters == parse_filters('"product name" is a')


def test_a_bad_escape_around_a_numbered_filter_is_an_error():
    with pytest.raises(DefinitionError, match="no escape"):
        parse_where(r'2:"x is \q"')


def test_steps_are_counted_from_one():
    with pytest.raises(DefinitionError, match="counted from 1"):
        parse_where("0: feature is a")


def test_where_without_a_number_filters_step_one():
    steps = apply_where(parse_steps("A > B"), [parse_where("x is 1"), parse_where("2: y is 2")])
    assert steps == parse_steps("A[x is 1] > B[y is 2]")


def test_where_filters_every_event_of_its_step():
    assert apply_where(parse_steps("A | B"), [parse_where("x is 1")]) == parse_steps(
        "A[x is 1] | B[x is 1]"
    )


def test_a_filter_for_a_missing_step_is_an_error():
    with pytest.raises(DefinitionError, match="step 3, but the funnel has 2 steps"):
        apply_where(parse_steps("A > B"), [parse_where("3: x is 1")])


@pytest.mark.parametrize(
    ("text", "name", "filters"),
    [
        ("mobile: platform in (iOS, Android)", "mobile", "platform in (iOS, Android)"),
        ("power users: gp:plan is pro", "power users", "gp:plan is pro"),
        ('"a: b": x is 1', "a: b", "x is 1"),
        ("it's: x is 1", "it's", "x is 1"),
    ],
)
def test_a_segment_has_a_name_and_filters(text, name, filters):
    segment = parse_segment(text)
    assert (segment.name, segment.filters) == (name, parse_filters(filters))


def test_a_segment_without_filters_is_everybody():
    assert parse_segment("All:").filters == ()


@pytest.mark.parametrize(
    "text", ["x is 1", ": x is 1", "gp:plan is x", '"a" x is 1', "", '"": x is 1']
)
def test_a_segment_without_a_name_is_refused(text):
    with pytest.raises(DefinitionError, match="a segment has a name"):
        parse_segment(text)


@pytest.mark.parametrize(
    ("text", "name", "scope"),
    [
        ("feature", "feature", "event"),
        ("user.plan", "plan", "user"),
        ("gp:plan", "plan", "user"),
        ("User.plan", "plan", "user"),
        ('user."Device Family"', "Device Family", "user"),
        ('"user.plan"', "user.plan", "event"),
        ("user.address.city", "address.city", "user"),
        ("item.price", "item.price", "event"),
        ("username", "username", "event"),
    ],
)
def test_a_prefix_makes_a_user_property(text, name, scope):
    assert parse_property(text) == Property(name, scope)


@pytest.mark.parametrize("text", ["", "a b", "x is 1", "user.", "a, b", "none", "'a"])
def test_a_property_is_one_name(text):
    with pytest.raises(DefinitionError, match="cannot read the property"):
        parse_property(text)
