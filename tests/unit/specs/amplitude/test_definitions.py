"""Charts and queries, wherever a funnel file is taken."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

import funnelkit as fk
from funnelkit.errors import DefinitionError
from funnelkit.model import Cohort, CustomEvent, EventSelector, Exclusion, Settings
from funnelkit.specs.amplitude.definitions import is_chart, is_query
from funnelkit.specs.files import load_funnels, select_funnel

EVENTS = [{"event_type": "A"}, {"event_type": "B"}]
CHART = {"type": "funnels", "params": {"range": "Last 30 Days", "events": EVENTS}}
TYPED = {
    "kind": "funnel",
    "steps": ["A", "B"],
    "conversion_window": {"value": 1, "unit": "day"},
    "date_range": {"relative": "Last 30 Days"},
}
QUERY = 'e={"event_type":"A"}&e={"event_type":"B"}&start=20240101&end=20240131'


@pytest.fixture
def file(tmp_path):
    def write(values, name="saved chart.json"):
        path = tmp_path / name
        path.write_text(json.dumps(values), "utf-8")
        return path

    return write


@pytest.mark.parametrize(
    "text",
    [
        QUERY,
        f"start=20240101&{QUERY}",
        f"?{QUERY}",
        "e=%7B%22event_type%22%3A%22A%22%7D",
        "https://amplitude.com/api/2/funnels",
        " HTTP://127.0.0.1/x",
    ],
)
def test_address_or_event_is_a_query(text):
    assert is_query(text)


@pytest.mark.parametrize(
    "text", ["funnels.toml:e", "e=1", "C:/e.json:x", "code={", "/data/https://x", ""]
)
def test_name_of_a_file_is_no_query(text):
    assert not is_query(text)


@pytest.mark.parametrize(
    ("document", "found"),
    [
        (CHART, True),
        (TYPED, True),
        ({"type": "retention"}, True),
        ({"funnels": {"kind": {"steps": "A"}}}, False),
        ({}, False),
        ([CHART], False),
        (None, False),
    ],
)
def test_chart_is_told_from_a_file_of_funnels(document, found):
    assert is_chart(document) is found


@pytest.mark.parametrize("values", [CHART, TYPED], ids=["chart", "typed"])
def test_chart_is_a_funnel_called_like_itself_or_its_file(file, values):
    path = file(values)
    entry = select_funnel(str(path))
    assert (entry.name, entry.source, entry.funnel.name) == ("saved chart", path, None)
    assert entry.funnel.window == timedelta(days=1)
    assert list(load_funnels(file(values | {"name": "Checkout"}))) == ["Checkout"]
    assert select_funnel(f"{path}:Checkout").funnel.name == "Checkout"


def test_query_is_a_funnel():
    assert select_funnel(QUERY).name == "query"
    assert [step.label for step in fk.load_funnel(QUERY).steps] == ["A", "B"]


def test_funnel_of_a_funnel_file_is_loaded_by_its_name(file):
    path = file({"funnels": {"x": {"steps": "A > B"}, "y": {"steps": "A > C"}}})
    assert fk.load_funnel(f"{path}:y").steps[1].label == "C"


def test_definitions_that_only_the_project_knows_are_handed_over(file):
    cart = CustomEvent("Cart", (EventSelector("A"),))
    params = {
        "range": "Today",
        "events": [{"event_type": "ce:Cart"}, *EVENTS],
        "excludedEvents": [{"event_type": "X", "step_index": 1}],
    }
    path = file({"type": "funnels", "params": params})
    with pytest.raises(DefinitionError, match="'ce:Cart' is a custom event"):
        fk.load_funnel(path)
    funnel = fk.load_funnel(path, custom_events=(cart,), settings=Settings(step_index="from 1"))
    assert funnel.custom_events == (cart,)
    assert funnel.exclusions == (Exclusion((EventSelector("X"),), (1, 2)),)


def test_cohort_is_a_file_beside_the_chart(file):
    conditions = [{"prop": "userdata_cohort", "op": "is", "values": ["9z057h6i"]}]
    params = CHART["params"] | {"segments": [{"conditions": conditions}]}
    path = file(CHART | {"params": params})
    (segment,) = fk.load_funnel(path).segments
    assert segment.cohorts == (Cohort(str(path.parent / "9z057h6i.txt")),)


def test_chart_of_another_type_is_named_with_its_file(file):
    path = file({"type": "eventsSegmentation", "params": {}})
    with pytest.raises(DefinitionError, match='got "eventsSegmentation"') as raised:
        select_funnel(str(path))
    assert str(raised.value).startswith(f"{path}: type: ")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ('{"type": "funnels", ', "line 1, column 21: "),
        ('"funnels"', "expected a table of keys and values, got 'funnels'"),
        ('{"type": "funnels", "type": "funnels"}', "the key 'type' stands twice"),
        ('{"type": ' * 60_000, "nested too deeply"),
        ('{"type": "funnels", "params": {"start": ' + "9" * 5000 + "}}", "digits"),
    ],
    ids=["broken", "text", "twice", "deep", "long"],
)
def test_file_that_is_no_chart_is_refused(tmp_path, content, problem):
    path = tmp_path / "chart.json"
    path.write_text(content, "utf-8")
    with pytest.raises(DefinitionError) as raised:
        fk.load_funnel(path)
    assert problem in str(raised.value)


def test_report_reads_a_chart_with_its_own_custom_events_and_settings(file, tmp_path):
    events = tmp_path / "events.jsonl"
    lines = [
        {"user_id": "u", "time": 1704067200000, "event_type": "A"},
        {"user_id": "u", "time": 1704067201000, "event_type": "X"},
        {"user_id": "u", "time": 1704067205000, "event_type": "B"},
    ]
    events.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    params = {
        "start": 1704067200,
        "events": [{"event_type": "ce:Cart"}, {"event_type": "B"}],
        "excludedEvents": [{"event_type": "X", "step_index": 0}],
    }
    asked = {"funnel": str(file({"type": "funnels", "params": params}))}
    asked["custom_event"] = "Cart = A | C"
    for step_index, last in (("from 0", 0), ("from 1", 1)):
        result = fk.report(str(events), setting={"step_index": step_index}, **asked)
        assert [step.count for step in result.segments[0].steps] == [1, last]


def test_report_takes_a_chart_and_a_query(file, tmp_path):
    events = tmp_path / "events.jsonl"
    lines = [
        {"user_id": "u", "time": 1704067200000, "event_type": "A"},
        {"user_id": "u", "time": 1704067205000, "event_type": "B"},
        {"user_id": "v", "time": 1704067200000, "event_type": "A"},
    ]
    events.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    params = {"start": 1704067200, "events": EVENTS}
    for reference in (QUERY, str(file({"type": "funnels", "params": params}))):
        (series,) = fk.report(str(events), funnel=reference).segments
        assert [step.count for step in series.steps] == [2, 1]
