"""Options, and how they change a funnel that there is."""

from datetime import date, time, timedelta

import pytest

from funnelkit.errors import DefinitionError
from funnelkit.model import (
    SESSION_ID,
    Bins,
    ComparedEvent,
    CustomEvent,
    EventSelector,
    Exclusion,
    Filter,
    GroupBy,
    Measures,
    Period,
    Property,
    Settings,
    Step,
)
from funnelkit.specs.define import define
from funnelkit.specs.steps import parse_filters, parse_steps

PLAN = Filter(Property("plan"), "is", ("pro",))


def changed(before, **options):
    return define(funnel=define(**{"steps": "A > B > C", **before}), **options)


@pytest.mark.parametrize(
    ("option", "text", "record"),
    [
        ("steps", "A > B", [Step((EventSelector("A"),)), Step((EventSelector("B"),))]),
        ("where", "plan is pro", PLAN),
        ("where_every_step", "plan is pro", [PLAN]),
        ("where_every_event", "plan is pro", PLAN),
        ("window", "7d", timedelta(days=7)),
        ("from_", "2020-04-01", date(2020, 4, 1)),
        ("unit", "group.company", Property("company", "group")),
        ("hold", "item_id", Property("item_id")),
        ("exclude", "C between 1 and 2", Exclusion((EventSelector("C"),), (1, 2))),
        ("group_by", ["2: a", "2: user.b"], GroupBy((Property("a"), Property("b", "user")), 2)),
        ("group_by", "a", Property("a")),
        ("compare_event", "2: D", ComparedEvent(2, Step((EventSelector("D"),)))),
        ("custom_event", "X = D", CustomEvent("X", (EventSelector("D"),))),
        ("bins", "0s..1h/1m", Bins(0, 3600, 60)),
        ("sum", "price", Property("price")),
        ("setting", "seconds=round", Settings(seconds="round")),
        ("setting", ["seconds=round"], {"seconds": "round"}),
    ],
)
def test_a_text_and_a_record_say_the_same(option, text, record):
    options = {"steps": "A > B"}
    assert define(**{**options, option: text}) == define(**{**options, option: record})


def test_none_and_empty_lists_say_nothing():
    funnel = define(steps="A > B", hold="x", exclude="C", frequency=True, window="7d")
    nothing = {"hold": [], "exclude": (), "frequency": None, "window": None, "steps": None}
    assert define(funnel=funnel, **nothing) == funnel


def test_lists_take_the_place_of_what_was_there():
    found = changed({"hold": ["a", "b"], "exclude": "X", "inactive": "P"}, hold="c", exclude="Y")
    assert found.hold == (Property("c"),)
    assert found.exclusions == (Exclusion((EventSelector("Y"),)),)
    assert found.inactive_events == ("P",)


def test_filters_settings_and_custom_events_are_added():
    before = {
        "where_every_event": "x is 1",
        "setting": "seconds=round",
        "custom_event": ["One = A", "Two = B"],
    }
    found = changed(
        before,
        where="y is 2",
        where_every_event="z is 3",
        setting="totals_pairing=oldest",
        custom_event="One = C",
    )
    assert found.steps == parse_steps("A[y is 2] > B > C")
    assert found.event_filters == parse_filters("x is 1 and z is 3")
    assert found.settings == Settings(seconds="round", totals_pairing="oldest")
    assert [event.name for event in found.custom_events] == ["Two", "One"]
    assert found.custom_events[1].events == (EventSelector("C"),)


def test_a_session_window_holds_the_session_besides_what_is_held():
    found = define(steps="A > B", window="session", hold="item_id")
    assert found.window == timedelta(days=366)
    assert found.hold == (Property("item_id"), SESSION_ID)
    assert define(funnel=found, window="session") == found


def test_dates_take_the_place_of_the_last_days():
    found = changed({"last": "30d", "offset": "7d"}, from_="2020-04-01")
    assert found.period == Period(date(2020, 4, 1))


def test_the_last_days_take_the_place_of_dates():
    before = {"from_": "2020-04-01", "to": "2020-05-01", "time_of_day": "09:00..17:00"}
    assert changed(before, last="30d").period == Period(
        last=30, from_time=time(9), to_time=time(17)
    )


def test_the_last_days_and_dates_are_not_said_together():
    with pytest.raises(DefinitionError, match="not both"):
        define(steps="A", last="30d", to="2020-04-01")


def test_one_end_of_the_dates_can_be_changed():
    found = changed({"from_": "2020-04-01", "to": "2020-05-01"}, to="2020-06-01")
    assert found.period == Period(date(2020, 4, 1), date(2020, 6, 1))


def test_a_limit_changes_the_groups_that_there_are():
    found = changed({"group_by": "2: a"}, group_limit=7)
    assert found.group_by == GroupBy((Property("a"),), 2, 7)
    with pytest.raises(DefinitionError, match="a limit of groups needs a property"):
        define(steps="A", group_limit=7)


def test_groups_belong_to_one_step():
    with pytest.raises(DefinitionError, match=r"at one step: .* got step 1 and step 2"):
        define(steps="A > B", group_by=["a", "2: b"])


def test_bins_ask_for_the_distribution_unless_it_is_declined():
    assert define(steps="A", bins="0s..1h/1m").measures.time_to_convert
    declined = define(steps="A", bins="0s..1h/1m", time_to_convert=False).measures
    assert declined == Measures(bins=Bins(0, 3600, 60))


def test_a_measure_is_added_to_those_that_there_are():
    found = changed({"interval": "week"}, sum="price").measures
    assert found == Measures(interval="week", sum_of=Property("price"))


@pytest.mark.parametrize("unit", ["users", "User", "Sessions"])
def test_a_unit_that_is_nearly_a_word_is_asked_back(unit):
    with pytest.raises(DefinitionError, match=r"Did you mean .* A property of this name is quoted"):
        define(steps="A", unit=unit)
    assert define(steps="A", unit=f'"{unit}"').unit == Property(unit)


@pytest.mark.parametrize("spelling", ["new on first day", "new-on-first-day", "new_on_first_day"])
def test_choices_are_spelt_with_blanks_or_without(spelling):
    assert define(steps="A", users=spelling).users == "new on first day"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"hold": 3}, "hold: expected the name of a property, got 3"),
        ({"window": 7.5}, "window: expected a duration as in '7d', got 7.5"),
        ({"from_": 3}, "from: expected a date, got 3"),
        ({"last": 1.5}, "last: expected days as in '30d', got 1.5"),
        ({"frequency": "yes"}, "frequency: expected true or false, got 'yes'"),
        ({"optional_step": True}, "optional_step: expected a whole number, got true"),
        ({"exclude": [3]}, "exclude: expected text in quotes, got 3"),
        ({"steps": 3}, "steps: expected text in quotes or a list of steps, got 3"),
        ({"setting": {"seconds": 3}}, "setting: expected text in quotes, got 3"),
    ],
)
def test_a_value_of_the_wrong_kind_is_named(options, words):
    with pytest.raises(DefinitionError) as raised:
        define(**{"steps": "A > B", **options})
    assert str(raised.value) == words


def test_an_option_that_is_not_there_is_an_error_of_the_program():
    with pytest.raises(TypeError, match=r"no 'widow' to define\. Did you mean 'window'"):
        define(steps="A", widow="7d")
