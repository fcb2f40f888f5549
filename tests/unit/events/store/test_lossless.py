"""What goes into a store comes out of it: every value, whatever its kind and its neighbours."""

import json
from contextlib import closing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import funnelkit as fk
from funnelkit.events.connection import connect
from funnelkit.events.properties import property_json
from funnelkit.events.sources import open_events
from funnelkit.events.sql import Parameters
from funnelkit.events.store.lock import writing
from funnelkit.events.store.reading import open_store
from funnelkit.events.store.writing import append


def written(folder, source):
    with open_events(source) as table, writing(folder):
        return append(folder, table)


def lines(path, *properties, first=0):
    rows = [
        {"event_type": "A", "time": 1_700_000_000_000 + i, "user_id": f"u{i:05}",
         "event_properties": each}
        for i, each in enumerate(properties, start=first)
    ]  # fmt: skip
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def properties_in(folder):
    """Return the properties of each event of a store, in the order of time."""
    table = open_store(folder)
    bind = Parameters()
    value = property_json(table, "event_properties", table.event_fields)
    sql = f"SELECT {value} FROM {table.relation(bind)} ORDER BY event_time"
    with closing(connect()) as connection:
        found = connection.execute(sql, bind.values).fetchall()
    return [
        None
        if text is None
        else {name: value for name, value in json.loads(text).items() if value is not None}
        for (text,) in found
    ]


def test_a_name_with_a_number_and_a_text_keeps_both(tmp_path):
    given = [{"price": 10}, {"price": "10"}, {"price": 10.5}, {"price": True}]
    written(tmp_path / "store", lines(tmp_path / "a.jsonl", *given))
    assert properties_in(tmp_path / "store") == given


def test_a_text_and_a_list_under_one_name_are_told_apart(tmp_path):
    given = [{"tag": "[x, y]"}, {"tag": ["x", "y"]}, {"tag": []}, {"tag": [1, "x"]}]
    written(tmp_path / "store", lines(tmp_path / "a.jsonl", *given))
    assert properties_in(tmp_path / "store") == given


def test_names_that_differ_only_by_case_are_two_properties(tmp_path):
    given = [{"price": 1, "Price": "one"}, {"PRICE": 3}, {"Price": "four"}]
    store = tmp_path / "store"
    written(store, lines(tmp_path / "a.jsonl", *given))
    assert properties_in(store) == given
    assert fk.report(store, steps="A", where="price = 1").counts == (1,)
    assert fk.report(store, steps="A", where="Price = four").counts == (1,)


def test_empty_objects_stay_and_are_not_missing(tmp_path):
    given = [{}, {"cart": {}}, {"cart": {"a": {}}}, {"cart": None}]
    written(tmp_path / "store", lines(tmp_path / "a.jsonl", *given))
    assert properties_in(tmp_path / "store") == [{}, {"cart": {}}, {"cart": {"a": {}}}, {}]


@pytest.mark.parametrize(
    "number", [2**53, 2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63), 2**63, 2**70, 10**30]
)
def test_a_big_integer_keeps_every_digit_beside_fractions(tmp_path, number):
    given = [{"n": number}, {"n": 0.5}]
    store = tmp_path / "store"
    written(store, lines(tmp_path / "a.jsonl", *given))
    assert properties_in(store) == given


def test_a_filter_tells_a_big_integer_from_its_neighbour_beside_fractions(tmp_path):
    source = lines(tmp_path / "a.jsonl", {"n": 2**53}, {"n": 2**53 - 1}, {"n": 0.5})
    store = tmp_path / "store"
    written(store, source)
    for number, counted in ((2**53 - 1, 1), (2**53, 1), (2**53 + 1, 0)):
        assert fk.report(source, steps="A", where=f"n = {number}").counts == (counted,)
        assert fk.report(store, steps="A", where=f"n = {number}").counts == (counted,)


@pytest.mark.parametrize(
    "name", ["", " ", "a b", "a.b", "a/b~c", "a'b", 'a"b', "$p1", "_json", "月", "a;b{}(),=\t\n"]
)
def test_any_name_is_a_name(tmp_path, name):
    given = [{name: 1}, {name: "x"}, {}]
    written(tmp_path / "store", lines(tmp_path / "a.jsonl", *given))
    assert properties_in(tmp_path / "store") == given


def test_kinds_that_come_later_get_fields_of_their_own(tmp_path):
    first, second = [{"price": 1}], [{"price": "one"}, {"price": 1.5}, {"new": True}]
    written(tmp_path / "store", lines(tmp_path / "a.jsonl", *first))
    written(tmp_path / "store", lines(tmp_path / "b.jsonl", *second, first=1))
    assert properties_in(tmp_path / "store") == first + second
    names = [field.read_as for field in open_store(tmp_path / "store").event_fields]
    assert names == ["price", "price__number", "price__text", "new"]


def test_rare_properties_share_one_column_and_can_be_asked_for(tmp_path):
    given = [{"common": 1}] * 2500 + [{"rare": "x", "common": 2}]
    store = tmp_path / "store"
    written(store, lines(tmp_path / "a.jsonl", *given))
    assert properties_in(store) == given
    assert fk.report(store, steps="A", where="rare = x").counts == (1,)
    fields = open_store(store).event_fields
    assert [(field.name, field.inside) for field in fields] == [("common", False), ("rare", True)]


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**80), 2**80)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner),
    max_leaves=4,
)
objects = st.dictionaries(st.sampled_from(["a", "A", "b", "b c", "b_c", "a__text"]), values)


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(first=st.lists(objects, min_size=1, max_size=6), second=st.lists(objects, max_size=6))
def test_whatever_the_properties_are_they_come_back(tmp_path_factory, first, second):
    folder = tmp_path_factory.mktemp("lossless")
    written(folder / "store", lines(folder / "a.jsonl", *first))
    if second:
        written(folder / "store", lines(folder / "b.jsonl", *second, first=len(first)))
    wanted = [
        {name: value for name, value in each.items() if value is not None}
        for each in first + second
    ]
    assert properties_in(folder / "store") == wanted
