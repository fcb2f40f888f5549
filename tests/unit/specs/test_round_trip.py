"""Record -> text -> record, with names as nasty as they come."""

import contextlib
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import get_args

import pytest
from hypothesis import HealthCheck, example, given, reject
from hypothesis import settings as limits
from hypothesis import strategies as st

from funnelkit.errors import DefinitionError
from funnelkit.model import (
    Bins,
    Cohort,
    ComparedEvent,
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
    Order,
    Performed,
    Period,
    Property,
    Scope,
    Segment,
    Settings,
    Step,
    Users,
    Weekday,
)
from funnelkit.model.events import CountOperator
from funnelkit.model.segments import Comparison
from funnelkit.model.settings import setting_choices
from funnelkit.specs.days import format_bins, parse_bins
from funnelkit.specs.dumping import dump_funnels
from funnelkit.specs.events import parse_compared_event, parse_custom_event, parse_exclusion
from funnelkit.specs.files import FunnelEntry, load_funnels
from funnelkit.specs.parser import parse
from funnelkit.specs.steps import parse_filters, parse_property, parse_segment, parse_steps
from funnelkit.specs.tables import funnel_from_dict, funnel_to_dict
from funnelkit.specs.text import (
    format_compared_event,
    format_custom_event,
    format_exclusion,
    format_filters,
    format_period,
    format_property,
    format_segment,
    format_step,
    format_steps,
    format_window,
)
from funnelkit.specs.times import parse_range, parse_window

KEYWORDS = [
    "and", "or", "not", "none", "null", "set", "is", "in", "to", "than", "equal", "contains",
    "user.", "gp:", "user.x", "gp:x", "(none)", "( none )", "is set", "_all", "[Amplitude]",
    "[Amplitude] Page Viewed", "[/x]", "[a] [b]", "A > B", "A -> B", "a->b", "a-", "-", "->", "→",
    "|", "A|B", "]", "[", "'", '"', "\\", "\\n", "\n", "\t", "\r\n", "\0", " ", "  ", " a", "a ",
    "a  b", "1", "-1.5", "3:", "3: x", "gp", ":", "a:b", ",", ";", "=", "<", "%", "u\u017fer.x",
"group.", "group.x", "users", "Session", "historical count is 2", "historical count", "performed",
    "performed(A)", "cohort", "cohort(a)", "ever", "A between 1 and 2", "BETWEEN", "ce:x", "A (x)",
    "\u017fet", "\u00a0", "\u2028", "\u202e", "😀", "e\u0301", "#x", "[x]", '"""', "'''",
]  # fmt: skip
texts = st.one_of(
    st.sampled_from(KEYWORDS),
    st.text(st.characters(exclude_categories=["Cs"])),
    st.text("ab [](){}<>|'\"\\.,:;=!-→\n\0", max_size=8),
    st.lists(st.sampled_from(KEYWORDS), max_size=4).map(" ".join),
)
names = texts.filter(bool)
properties = st.builds(Property, names, st.sampled_from(get_args(Scope)))
filters = st.builds(
    Filter,
    properties,
    st.sampled_from(get_args(Operator)),
    st.lists(texts, min_size=1, max_size=3).map(tuple),
)
conditions = st.lists(filters, max_size=2).map(tuple)


def selectors_of(types):
    return st.lists(st.builds(EventSelector, types, conditions), min_size=1, max_size=2).map(tuple)


plain_names = names.filter(lambda name: not name.startswith("ce:"))  # anything else is a reference
custom_events = st.lists(
    st.builds(CustomEvent, plain_names, selectors_of(plain_names)),
    max_size=2,
    unique_by=lambda custom: custom.name,
).map(tuple)
historical_counts = st.builds(
    HistoricalCount, st.sampled_from(get_args(CountOperator)), st.integers(1, 10**9 - 1)
)
events = selectors_of(names)
steps = st.lists(
    st.builds(Step, events, st.none() | historical_counts), min_size=1, max_size=3
).map(tuple)
windows = st.timedeltas(timedelta(0), timedelta(days=400))
performed = st.one_of(
    st.builds(
        Performed,
        events,
        st.sampled_from(get_args(Comparison)),
        st.integers(0, 10**9 - 1),
        st.none() | windows,
    ),
    st.builds(Performed, events, ever=st.just(value=True)),
)
cohorts = st.builds(Cohort, texts, st.booleans())
segments = st.builds(
    Segment,
    names,
    conditions,
    st.lists(performed, max_size=2).map(tuple),
    st.lists(cohorts, max_size=2).map(tuple),
)
exclusions = st.builds(
    Exclusion, events, st.none() | st.tuples(st.integers(1, 9), st.integers(10, 10**9 - 1))
)
compared = st.builds(ComparedEvent, st.integers(1, 9), steps.map(lambda several: several[0]))
bins = st.builds(
    lambda least, width, size, most: Bins(least, least + width * most, size),
    st.sampled_from([0, 0.1, 1 / 3, 1e-9, 60, 12345.678901]),
    st.floats(1e-6, 1e6),
    st.floats(1e3, 1e7),
    st.integers(1, 9),
)
offsets = st.timedeltas(timedelta(hours=-23), timedelta(hours=23)).map(timezone)
moments = st.one_of(
    st.none(), st.dates(), st.datetimes(), st.datetimes(timezones=st.just(UTC) | offsets)
)
periods = st.builds(Period, moments, moments)
whole_periods = st.one_of(
    st.builds(
        Period,
        st.none() | st.dates(date(2000, 1, 1), date(2020, 1, 1)),
        st.none() | st.datetimes(datetime(2020, 2, 1), datetime(2030, 1, 1)),  # noqa: DTZ001
        complete=st.booleans(),
        from_time=st.none() | st.times(),
    ),
    st.builds(
        Period,
        last=st.integers(0, 400),
        offset=st.integers(0, 400),
        complete=st.booleans(),
        without_weekdays=st.lists(st.sampled_from(get_args(Weekday)), max_size=6, unique=True).map(
            tuple
        ),
        to_time=st.none() | st.times(),
    ),
)
measures = st.builds(
    Measures,
    interval=st.none() | st.sampled_from(get_args(Interval)),
    time_to_convert=st.booleans(),
    bins=st.none() | bins,
    frequency=st.booleans(),
    sum_of=st.none() | properties,
    by_age=st.booleans(),
)
settings = st.fixed_dictionaries(
    {name: st.sampled_from(choices) for name, choices in setting_choices().items()}
).map(lambda chosen: Settings(**chosen))


@st.composite
def drawn_funnels(draw):
    """Draw a funnel in which every field may be said, and what needs each other agrees."""
    custom = draw(custom_events)
    types = plain_names
    if custom:
        types |= st.sampled_from([f"ce:{event.name}" for event in custom])
    named = selectors_of(types)
    order = draw(st.sampled_from(get_args(Order)))
    historical = st.none() | historical_counts if order == "this" else st.none()
    step = st.builds(Step, named, historical)
    length = draw(st.integers(3, 4))
    at_a_step = st.builds(Performed, named)
    fields_of_a_funnel = {
        "steps": tuple(draw(step) for _ in range(length)),
        "name": draw(st.none() | names),
        "segments": draw(
            st.lists(
                st.builds(
                    Segment,
                    names,
                    conditions,
                    st.lists(at_a_step, max_size=1).map(tuple),
                    st.lists(cohorts, max_size=2).map(tuple),
                ),
                max_size=3,
                unique_by=lambda segment: segment.name,
            ).map(tuple)
        ),
        "period": draw(whole_periods),
        "timezone": draw(st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kathmandu"])),
        "window": draw(st.none() | st.timedeltas(timedelta(seconds=1), timedelta(days=366))),
        "order": order,
        "count_by": "uniques" if order == "any" else draw(st.sampled_from(["uniques", "totals"])),
        "unit": draw(st.sampled_from(["user", "session"]) | properties),
        "users": draw(st.sampled_from(get_args(Users))),
        "hold": draw(st.lists(properties, max_size=2, unique=True).map(tuple)),
        "exclusions": draw(
            st.lists(
                st.builds(Exclusion, named, st.sampled_from([None, (1, 2), (1, 3), (2, 3)])),
                max_size=2,
            ).map(tuple)
        ),
        "group_by": draw(
            st.none()
            | st.builds(
                GroupBy,
                st.lists(properties, min_size=1, max_size=2).map(tuple),
                st.integers(1, length),
                st.none() | st.integers(1, 1000),
            )
        ),
        "resolution": draw(st.sampled_from(["second", "millisecond"])),
        "optional_step": draw(st.sampled_from([None, 2])),
        "compared_events": draw(
            st.lists(st.builds(ComparedEvent, st.sampled_from([1, 3]), step), max_size=2).map(tuple)
        ),
        "event_filters": draw(conditions),
        "custom_events": custom,
        "inactive_events": draw(st.lists(texts, max_size=2).map(tuple)),
        "measures": draw(measures),
        "settings": draw(settings),
    }
    assert set(fields_of_a_funnel) == {field.name for field in fields(Funnel)}
    try:
        return Funnel(**fields_of_a_funnel)
    except DefinitionError:  # some orders and counts allow less than the others
        reject()


funnels = drawn_funnels()
slowly = limits(max_examples=60, suppress_health_check=[HealthCheck.too_slow])


@given(steps)
def test_steps_read_back(steps):
    assert parse_steps(format_steps(steps)) == steps
    assert parse_steps([format_step(step) for step in steps]) == steps


@given(st.lists(filters, min_size=1, max_size=2).map(tuple))
def test_filters_read_back(conditions):
    assert parse_filters(format_filters(conditions)) == conditions


@given(exclusions)
def test_an_exclusion_reads_back(exclusion):
    assert parse_exclusion(format_exclusion(exclusion)) == exclusion


@given(st.builds(CustomEvent, names, selectors_of(plain_names)))
def test_a_custom_event_reads_back(custom):
    assert parse_custom_event(format_custom_event(custom)) == custom


@given(compared)
def test_a_compared_event_reads_back(event):
    assert parse_compared_event(format_compared_event(event)) == event


@given(bins)
def test_bins_read_back(bins):
    assert parse_bins(format_bins(bins)) == bins


@given(properties)
@example(Property("user.plan"))
@example(Property("user.plan", "user"))
def test_a_property_reads_back(prop):
    assert parse_property(format_property(prop)) == prop


@given(segments)
def test_a_segment_reads_back(segment):
    assert parse_segment(format_segment(segment)) == segment


@given(windows)
def test_a_window_reads_back(window):
    assert parse_window(format_window(window)) == window


@given(periods)
def test_a_period_reads_back(period):
    assert parse_range(format_period(period)) == period


@slowly
@given(funnels)
def test_a_funnel_reads_back_from_its_table(funnel):
    assert funnel_from_dict(funnel_to_dict(funnel)) == funnel


@slowly
@given(funnels, names, st.none() | texts)
def test_a_funnel_reads_back_from_its_file(tmp_path_factory, funnel, name, description):
    absolute = tuple(map(_with_absolute_paths, funnel.segments))
    entry = FunnelEntry(
        name=name,
        funnel=replace(funnel, name=name, segments=absolute),
        columns={"user": "a \"b\"\n'c'"},
        expect=tuple(range(len(funnel.steps))),
        description=description,
    )
    file = tmp_path_factory.mktemp("funnels") / "funnels.toml"
    file.write_bytes(dump_funnels([entry]).encode())
    (found,) = load_funnels(file).values()
    assert (found.name, found.funnel) == (name, entry.funnel)
    assert (found.columns, found.expect) == (entry.columns, entry.expect)
    assert found.description == description


@pytest.mark.parametrize("name", ["x" * 100_000, '"' * 100_000, "a > " * 25_000])
def test_a_very_long_name_reads_back(name):
    steps = (Step((EventSelector(name),)),)
    assert parse_steps(format_steps(steps)) == steps


@given(st.text(st.characters(), max_size=30) | texts)
def test_any_text_is_read_or_refused(text):
    for start in ("steps", "events", "filters", "conditions", "property"):
        with contextlib.suppress(DefinitionError):
            parse(text, start, what="text")


def _with_absolute_paths(segment):
    cohorts = (replace(cohort, path=f"/{cohort.path}") for cohort in segment.cohorts)
    return replace(segment, cohorts=tuple(cohorts))
