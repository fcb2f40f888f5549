"""The query of Amplitude's Dashboard REST API, and what it means as a funnel."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from urllib.parse import parse_qs, parse_qsl, quote

import pytest

from funnelkit.errors import DefinitionError, UnsupportedError
from funnelkit.model import (
    SESSION_ID,
    Cohort,
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
from funnelkit.specs.amplitude.rest import funnel_from_query, query_from_funnel

PYAMPLITUDE = (
    "/api/2/funnels?start=20240101&end=20240131&mode=ordered&n=active&cs=2592000"
    "&e=%7B%22event_type%22%3A%22A%22%7D&e=%7B%22event_type%22%3A%22B%22%7D"
)
"""The request of pyamplitude 2.0.0 that specification F observed."""

DAYS = "&start=20240101&end=20240131"
JANUARY = Period(date(2024, 1, 1), date(2024, 1, 31))
USER_COUNTRY = Filter(Property("country", "user"), "is", ("(none)",))


def steps(*names):
    return tuple(Step((EventSelector(name),)) for name in names)


def funnel(more="", **event):
    first = quote(json.dumps({"event_type": "A"} | event))
    return funnel_from_query(f'e={first}&e={{"event_type":"B"}}{DAYS}{more}')


def test_observed_request_of_a_client_is_read():
    asked = Funnel(steps=steps("A", "B"), period=JANUARY, window=timedelta(days=30))
    assert funnel_from_query(f"https://amplitude.com{PYAMPLITUDE}") == asked
    assert funnel_from_query(f"http://127.0.0.1:8080{PYAMPLITUDE}") == asked
    assert funnel_from_query(PYAMPLITUDE.partition("?")[2]) == asked
    assert funnel_from_query(f"?{PYAMPLITUDE.partition('?')[2]}\n") == asked


def test_query_may_be_wrapped_into_lines():
    wrapped = PYAMPLITUDE.partition("?")[2].replace("&", "\n  &").replace("mode", "mo\r\nde")
    assert funnel_from_query(wrapped) == funnel_from_query(PYAMPLITUDE.partition("?")[2])


def test_what_is_written_has_the_same_parameters_in_the_order_of_the_documentation():
    request = PYAMPLITUDE.partition("?")[2]
    written = query_from_funnel(funnel_from_query(request))
    assert parse_qs(written) == parse_qs(request)
    assert [key for key, _ in parse_qsl(written)] == ["e", "e", "start", "end", "mode", "n", "cs"]
    assert written.startswith("e=%7B%22event_type%22%3A%22A%22%7D&e=")


def test_query_that_gives_little_has_the_defaults_of_the_api():
    assert funnel() == Funnel(steps=steps("A", "B"), period=JANUARY)
    assert funnel().conversion_window == timedelta(days=30)


def test_example_of_the_documentation_in_any_order_lasts_a_day():
    read = funnel_from_query(
        'https://amplitude.com/api/2/funnels?e={"event_type":"event_one"}'
        '&e={"event_type":"event_two"}&e={"event_type":"event_three"}'
        "&start=20210801&end=20210926&mode=unordered&cs=3&limit=100"
    )
    assert (read.order, read.window, read.group_by) == ("any", timedelta(days=1), None)


def test_example_of_the_documentation_with_a_segment_and_a_group_is_read():
    read = funnel_from_query(
        'https://amplitude.com/api/2/funnels?e={"event_type":"event_one"}'
        '&e={"event_type":"event_two"}&start=20210801&end=20210926&mode=unordered&n=new'
        '&s=[{"prop":"city","op": "is","values": ["(none)"]}]&g=gp:event'
    )
    city = Filter(Property("city", "user"), "is", ("(none)",))
    assert read.users == "new"
    assert read.segments == (Segment("Segment 1", (city,)),)
    assert read.group_by == GroupBy((Property("event", "user"),))


@pytest.mark.parametrize(
    ("seconds", "choice", "window"),
    [
        (3, "whole days", timedelta(days=1)),
        (3, "as given", timedelta(seconds=3)),
        (200_000, "whole days", timedelta(days=2)),
    ],
)
def test_window_of_any_order_is_rounded_down_to_days(seconds, choice, window):
    read = funnel_from_query(
        f'e={{"event_type":"A"}}{DAYS}&mode=unordered&cs={seconds}',
        settings=Settings(api_any_order_window=choice),
    )
    assert read.window == window


def test_observed_historical_count_is_read_and_written():
    first_time = {
        "group_type": "User",
        "subprop_type": "nth_time_hack",
        "subprop_key": "nth_time_performed",
        "subprop_op": "is",
        "subprop_value": ["1"],
    }
    read = funnel("&nthTimeLookbackWindow=365", filters=[first_time])
    assert read.steps[0] == Step((EventSelector("A"),), HistoricalCount("is", 1))
    written = parse_qs(query_from_funnel(read))
    assert json.loads(written["e"][0])["filters"] == [first_time]
    assert written["nthTimeLookbackWindow"] == ["365"]


@pytest.mark.parametrize(
    ("number", "interval"),
    [(-300000, "5min"), (-3600000, "hour"), (1, "day"), (7, "week"), (30, "month")],
)
def test_interval_is_conversion_over_time(number, interval):
    assert funnel(f"&i={number}").measures == Measures(interval=interval)
    assert funnel().measures == Measures()


def test_each_list_of_conditions_is_a_segment():
    read = funnel(
        '&s=[{"prop":"country","op":"is","values":["(none)"]},'
        '{"prop":"userdata_cohort","op":"is","values":["9z057h6i"]}]'
        '&s=[{"type":"event","event_type":"C","op":">=","value":2,"time_type":"allTime",'
        '"time_value":30,"filters":[]}]&s=[]'
    )
    assert read.segments == (
        Segment("Segment 1", (USER_COUNTRY,), cohorts=(Cohort("9z057h6i.txt"),)),
        Segment("Segment 2", performed=(Performed((EventSelector("C"),), ">=", 2, ever=True),)),
        Segment("All Users"),
    )
    assert funnel_from_query(query_from_funnel(read)) == read


@pytest.mark.parametrize(
    ("more", "by"),
    [
        ("&g=platform", GroupBy((Property("platform", "user"),))),
        ("&g=gp:plan&limit=7", GroupBy((Property("plan", "user"),), limit=7)),
        ("&g=grp:company", GroupBy((Property("company", "group"),))),
        # Two properties have 500 groups in a chart.
        (
            "&g=platform&g=gp:plan",
            GroupBy((Property("platform", "user"), Property("plan", "user")), limit=100),
        ),
    ],
)
def test_group_by_is_read_with_the_limit_of_the_api(more, by):
    read = funnel(more)
    assert read.group_by == by
    assert funnel_from_query(query_from_funnel(read)) == read


def test_event_can_carry_the_group_by_of_any_step():
    read = funnel_from_query(
        'e={"event_type":"A"}&e={"event_type":"B","group_by":[{"type":"event","value":"size"}]}'
        + DAYS
    )
    assert read.group_by == GroupBy((Property("size"),), step=2)
    assert funnel_from_query(query_from_funnel(read)) == read


def test_names_with_signs_of_the_query_itself_are_encoded():
    name = 'a+b & c=d?e#f%20 "ü" 😀'
    asked = Funnel(steps=steps(name), period=JANUARY)
    assert funnel_from_query(query_from_funnel(asked)) == asked


def test_project_gives_the_time_zone_and_the_custom_events():
    cart = CustomEvent("Cart", (EventSelector("A"),))
    query = f'e={{"event_type":"ce:Cart"}}{DAYS}'
    read = funnel_from_query(query, timezone="Europe/Berlin", custom_events=(cart,))
    assert (read.timezone, read.custom_events) == ("Europe/Berlin", (cart,))
    with pytest.raises(DefinitionError, match="'ce:Cart' is a custom event"):
        funnel_from_query(query)


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("", "e: missing; each step is an event"),
        ("start=20240101&end=20240131", "e: missing"),
        ('e={"event_type":"A"}', "start: missing; a day is written YYYYMMDD"),
        ("nonsense", "bad query field: 'nonsense'"),
        ("e=%FF", "can't decode byte"),
        ("e={" + DAYS, r"e\[0\]: no JSON: .* got \"{\""),
        ("e=" + "[" * 100_000 + DAYS, r"e\[0\]: no JSON: "),
        ("e=" + "9" * 5000 + DAYS, r"e\[0\]: no JSON: "),
        ("e=A" + DAYS, r"e\[0\]: no JSON: "),
        ("e=7" + DAYS, r"e\[0\]: expected a table of keys and values, got 7"),
        ('e="A"' + DAYS, r"e\[0\]: expected a table of keys and values, got 'A'"),
        ('e={"event_type":"A","event_type":"B"}' + DAYS, "'event_type' stands twice"),
        ('e={"event_type":7}' + DAYS, r"e\[0\].event_type: expected text"),
        ('e={"event_type":"A"}&start=2024-01-01&end=20240131', "start: .* '2024-01-01'"),
        ('e={"event_type":"A"}&start=20240101&end=20240231', "end: '20240231' does not exist"),
        ('e={"event_type":"A"}&start=20240201&end=20240131', "ends before it starts"),
        ("https://amplitude.com/api/2/events/segmentation?e=1", "got '/api/2/events/segmentation'"),
        (f'http://h/api/2/funnels?e={{"event_type":"A#1"}}{DAYS}', "# is not sent"),
        ("http://h", "funnels are asked at /api/2/funnels; got ''"),
    ],
)
def test_what_is_no_query_is_refused(query, problem):
    with pytest.raises(DefinitionError, match=problem) as raised:
        funnel_from_query(query)
    assert str(raised.value).startswith("the query: ")


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ("&mode=this", 'mode: .*ordered, unordered, sequential; got "this"'),
        ("&n=any", 'n: .*active, new; got "any"'),
        ("&i=90", "i: .* got 90"),
        ("&i=day", 'i: expected a whole number, got "day"'),
        ("&cs=0", "cs: .* got 0 seconds"),
        ("&cs=1.5", 'cs: expected a whole number, got "1.5"'),
        ("&limit=1001", "limit: the API shows 1 to 1000 groups; got 1001"),
        ("&nthTimeLookbackWindow=30", "nthTimeLookbackWindow: .* got 30"),
        ("&m=totals", 'm: a funnel cannot represent this, "totals"'),
        ("&n=new&n=active", "n: it stands 2 times; got new, active"),
        ("&s={}", r"s\[0\]: expected a list, got a table"),
        ("&s=[1]", r"s\[0\]\[0\]: expected a table"),
        ("&s=x", r"s\[0\]: no JSON"),
        ("&g=gp:country", r"g\[0\]: 'gp:country' is a property of your own"),
        ("&g=", r"g\[0\]: a property needs a name"),
        ("&g=a&g=b&g=c", "g: a funnel is grouped by one or two properties; got 3"),
        (
            '&i=1&s=[{"type":"event","event_type":"A","time_type":"forEachInterval"}]',
            r"s\[0\]\[0\].time_type: forEachInterval",
        ),
    ],
)
def test_bad_parameter_is_refused_by_name(more, problem):
    with pytest.raises(DefinitionError, match=problem):
        funnel(more)


ASKED = Funnel(steps=steps("A", "B"), period=JANUARY)
GLOB = (Filter(Property("a"), "glob match", ("b",)),)
BY_PLAN = GroupBy((Property("plan", "user"),))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"count_by": "totals"}, "count_by = totals"),
        ({"hold": (SESSION_ID,)}, "hold: "),
        ({"exclusions": (Exclusion((EventSelector("X"),)),)}, "exclusions: "),
        ({"resolution": "millisecond"}, "resolution = millisecond"),
        ({"users": "new on first day"}, "users = new on first day"),
        ({"unit": Property("company", "group")}, "unit = company"),
        ({"order": "any", "window": timedelta(hours=36)}, "window = 1d12h: in any order"),
        ({"period": Period(last=30)}, "a first and a last day"),
        ({"period": Period(date(2024, 1, 1))}, "got 2024-01-01.."),
        (
            {"period": Period(date(2024, 1, 1), datetime(2024, 1, 2))},  # noqa: DTZ001
            "got 2024-01-01..2024-01-02T00:00:00",
        ),
        ({"segments": (Segment("s", (Filter(Property("a"), "is", ("b",)),)),)}, "event property"),
        (
            {"steps": (Step((EventSelector("A", GLOB),)),)},
            "'glob match'",
        ),
        (
            {"group_by": BY_PLAN, "segments": (Segment("a", (USER_COUNTRY,)), Segment("b"))},
            "only where there is one segment",
        ),
    ],
)
def test_what_the_api_has_no_words_for_is_refused_by_name(changes, problem):
    fields = {name: getattr(ASKED, name) for name in Funnel.__dataclass_fields__} | changes
    with pytest.raises(UnsupportedError) as raised:
        query_from_funnel(Funnel(**fields))
    assert problem in str(raised.value)
    assert str(raised.value).startswith("query: ")
