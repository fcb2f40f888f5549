"""Record -> text -> record, with names as nasty as they come."""

import contextlib
from datetime import UTC, date, datetime, timedelta, timezone
from typing import get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from funnelkit.errors import DefinitionError
from funnelkit.model import (
    EventSelector,
    Filter,
    Funnel,
    GroupBy,
    Operator,
    Period,
    Property,
    Segment,
    Step,
)
from funnelkit.specs.dumping import dump_funnels
from funnelkit.specs.files import FunnelEntry, load_funnels
from funnelkit.specs.parser import parse
from funnelkit.specs.steps import parse_filters, parse_property, parse_segment, parse_steps
from funnelkit.specs.tables import funnel_from_dict, funnel_to_dict
from funnelkit.specs.text import (
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
    "\u017fet", "\u00a0", "\u2028", "\u202e", "😀", "e\u0301", "#x", "[x]", '"""', "'''",
]  # fmt: skip
texts = st.one_of(
    st.sampled_from(KEYWORDS),
    st.text(st.characters(exclude_categories=["Cs"])),
    st.text("ab [](){}<>|'\"\\.,:;=!-→\n\0", max_size=8),
    st.lists(st.sampled_from(KEYWORDS), max_size=4).map(" ".join),
)
names = texts.filter(bool)
properties = st.builds(Property, names, st.sampled_from(["event", "user"]))
filters = st.builds(
    Filter,
    properties,
    st.sampled_from(get_args(Operator)),
    st.lists(texts, min_size=1, max_size=3).map(tuple),
)
conditions = st.lists(filters, max_size=2).map(tuple)
selectors = st.builds(EventSelector, names, conditions)
steps = st.lists(
    st.builds(Step, st.lists(selectors, min_size=1, max_size=2).map(tuple)), min_size=1, max_size=3
).map(tuple)
segments = st.builds(Segment, names, conditions)
windows = st.timedeltas(timedelta(0), timedelta(days=400))
offsets = st.timedeltas(timedelta(hours=-23), timedelta(hours=23)).map(timezone)
moments = st.one_of(
    st.none(), st.dates(), st.datetimes(), st.datetimes(timezones=st.just(UTC) | offsets)
)
periods = st.builds(Period, moments, moments)
funnels = st.builds(
    Funnel,
    steps=steps,
    name=st.none() | names,
    segments=st.lists(segments, max_size=3, unique_by=lambda segment: segment.name).map(tuple),
    period=st.builds(
        Period,
        st.none() | st.dates(date(2000, 1, 1), date(2020, 1, 1)),
        st.none() | st.datetimes(datetime(2020, 2, 1), datetime(2030, 1, 1)),  # noqa: DTZ001
    ),
    timezone=st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kathmandu"]),
    window=st.none() | st.timedeltas(timedelta(seconds=1), timedelta(days=366)),
    unit=st.sampled_from(["user", "session"]),
    group_by=st.none() | properties.map(lambda prop: GroupBy((prop,))),
    resolution=st.sampled_from(["second", "millisecond"]),
)


@given(steps)
def test_steps_read_back(steps):
    assert parse_steps(format_steps(steps)) == steps
    assert parse_steps([format_step(step) for step in steps]) == steps


@given(st.lists(filters, min_size=1, max_size=2).map(tuple))
def test_filters_read_back(conditions):
    assert parse_filters(format_filters(conditions)) == conditions


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


@given(funnels)
def test_a_funnel_reads_back_from_its_table(funnel):
    assert funnel_from_dict(funnel_to_dict(funnel)) == funnel


@given(funnels, names, st.none() | texts)
def test_a_funnel_reads_back_from_its_file(tmp_path_factory, funnel, name, description):
    entry = FunnelEntry(
        name=name,
        funnel=Funnel(**{**_fields(funnel), "name": name}),
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
    for start in ("steps", "filters", "property"):
        with contextlib.suppress(DefinitionError):
            parse(text, start, what="text")


def _fields(funnel):
    return {name: getattr(funnel, name) for name in funnel.__dataclass_fields__}
