"""The typed form of a chart, and what it means as a funnel."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from funnelkit.errors import DefinitionError
from funnelkit.model import (
    SESSION_ID,
    ComparedEvent,
    EventSelector,
    Exclusion,
    Filter,
    Funnel,
    GroupBy,
    Measures,
    Performed,
    Period,
    Property,
    Segment,
    Step,
)
from funnelkit.specs.amplitude.typed import funnel_from_typed

TYPED = {
    "kind": "funnel",
    "steps": [{"event": "A"}, "B"],
    "conversion_window": {"value": 7, "unit": "day"},
    "date_range": {"relative": "Last 30 Days"},
}


def funnel(**changes):
    return funnel_from_typed(TYPED | changes)


def steps(*names):
    return tuple(Step((EventSelector(name),)) for name in names)


def test_smallest_form_is_read():
    assert funnel_from_typed(TYPED) == Funnel(
        steps=steps("A", "B"), period=Period(last=30), window=timedelta(days=7)
    )


def test_form_with_every_key_is_read():
    read = funnel(
        name="Checkout",
        vis="bar",
        mode="ordered",
        steps=[
            {"event": "View", "where": [
                {"property": "size", "op": "greater than", "values": [3], "scope": "event"},
                {"property": "plan", "op": "set", "scope": "user"},
            ]},
            {"object_type": "INLINE_CUSTOM_EVENT", "event": "Buy", "members": [
                {"event": "Buy"}, {"event": "Order"},
            ], "where": [{"property": "paid", "values": ["true"]}]},
            {"object_type": "COMPARISON_EVENT", "event": "Rate", "members": [
                {"event": "Rate"}, {"event": "Return"},
            ]},
        ],
        measured_as={"as": "conversion_over_time"},
        interval="week",
        constant_properties=["session_id"],
        hold_property={"property": "cart", "scope": "event", "on_step": 0},
        excluded_events=[
            {"event": "Refund"},
            {"event": {"event": "Cancel"}, "step_index": 1},
        ],
        count_unique_by="org id",
        group_by=[{"property": "plan", "scope": "user"}, {"property": "country"}],
        segments=[{
            "where": [{"property": "country", "op": "is", "values": ["DE"]}],
            "performed": [{"kind": "performed", "event": "Login", "op": ">=", "count": 3,
                           "time_type": "rolling", "time_value": 30}],
        }],
        date_range={"start": 1704063600, "end": 1704149999, "timezone": "Europe/Berlin"},
    )  # fmt: skip
    paid = (Filter(Property("paid"), "is", ("true",)),)
    assert read == Funnel(
        name="Checkout",
        steps=(
            Step((
                EventSelector("View", (
                    Filter(Property("size"), "greater", ("3",)),
                    Filter(Property("plan", "user"), "is not", ("(none)",)),
                )),
            )),
            Step((EventSelector("Buy", paid), EventSelector("Order", paid))),
            *steps("Rate"),
        ),
        compared_events=(ComparedEvent(3, *steps("Return")),),
        measures=Measures(interval="week"),
        hold=(SESSION_ID, Property("cart")),
        exclusions=(
            Exclusion((EventSelector("Refund"),)),
            Exclusion((EventSelector("Cancel"),), (2, 3)),
        ),
        unit=Property("org id", "group"),
        group_by=GroupBy((Property("plan", "user"), Property("country", "user"))),
        segments=(
            Segment(
                "Segment 1",
                (Filter(Property("country", "user"), "is", ("DE",)),),
                (Performed((EventSelector("Login"),), ">=", 3, within=timedelta(days=30)),),
            ),
        ),
        period=Period(date(2024, 1, 1), date(2024, 1, 1)),
        timezone="Europe/Berlin",
        window=timedelta(days=7),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("unit", "window"),
    [("second", timedelta(seconds=2)), ("hour", timedelta(hours=2)), ("week", timedelta(weeks=2))],
)
def test_window_has_a_unit(unit, window):
    assert funnel(conversion_window={"value": 2, "unit": unit}).window == window


@pytest.mark.parametrize(
    ("measure", "measures"),
    [
        ("conversion", Measures()),
        ("conversion_over_time", Measures(interval="day")),
        ("time_to_convert", Measures(time_to_convert=True)),
        ("time_to_convert_over_time", Measures(interval="day", time_to_convert=True)),
        ("step_count", Measures(frequency=True)),
    ],
)
@pytest.mark.parametrize("key", ["as", "as_"])
def test_measure_is_what_is_asked_beside_the_counts(measure, measures, key):
    assert funnel(measured_as={key: measure}).measures == measures


@pytest.mark.parametrize("scope", ["session", "event"])
def test_session_is_held_by_its_id(scope):
    held = [{"property": "session_id", "scope": scope}]
    assert funnel(constant_properties=held).hold == (SESSION_ID,)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"kind": "retention"}, 'kind: .* funnel; got "retention"'),
        ({"steps": ["A"]}, "steps: a funnel has at least two steps here; got 1"),
        ({"steps": "A > B"}, "steps: expected a list, got 'A > B'"),
        ({"steps": ["A", 3]}, r"steps\[1\]: expected a table"),
        ({"steps": ["A", ""]}, r"steps\[1\].event: an event type is empty"),
        ({"steps": ["A", {"event": "B", "filters": []}]}, r"steps\[1\].filters: a funnel cannot"),
        ({"steps": ["A", {"object_type": "X"}]}, r'steps\[1\].object_type: .* got "X"'),
        (
            {"steps": ["A", {"object_type": "COMPARISON_EVENT", "members": []}]},
            r"steps\[1\].members: a combination has members",
        ),
        (
            {
                "steps": [
                    "A",
                    {
                        "object_type": "INLINE_CUSTOM_EVENT",
                        "members": [{"event": "B", "group_by": ["x"]}],
                    },
                ]
            },
            r"steps\[1\].members\[0\].group_by: only the step as a whole",
        ),
        (
            {"steps": ["A", {"event": "B", "where": [{"property": "x"}]}]},
            r"steps\[1\].where\[0\].values: missing",
        ),
        (
            {"steps": ["A", {"event": "B", "where": [{"property": "x", "op": "set",
                                                      "values": ["y"]}]}]},
            r'set has no values; got \["y"\]',
        ),
        ({"conversion_window": {"value": 7}}, "conversion_window.unit: missing"),
        ({"conversion_window": {"value": 0, "unit": "day"}}, "conversion_window: .* got 0"),
        ({"conversion_window": {"value": 1, "unit": "month"}}, 'unit: .* got "month"'),
        ({"conversion_window": None}, "conversion_window: "),
        ({"measured_as": {"as": "totals"}}, 'measured_as.as: .* got "totals"'),
        ({"date_range": {"relative": "Last 12 Weeks"}}, "date_range.relative: .*Last 12 Weeks"),
        ({"date_range": {"relative": "Today", "start": 1}}, "date_range.start: "),
        ({"date_range": {}}, "date_range.start: missing"),
        ({"interval": "quarter"}, 'interval: .* got "quarter"'),
        ({"hold_property": {"property": "x", "on_step": 1}}, "hold_property.on_step: .* got 1"),
        (
            {"constant_properties": [{"property": "length", "scope": "session"}]},
            r"constant_properties\[0\].property: .* got 'length'",
        ),
        (
            {"constant_properties": [{"property": "x", "scope": "derivedV2"}]},
            "'x' is a property of the type 'derivedV2'",
        ),
        ({"excluded_events": [{"event": "X", "step_index": 1}]}, r"excluded_events\[0\]: -1 is"),
        ({"excluded_events": [{}]}, r"excluded_events\[0\].event"),
        ({"trans_time_percentiles": [25, 42]}, r"trans_time_percentiles: .* got \[25, 42\]"),
        ({"segments": [{"performed": [{"event": "A", "exclude_current_interval": True}]}]},
         "exclude_current_interval: "),
        ({"group_by": ["a"], "steps": ["A", {"event": "B", "group_by": ["b"]}]},
         r"one place.* group_by, steps\[1\].group_by"),
        ({"count_unique_by": ["User"]}, "count_unique_by: expected text"),
        ({"period_over_period": "period"}, 'period_over_period: .*"period"'),
    ],
)  # fmt: skip
def test_bad_key_is_refused_with_its_place(changes, problem):
    with pytest.raises(DefinitionError, match=problem) as raised:
        funnel(**changes)
    assert str(raised.value).startswith("the chart: ")


def test_what_is_no_object_is_refused():
    with pytest.raises(DefinitionError, match="expected a table of keys and values, got a list"):
        funnel_from_typed([TYPED])
