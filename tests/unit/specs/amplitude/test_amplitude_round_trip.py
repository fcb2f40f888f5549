"""Funnel -> Amplitude's definition -> funnel, for every funnel that the definition can say."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelkit.errors import DefinitionError
from funnelkit.model import (
    CUSTOM,
    Cohort,
    CustomEvent,
    EventSelector,
    Exclusion,
    Filter,
    Funnel,
    GroupBy,
    HistoricalCount,
    Interval,
    Measures,
    Operator,
    Performed,
    Period,
    Property,
    Segment,
    Settings,
    Step,
)
from funnelkit.model.events import CountOperator
from funnelkit.model.segments import Comparison
from funnelkit.specs.amplitude.chart import chart_from_funnel, funnel_from_chart
from funnelkit.specs.amplitude.properties import BUILT_IN
from funnelkit.specs.amplitude.rest import OPERATORS, funnel_from_query, query_from_funnel
from funnelkit.specs.amplitude.typed import funnel_from_typed

texts = st.one_of(
    st.sampled_from(
        ["A", "ce:", "gp:x", "grp:x", "_all", "a&b=c", "+", "%20", "#", '"', "\\", "é"]
    ),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
)
names = texts.filter(bool)
event_types = st.just("ce:Cart") | names.filter(lambda name: not name.startswith(CUSTOM))
event_properties = st.builds(Property, names)
user_properties = st.builds(Property, names | st.sampled_from(BUILT_IN), st.just("user"))
group_properties = st.builds(Property, names, st.just("group"))
entry_properties = user_properties | group_properties
properties = event_properties | entry_properties
values = st.lists(texts, min_size=1, max_size=2).map(tuple)
counts = st.builds(HistoricalCount, st.sampled_from(get_args(CountOperator)), st.integers(1, 9))
cohorts = st.builds(Cohort, st.from_regex(r"\A[0-9a-z]{1,5}\.txt\Z"), st.booleans())
CART = CustomEvent("Cart", (EventSelector("A"), EventSelector("B")))


def lists_of(strategy, *, least=0, most=2):
    return st.lists(strategy, min_size=least, max_size=most).map(tuple)


def selectors(operators):
    return st.builds(
        EventSelector,
        event_types,
        lists_of(st.builds(Filter, properties, st.sampled_from(operators), values)),
    )


def performed(operators):
    one = lists_of(selectors(operators), least=1, most=1)
    op, count = st.sampled_from(get_args(Comparison)), st.integers(0, 99)
    within = st.none() | st.integers(1, 400).map(lambda days: timedelta(days=days))
    return st.builds(Performed, one, op, count, within) | st.builds(
        Performed, one, op, count, ever=st.just(value=True)
    )


def segments(operators, scopes, *, named):
    """Return lists of segments; only one without any condition would mean everybody."""
    one = st.builds(
        Segment,
        names,
        lists_of(st.builds(Filter, scopes, st.sampled_from(operators), values), least=1),
        lists_of(performed(operators)),
        lists_of(cohorts),
    )
    several = st.lists(one, max_size=3, unique_by=lambda segment: segment.name)
    if named:
        return several.map(tuple)
    return several.map(
        lambda found: tuple(
            replace(segment, name=f"Segment {number}")
            for number, segment in enumerate(found, start=1)
        )
    )


@st.composite
def funnels(draw, *, form):
    """Draw a funnel that a chart, or the API, can say."""
    chart = form == "chart"
    operators = get_args(Operator) if chart else sorted(OPERATORS)
    order = draw(st.sampled_from(["this", "any", "exact"]))
    history = st.none() | counts if order == "this" else st.none()
    one = lists_of(selectors(operators), least=1, most=1)
    steps = draw(lists_of(st.builds(Step, one, history), least=1, most=3))
    scopes = properties if chart else entry_properties
    found = draw(segments(operators, scopes, named=chart))
    days = (
        st.dates(date(2000, 1, 1), date(2020, 1, 1)),
        st.dates(date(2020, 1, 2), date(2030, 1, 1)),
    )
    step = st.integers(1, len(steps))
    fields = {
        "steps": steps,
        "segments": found,
        "order": order,
        "period": draw(st.builds(Period, *days)),
        "window": timedelta(days=draw(st.integers(1, 366))),
        "users": draw(st.sampled_from(["active", "new"])),
        "settings": Settings(step_index=draw(st.sampled_from(["from 0", "from 1"]))),
        "measures": Measures(interval=draw(st.none() | st.sampled_from(get_args(Interval)))),
    }
    if chart:
        fields |= {
            "name": draw(st.none() | names),
            "timezone": draw(st.sampled_from(["UTC", "Europe/Berlin", "America/Santiago"])),
            "users": draw(st.sampled_from(["active", "new", "new on first day"])),
            "resolution": draw(st.sampled_from(["second", "millisecond"])),
            "unit": draw(st.just("user") | group_properties.filter(lambda g: g.name != "User")),
            "hold": draw(lists_of(properties)),
            "exclusions": draw(lists_of(exclusions(operators, len(steps)))),
            "window": timedelta(seconds=draw(st.integers(1, 366 * 86_400))),
            "period": draw(
                st.builds(Period, *days)
                | st.builds(Period, days[0])
                | st.builds(Period, last=st.integers(1, 400))
                | st.sampled_from([Period(last=0), Period(last=0, offset=1)])
                | st.builds(Period, *(instants(year) for year in (2010, 2020)))
            ),
            "group_by": draw(st.none() | st.builds(GroupBy, lists_of(properties, least=1), step)),
        }
    elif len(found) < 2:
        limit = st.integers(1, 1000)
        one, two = lists_of(properties, least=1, most=1), lists_of(properties, least=2)
        fields["group_by"] = draw(
            st.none()
            | st.builds(GroupBy, one, step, st.none() | limit)
            | st.builds(GroupBy, two, step, limit)
        )
    funnel = Funnel(**fields, custom_events=(CART,))
    named = any(one.event_type == "ce:Cart" for one in funnel.selectors())
    return funnel if named else replace(funnel, custom_events=())


def exclusions(operators, steps):
    pairs = [None, *((first, first + 1) for first in range(1, steps))]
    one = lists_of(selectors(operators), least=1, most=1)
    return st.builds(Exclusion, one, st.sampled_from(pairs))


def instants(year):
    """Return whole seconds that begin no day in any time zone."""
    return st.datetimes(datetime(year, 1, 1), datetime(year, 12, 31), timezones=st.just(UTC)).map(  # noqa: DTZ001
        lambda moment: moment.replace(second=30, microsecond=0)
    )


@given(funnels(form="chart"))
def test_chart_reads_back(funnel):
    written = json.loads(json.dumps(chart_from_funnel(funnel)))
    read = funnel_from_chart(written, custom_events=(CART,), settings=funnel.settings)
    assert read == funnel


@given(funnels(form="query"))
def test_query_reads_back(funnel):
    written = query_from_funnel(funnel)
    assert written.isascii()
    assert funnel_from_query(written, custom_events=(CART,), settings=funnel.settings) == funnel


@given(funnels(form="query"))
def test_what_the_api_can_say_a_chart_can_say_too(funnel):
    limit = funnel.group_by and replace(funnel.group_by, limit=None)
    asked = replace(funnel, group_by=limit)
    written = chart_from_funnel(asked)
    assert funnel_from_chart(written, custom_events=(CART,), settings=asked.settings) == asked


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
FULL_QUERY = (
    'e={"event_type":"A"}&start=20240101&end=20240131&mode=ordered&n=new&i=7&g=gp:plan&cs=60'
    '&s=[{"prop":"country","op":"is","values":["DE"]}]&limit=9&nthTimeLookbackWindow=365'
)
CHART = chart_from_funnel(
    replace(
        funnel_from_query(FULL_QUERY),
        hold=(Property("cart"),),
        exclusions=(Exclusion((EventSelector("X"),)),),
        group_by=GroupBy((Property("plan", "user"),)),
    )
)
TYPED = {
    "kind": "funnel",
    "steps": [{"event": "A", "where": [{"property": "x", "op": "is", "values": ["y"]}]}, "B"],
    "conversion_window": {"value": 7, "unit": "day"},
    "date_range": {"start": 1704067200, "end": 1704153599},
    "segments": [{"where": [], "performed": [{"event": "C", "time_value": 3}]}],
    "excluded_events": [{"event": "X", "step_index": 0}],
    "hold_property": {"property": "cart", "scope": "event", "on_step": 0},
    "measured_as": {"as": "conversion"},
    "group_by": [{"property": "plan"}],
}


def places(values, path=()):
    """Yield the path of every value inside an object or a list."""
    inner = values.items() if isinstance(values, dict) else enumerate(values)
    for key, value in inner:
        yield (*path, key)
        if isinstance(value, (dict, list)):
            yield from places(value, (*path, key))


def changed(values, path, value):
    copy = json.loads(json.dumps(values))
    target = copy
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    return copy


@pytest.mark.parametrize(
    ("read", "values"),
    [(funnel_from_chart, CHART), (funnel_from_typed, TYPED)],
    ids=["chart", "typed"],
)
def test_any_value_anywhere_is_read_or_refused(read, values):
    @given(st.sampled_from(list(places(values))), JUNK)
    def check(path, junk):
        with contextlib.suppress(DefinitionError):
            assert isinstance(read(changed(values, path, junk)), Funnel)

    check()


@given(st.sampled_from(FULL_QUERY.split("&")), JUNK | texts)
def test_any_parameter_of_a_query_is_read_or_refused(parameter, junk):
    key = parameter.partition("=")[0]
    value = junk if isinstance(junk, str) else json.dumps(junk)
    with contextlib.suppress(DefinitionError):
        assert isinstance(
            funnel_from_query(FULL_QUERY.replace(parameter, f"{key}={value}")), Funnel
        )
