"""What `--steps` means."""

from datetime import timedelta

import pytest

from funnelkit.errors import DefinitionError
from funnelkit.model import (
    Cohort,
    EventSelector,
    Filter,
    HistoricalCount,
    Performed,
    Property,
    Step,
)
from funnelkit.specs.events import parse_events
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
        ("group.company", "company", "group"),
        ('Group."my company"', "my company", "group"),
        ('"group.company"', "group.company", "event"),
        ("groups", "groups", "event"),
        ("group", "group", "event"),
    ],
)
def test_a_prefix_makes_a_property_of_the_user_or_a_group(text, name, scope):
    assert parse_property(text) == Property(name, scope)


@pytest.mark.parametrize("text", ["", "a b", "x is 1", "user.", "a, b", "none", "'a"])
def test_a_property_is_one_name(text):
    with pytest.raises(DefinitionError, match="cannot read the property"):
        parse_property(text)


@pytest.mark.parametrize(
    ("text", "op"),
    [
        ("is", "is"), ("=", "is"), ("is not", "is not"), ("!=", "is not"), ("<", "less"),
        ("less than", "less"), ("<=", "less or equal"), (">", "greater"),
        (">=", "greater or equal"),
        ("greater than or equal to", "greater or equal"),
    ],
)  # fmt: skip
def test_a_historical_count_stands_in_the_brackets_of_a_step(text, op):
    (step,) = parse_steps(f"A[Historical  Count {text} 2]")
    assert step == Step((EventSelector("A"),), HistoricalCount(op, 2))


def test_a_historical_count_belongs_to_the_whole_step_wherever_it_stands():
    expected = Step(parse_events("A[x is 1] | B[y is 2]"), HistoricalCount("is", 3))
    for text in (
        "A[x is 1 and historical count is 3] | B[y is 2]",
        "A[x is 1] | B[historical count is 3 and y is 2]",
    ):
        assert parse_steps(text) == (expected,)


def test_properties_may_be_called_like_conditions():
    text = "historical is 1 and performed is 2 and cohort in (a, b) and ever is 3"
    names = [condition.property.name for condition in parse_filters(text)]
    assert names == ["historical", "performed", "cohort", "ever"]
    assert parse_segment(f"s: {text}").filters == parse_filters(text)


@pytest.mark.parametrize(
    ("text", "performed"),
    [
        ("performed(A)", Performed(parse_events("A"))),
        ("performed (A[x is 1] | B) >= 3", Performed(parse_events("A[x is 1] | B"), ">=", 3)),
        ("performed(A) is not 3", Performed(parse_events("A"), "!=", 3)),
        ("performed(A) less than 3", Performed(parse_events("A"), "<", 3)),
        ("performed(A) = 0", Performed(parse_events("A"), "=", 0)),
        ("performed(A) > 1 ever", Performed(parse_events("A"), ">", 1, ever=True)),
        ("performed(A) ever", Performed(parse_events("A"), ever=True)),
        ("performed(A) <= 3 in 30d", Performed(parse_events("A"), "<=", 3, timedelta(days=30))),
        ("performed(A) in 1d 12h", Performed(parse_events("A"), within=timedelta(hours=36))),
        ('performed("A (new)" | ce:B C)', Performed(parse_events('"A (new)" | ce:B C'))),
    ],
)
def test_a_segment_may_ask_what_users_did(text, performed):
    assert parse_segment(f"s: {text}").performed == (performed,)


@pytest.mark.parametrize(
    ("text", "cohort"),
    [
        ("cohort(ids.txt)", Cohort("ids.txt")),
        ("not cohort (my folder/ids.txt)", Cohort("my folder/ids.txt", inside=False)),
        ('cohort("a, (b).txt")', Cohort("a, (b).txt")),
        (r"cohort(C:\ids.txt)", Cohort(r"C:\ids.txt")),
    ],
)
def test_a_segment_may_ask_for_a_file_of_ids(text, cohort):
    assert parse_segment(f"s: {text}").cohorts == (cohort,)


def test_conditions_of_every_kind_are_joined():
    found = parse_segment(
        "s: performed(A) >= 2 in 7d and user.plan is pro and not cohort(x) and y is 1 and cohort(z)"
    )
    assert found.filters == parse_filters("user.plan is pro and y is 1")
    assert found.performed == (Performed(parse_events("A"), ">=", 2, timedelta(days=7)),)
    assert found.cohorts == (Cohort("x", inside=False), Cohort("z"))
