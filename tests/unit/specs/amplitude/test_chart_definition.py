"""Amplitude's chart definition JSON, and what it means as a funnel."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, date, datetime, timedelta

import pytest

from funnelkit.errors import DefinitionError, UnsupportedError
from funnelkit.events.properties import BUILT_IN as BUILT_IN_COLUMNS
from funnelkit.model import (
    SESSION_ID,
    Cohort,
    ComparedEvent,
    CustomEvent,
    EventSelector,
    Exclusion,
    Filter,
    Funnel,
    GroupBy,
    HistoricalCount,
    Measures,
    Performed,
    Period,
    Property,
    Segment,
    Settings,
    Step,
)
from funnelkit.specs.amplitude.chart import chart_from_funnel, funnel_from_chart
from funnelkit.specs.amplitude.properties import BUILT_IN

MINIMAL = {
    "type": "funnels",
    "app": "123",
    "name": "Signup Funnel",
    "params": {
        "range": "Last 30 Days",
        "events": [
            {"event_type": "View Signup", "filters": [], "group_by": []},
            {"event_type": "Complete Signup", "filters": [], "group_by": []},
        ],
        "countGroup": "User",
        "segments": [{"conditions": []}],
    },
}
"""The minimal form of specification B3."""

FULL = {
    "app": 123,
    "type": "funnels",
    "vis": "bar",
    "version": 41,
    "name": "Checkout",
    "params": {
        "mode": "ordered",
        "start": 1768608000,
        "end": 1769212799,
        "datePresetId": -1,
        "timezone": "UTC",
        "interval": 1,
        "metric": "CONVERSION",
        "conversionSeconds": 86400,
        "newOrActive": "new",
        "funnelNewUserType": "SAME_DAY",
        "nthTimeLookbackWindow": 365,
        "isFunnelPreciseComputationEnabled": True,
        "countGroup": {"name": "org id", "is_computed": False},
        "events": [
            {
                "event_type": "View",
                "filters": [
                    {
                        "subprop_type": "event",
                        "subprop_key": "flowId",
                        "subprop_op": "is",
                        "subprop_value": ["a", "b"],
                        "group_type": "User",
                        "subfilters": [],
                    },
                    {
                        "group_type": "User",
                        "subprop_type": "nth_time_hack",
                        "subprop_key": "nth_time_performed",
                        "subprop_op": "is",
                        "subprop_value": ["1"],
                    },
                ],
                "group_by": [],
            },
            {"event_type": "Buy", "filters": [], "group_by": []},
            {"event_type": "Rate", "filters": [], "group_by": []},
        ],
        "segments": [
            {
                "name": "A",
                "label": "Germans",
                "conditions": [
                    {
                        "type": "property",
                        "prop_type": "user",
                        "prop": "country",
                        "op": "is",
                        "values": ["Germany"],
                        "group_type": "User",
                    },
                    {
                        "type": "property",
                        "prop_type": "user",
                        "prop": "userdata_cohort",
                        "op": "is not",
                        "values": ["9z057h6i"],
                        "group_type": "User",
                    },
                    {
                        "type": "event",
                        "event_type": "Cancel",
                        "filters": [],
                        "op": "=",
                        "value": 0,
                        "time_type": "rolling",
                        "time_value": 366,
                        "group_type": "User",
                    },
                ],
            }
        ],
        "groupBy": [],
        "byProp": "plan",
        "byPropIndex": 1,
        "byPropType": "user",
        "constantProps": [{"type": "event", "value": "[Amplitude] Session ID"}],
        "excludedEvents": [{"event_type": "Refund", "filters": [], "group_by": []}],
    },
}
"""Every key that specification B3 names."""


def chart(**params):
    """Return the minimal chart with other parameters; None leaves one out."""
    changed = deepcopy(MINIMAL)
    changed["params"] |= params
    changed["params"] = {k: v for k, v in changed["params"].items() if v is not None}
    return changed


def funnel(**params):
    return funnel_from_chart(chart(**params))


def event(name="A", **more):
    return {"event_type": name} | more


def condition(**changes):
    return {"subprop_type": "user", "subprop_key": "gp:plan", "subprop_op": "is",
            "subprop_value": ["pro"]} | changes  # fmt: skip


def steps(*names):
    return tuple(Step((EventSelector(name),)) for name in names)


def test_minimal_form_is_read_with_the_defaults_of_the_chart():
    assert funnel_from_chart(MINIMAL) == Funnel(
        steps=steps("View Signup", "Complete Signup"),
        name="Signup Funnel",
        period=Period(last=30),
        window=timedelta(days=1),
    )


def test_form_with_every_key_is_read():
    flow = Filter(Property("flowId"), "is", ("a", "b"))
    assert funnel_from_chart(FULL) == Funnel(
        steps=(
            Step((EventSelector("View", (flow,)),), HistoricalCount("is", 1)),
            *steps("Buy", "Rate"),
        ),
        name="Checkout",
        segments=(
            Segment(
                "Germans",
                filters=(Filter(Property("country", "user"), "is", ("Germany",)),),
                performed=(
                    Performed((EventSelector("Cancel"),), "=", 0, within=timedelta(days=366)),
                ),
                cohorts=(Cohort("9z057h6i.txt", inside=False),),
            ),
        ),
        period=Period(date(2026, 1, 17), date(2026, 1, 23)),
        window=timedelta(days=1),
        unit=Property("org id", "group"),
        users="new on first day",
        hold=(SESSION_ID,),
        exclusions=(Exclusion((EventSelector("Refund"),)),),
        group_by=GroupBy((Property("plan", "user"),), step=2),
        resolution="millisecond",
    )


def test_form_with_every_key_reads_back_after_writing():
    read = funnel_from_chart(FULL)
    assert funnel_from_chart(chart_from_funnel(read)) == read


@pytest.mark.parametrize(
    ("written", "period"),
    [
        ("Last 7 Days", Period(last=7)),
        ("last 1 day", Period(last=1)),
        ("Today", Period(last=0)),
        ("Yesterday", Period(last=0, offset=1)),
    ],
)
def test_range_is_a_period(written, period):
    assert funnel(range=written).period == period


@pytest.mark.parametrize("written", ["Last 12 Weeks", "This Month", "All Time", "Last 0 Days", ""])
def test_range_that_is_not_in_days_is_refused(written):
    with pytest.raises(DefinitionError, match=f"params.range: .* got '{written}'"):
        funnel(range=written)


def test_seconds_are_days_in_the_time_zone_of_the_chart():
    berlin = {"range": None, "start": 1704063600, "end": 1704149999}
    assert funnel(**berlin, timezone="Europe/Berlin").period == Period(
        date(2024, 1, 1), date(2024, 1, 1)
    )
    assert funnel(**berlin).period == Period(
        datetime(2023, 12, 31, 23, tzinfo=UTC), datetime(2024, 1, 1, 23, tzinfo=UTC)
    )


@pytest.mark.parametrize("end", [None, "now"])
def test_chart_since_a_day_has_an_open_end(end):
    assert funnel(range=None, start=1704067200, end=end).period == Period(date(2024, 1, 1))


@pytest.mark.parametrize(
    ("dates", "problem"),
    [
        ({}, "params.range: missing"),
        ({"end": 1704067200}, "params.range: missing"),
        ({"start": "now-7d"}, "params.start: .* got 'now-7d'"),
        ({"start": 1704067200000}, "params.start: .*milliseconds"),
        ({"start": -1}, "params.start: -1 seconds"),
        ({"start": 1.5}, "params.start: expected a whole number, got 1.5"),
        ({"start": True}, "params.start: expected a whole number, got true"),
        ({"start": 1704067200, "end": 1604067200}, "ends before it starts"),
        ({"range": "Today", "start": 1}, "params.start: a chart has a range, or"),
    ],
)
def test_bad_dates_are_refused(dates, problem):
    with pytest.raises(DefinitionError, match=problem):
        funnel(**({"range": None} | dates))


@pytest.mark.parametrize(
    ("mode", "order"), [("ordered", "this"), ("unordered", "any"), ("sequential", "exact")]
)
def test_mode_is_the_order(mode, order):
    assert funnel(mode=mode).order == order


@pytest.mark.parametrize(
    ("params", "users"),
    [
        ({"newOrActive": "active"}, "active"),
        ({"newOrActive": "new"}, "new"),
        ({"newOrActive": "new", "funnelNewUserType": "SAME_DAY"}, "new on first day"),
        ({"newOrActive": "active", "funnelNewUserType": "SAME_DAY"}, "active"),
    ],
)
def test_new_users_are_new_on_any_day_or_their_first(params, users):
    assert funnel(**params).users == users


@pytest.mark.parametrize(
    "group", ["User", {"name": "User"}, {"name": "User", "is_computed": False}]
)
def test_group_called_user_is_no_group(group):
    assert funnel(countGroup=group).unit == "user"


def test_line_asks_for_conversion_over_time():
    lines = chart(interval=7) | {"vis": "line"}
    assert funnel_from_chart(lines).measures == Measures(interval="week")
    assert funnel(interval=7).measures == Measures()


@pytest.mark.parametrize("metric", ["TIME_TO_CONVERT", "totals", 1, None])
def test_metric_other_than_conversion_is_refused_by_name(metric):
    if metric is None:
        assert funnel(metric=metric).measures == Measures()
        return
    with pytest.raises(DefinitionError, match=f"params.metric: .*CONVERSION; got .*{metric}"):
        funnel(metric=metric)


@pytest.mark.parametrize(
    ("key", "scope", "prop"),
    [
        ("gp:plan", "user", Property("plan", "user")),
        ("country", "user", Property("country", "user")),
        ("gp:gp:plan", "user", Property("gp:plan", "user")),
        ("gp:plan", "event", Property("gp:plan")),
        ("grp:company", "user", Property("company", "group")),
        ("grp:company", "group", Property("company", "group")),
        ("gp:company", "group", Property("company", "group")),
        ("company", "group", Property("company", "group")),
    ],
)
def test_prefixes_of_properties_are_read(key, scope, prop):
    (step,) = funnel(events=[event(filters=[condition(subprop_type=scope, subprop_key=key)])]).steps
    assert step.events[0].filters[0].property == prop


def test_built_in_properties_are_those_that_events_have_columns_for():
    assert set(BUILT_IN) == set(BUILT_IN_COLUMNS)


def test_values_that_are_no_text_are_read_as_it():
    (step,) = funnel(events=[event(filters=[condition(subprop_value=[1, 1.5, True])])]).steps
    assert step.events[0].filters[0].values == ("1", "1.5", "true")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"subprop_type": "derivedV2"}, "type 'derivedV2'; a funnel knows event, user, group"),
        ({"subprop_key": "gp:country"}, "'gp:country' is a property of your own"),
        ({"subprop_type": "group", "group_type": "org id"}, "the group type 'org id'"),
        ({"subprop_op": "ends with"}, "an operator is one of .* got 'ends with'"),
        ({"subprop_op": ["is"]}, r"filters\[0\].subprop_op: expected text"),
        ({"subprop_value": []}, "has no value"),
        ({"subprop_value": "pro"}, r"filters\[0\].subprop_value: expected a list, got 'pro'"),
        ({"subprop_value": [{}]}, r"subprop_value\[0\]: expected a text or a number, got {}"),
        ({"subprop_value": [float("nan")]}, "expected a text or a number, got NaN"),
        ({"subprop_key": ""}, "needs a name"),
        ({"subfilters": [1]}, r"subfilters: a funnel has no filters inside filters; got \[1\]"),
        ({"subprop_modifier": "x"}, 'subprop_modifier: a funnel cannot represent this key, "x"'),
    ],
)
def test_bad_filter_is_refused_with_its_place(changes, problem):
    with pytest.raises(DefinitionError, match=problem) as raised:
        funnel(events=[event(filters=[condition(**changes)])])
    assert str(raised.value).startswith("the chart: params.events[0].filters[0]")


@pytest.mark.parametrize("value", [["0"], ["x"], ["1", "2"], ["-1"], ["²"], ["9" * 5000]])
def test_historical_count_that_is_no_number_is_refused(value):
    nth = condition(
        subprop_type="nth_time_hack", subprop_key="nth_time_performed", subprop_value=value
    )
    with pytest.raises(DefinitionError, match="historical count"):
        funnel(events=[event(filters=[nth])])


def test_look_back_of_the_historical_count_must_be_a_year():
    with pytest.raises(DefinitionError, match=r"nthTimeLookbackWindow: .* 365 days .* got 30"):
        funnel(nthTimeLookbackWindow=30)


@pytest.mark.parametrize(
    ("params", "by"),
    [
        ({"groupBy": [{"type": "user", "value": "gp:plan"}]}, GroupBy((Property("plan", "user"),))),
        ({"byProp": "plan", "byPropType": "event"}, GroupBy((Property("plan"),))),
        (
            {"events": [event(), event("B", group_by=[{"type": "event", "value": "size"}])]},
            GroupBy((Property("size"),), step=2),
        ),
        ({"byProp": "", "groupBy": []}, None),
    ],
)
def test_grouping_is_read_wherever_it_stands(params, by):
    assert funnel(**params).group_by == by


def test_two_groupings_are_refused():
    by = {"type": "user", "value": "gp:plan"}
    with pytest.raises(DefinitionError, match=r"one place.*params.groupBy, params.events\[0\]"):
        funnel(groupBy=[by], events=[event(group_by=[by])])


@pytest.mark.parametrize(
    ("choice", "index", "between"),
    [("from 0", -1, None), ("from 0", 0, (1, 2)), ("from 0", 1, (2, 3)), ("from 1", 1, (1, 2))],
)
def test_index_of_an_exclusion_is_a_pair_of_steps(choice, index, between):
    settings = Settings(step_index=choice)
    excluded = chart(
        events=[event("A"), event("B"), event("C")],
        excludedEvents=[event("X", step_index=index)],
    )
    read = funnel_from_chart(excluded, settings=settings)
    assert read.exclusions == (Exclusion((EventSelector("X"),), between),)
    assert funnel_from_chart(chart_from_funnel(read), settings=settings) == read


def test_exclusion_before_step_1_excludes_nobody():
    excluded = chart(excludedEvents=[event("X", step_index=0)])
    assert funnel_from_chart(excluded, settings=Settings(step_index="from 1")).exclusions == ()


@pytest.mark.parametrize("index", [-2, 1, "0", 0.0, True])
def test_exclusion_where_there_are_no_two_steps_is_refused(index):
    with pytest.raises(DefinitionError, match=r"excludedEvents\[0\].step_index: "):
        funnel(excludedEvents=[event("X", step_index=index)])


def test_exclusion_over_several_pairs_is_written_pair_by_pair():
    excluded = Exclusion((EventSelector("X"), EventSelector("Y")), (1, 3))
    asked = Funnel(steps=steps("A", "B", "C", "D"), exclusions=(excluded,), period=Period(last=1))
    written = chart_from_funnel(asked)["params"]["excludedEvents"]
    assert [(one["event_type"], one["step_index"]) for one in written] == [
        ("X", 0), ("X", 1), ("Y", 0), ("Y", 1),
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["session_id", "[Amplitude] Session ID", "Session ID"])
def test_session_can_be_held(name):
    assert funnel(constantProps=[name]).hold == (SESSION_ID,)


def test_segments_get_names_of_their_own():
    first = {"conditions": [{"prop": "country", "op": "is", "values": ["A"]}]}
    read = funnel(segments=[first, first, {"name": "x", **first}, {"label": "x", **first}])
    assert [one.name for one in read.segments] == ["Segment 1", "Segment 2", "x", "x (2)"]


@pytest.mark.parametrize(
    ("time", "performed"),
    [
        ({}, Performed((EventSelector("A"),))),
        ({"time_type": "currentInterval"}, Performed((EventSelector("A"),))),
        ({"time_type": "allTime", "time_value": 30}, Performed((EventSelector("A"),), ever=True)),
        (
            {"op": "<", "value": 3, "time_type": "rolling", "time_value": 7},
            Performed((EventSelector("A"),), "<", 3, within=timedelta(days=7)),
        ),
    ],
)
def test_performed_condition_is_read_with_its_time(time, performed):
    (segment,) = funnel(segments=[{"conditions": [event("A", type="event") | time]}]).segments
    assert segment.performed == (performed,)


@pytest.mark.parametrize(
    ("one", "problem"),
    [
        ({"type": "cohort", "cohort_id": "x"}, 'the type property or event; got "cohort"'),
        ({"prop": "userdata_cohort", "op": "is", "values": ["a", "b"]}, "one cohort, not"),
        ({"prop": "userdata_cohort", "op": "contains", "values": ["a"]}, "got 'contains'"),
        ({"prop": "userdata_cohort", "op": "is", "values": ["../a"]}, "no id of a cohort"),
        ({"prop": "country", "op": "is"}, "values: missing"),
        ({"type": "event", "event_type": "A", "op": "~"}, "op: the comparison is one of"),
        ({"type": "event", "event_type": "A", "value": "3"}, "value: expected a whole number"),
        ({"type": "event", "event_type": "A", "value": -1}, "0 times or more"),
        ({"type": "event", "event_type": "A", "time_type": "rolling"}, "time_value: missing"),
        (
            {"type": "event", "event_type": "A", "time_type": "rolling", "time_value": [1, 2]},
            "from one day to another",
        ),
        ({"type": "event", "event_type": "A", "group_type": "org"}, 'users performed; got "org"'),
        ({"type": "event", "event_type": "A", "group_by": []}, "group_by: a funnel cannot"),
        (7, "expected a table"),
    ],
)
def test_bad_condition_of_a_segment_is_refused(one, problem):
    with pytest.raises(DefinitionError, match=problem) as raised:
        funnel(segments=[{"conditions": [one]}])
    assert "params.segments[0].conditions[0]" in str(raised.value)


def test_event_in_every_interval_is_refused_over_time_only():
    each = [{"conditions": [event("A", type="event", time_type="forEachInterval")]}]
    assert funnel(segments=each).segments[0].performed == (Performed((EventSelector("A"),)),)
    with pytest.raises(DefinitionError, match="time_type: forEachInterval asks for"):
        funnel_from_chart(chart(segments=each) | {"vis": "line"})


def test_custom_event_is_named_and_must_be_defined():
    named = chart(events=[event("ce:Cart"), event("B")])
    with pytest.raises(DefinitionError, match=r"'ce:Cart' is a custom event.*define it"):
        funnel_from_chart(named)
    cart = CustomEvent("Cart", (EventSelector("A"), EventSelector("B")))
    other = CustomEvent("Other", (EventSelector("A"),))
    assert funnel_from_chart(named, custom_events=(other, cart)).custom_events == (cart,)


@pytest.mark.parametrize(
    ("params", "problem"),
    [
        ({"conversionSeconds": 0}, "conversionSeconds: .* got 0 seconds"),
        ({"conversionSeconds": 31622401}, "conversionSeconds: .* 366 days; got 31622401"),
        ({"conversionSeconds": "86400"}, 'conversionSeconds: expected a whole number, got "86400"'),
        ({"mode": "this"}, 'mode: .*ordered, unordered, sequential; got "this"'),
        ({"mode": ["ordered"]}, r'mode: .* got \["ordered"\]'),
        ({"interval": True}, "interval: .* got true"),
        ({"interval": 90}, "interval: .* got 90"),
        ({"timezone": "Berlin"}, "timezone: unknown time zone 'Berlin'. Did you mean"),
        ({"countGroup": {"name": "x", "is_computed": True}}, "countGroup: .*is_computed"),
        ({"countGroup": 3}, "countGroup: expected text"),
        ({"newOrActive": "all"}, 'newOrActive: .*active, new; got "all"'),
        ({"funnelNewUserType": "ANY"}, 'funnelNewUserType: .*SAME_DAY; got "ANY"'),
        ({"isFunnelPreciseComputationEnabled": 1}, "expected true or false, got 1"),
        ({"events": {}}, "params.events: expected a list, got a table"),
        ({"events": []}, "params.events: a funnel needs at least one event"),
        ({"events": ["A"]}, r"params.events\[0\]: expected a table"),
        ({"events": [{}]}, r"params.events\[0\].event_type: missing"),
        ({"events": [event("")]}, r"params.events\[0\].event_type: an event type is empty"),
        ({"excludeCurrentInterval": False}, "excludeCurrentInterval: .* this key, false"),
        ({"conversionSecond": 1}, "conversionSecond: .* Did you mean 'conversionSeconds'"),
        ({"constantProps": [{"value": "x"}]}, r"constantProps\[0\].type: missing"),
        ({"constantProps": [""]}, r"constantProps\[0\]: expected a table"),
        ({"byProp": "a", "byPropIndex": 9}, "grouped at step 10, but it has 2 steps"),
        ({"segments": [{"time_type": "x"}]}, r"segments\[0\].time_type: "),
    ],
)
def test_bad_parameter_is_refused_by_name(params, problem):
    with pytest.raises(DefinitionError, match=problem):
        funnel(**params)


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ([], "the chart: expected a table"),
        ({}, "type: missing"),
        ({"type": "eventsSegmentation"}, 'type: .* funnels; got "eventsSegmentation"'),
        (MINIMAL | {"params": 3}, "params: expected a table"),
        (MINIMAL | {"vis": "pie"}, 'vis: .* bar, line; got "pie"'),
        (MINIMAL | {"parms": {}}, "parms: .* Did you mean 'params'"),
    ],
)
def test_what_is_no_funnel_chart_is_refused(values, problem):
    with pytest.raises(DefinitionError, match=problem):
        funnel_from_chart(values)


def test_every_fault_is_said_in_one_go():
    with pytest.raises(DefinitionError) as raised:
        funnel(mode="x", interval=2, zzz=3)
    assert len(str(raised.value).splitlines()) == 3


ASKED = Funnel(steps=steps("A", "B", "C"), period=Period(last=30))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"count_by": "totals"}, "count_by = totals"),
        ({"unit": "session"}, "unit = session: hold the property"),
        ({"unit": Property("cart")}, "unit = 'cart'"),
        ({"unit": Property("User", "group")}, "unit = 'User'"),
        ({"event_filters": (Filter(Property("a"), "is", ("b",)),)}, "event_filters"),
        ({"optional_step": 2}, "step 2 is optional"),
        ({"compared_events": (ComparedEvent(2, steps("X")[0]),)}, "X is compared in step 2"),
        ({"steps": (Step((EventSelector("A"), EventSelector("B"))),)}, "step 1 is A | B"),
        ({"window": timedelta(seconds=1, microseconds=5)}, "whole seconds"),
        ({"measures": Measures(time_to_convert=True)}, "time_to_convert"),
        ({"measures": Measures(frequency=True)}, "frequency"),
        ({"measures": Measures(sum_of=Property("price"))}, "sum_of"),
        ({"measures": Measures(by_age=True)}, "by_age"),
        ({"period": Period()}, "got no dates"),
        ({"period": Period(end=date(2024, 1, 1))}, "got ..2024-01-01"),
        ({"period": Period(last=30, offset=7)}, "got last = 30, offset = 7"),
        ({"period": Period(last=30, complete=True)}, "complete = True"),
        ({"period": Period(last=30, without_weekdays=("sunday",))}, "sunday"),
        ({"group_by": GroupBy((Property("a"),), limit=5)}, "group_by.limit = 5"),
        ({"segments": (Segment("s", cohorts=(Cohort("my users.csv"),)),)}, "'my users.csv'"),
        (
            {
                "segments": (
                    Segment("s", performed=(Performed((EventSelector("A"), EventSelector("B"))),)),
                )
            },
            "one performed event; got A | B",
        ),
        (
            {
                "segments": (
                    Segment(
                        "s",
                        performed=(Performed((EventSelector("A"),), within=timedelta(hours=1)),),
                    ),
                )
            },
            "whole days; got 1:00:00",
        ),
    ],
)
def test_what_a_chart_has_no_words_for_is_refused_by_name(changes, problem):
    fields = {name: getattr(ASKED, name) for name in Funnel.__dataclass_fields__} | changes
    with pytest.raises(UnsupportedError) as raised:
        chart_from_funnel(Funnel(**fields))
    assert problem in str(raised.value)
    assert str(raised.value).startswith("chart: ")
