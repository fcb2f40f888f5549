"""Properties are reached by their exact names, wherever a file keeps them."""

import json
from datetime import UTC, date, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelkit.errors import ColumnError
from funnelkit.events.connection import connect
from funnelkit.events.properties import PropertyType, expression, known_properties
from funnelkit.events.sources import open_events
from funnelkit.events.sql import Parameters
from funnelkit.model import Property

NOON = datetime.fromisoformat("2020-05-02T12:00:00")


def write(folder, name="a.parquet", **columns):
    folder.mkdir(exist_ok=True)
    event = {"user_id": ["u"], "event_type": ["A"], "event_time": [NOON], **columns}
    pq.write_table(pa.table(event), folder / name)
    return folder / name


def values(path, name, scope="event"):
    """Return the type of a property and its value of each event."""
    with open_events(path) as table:
        bind = Parameters()
        reached = expression(table, Property(name, scope), bind)
        relation = table.relation(bind)
        found = connect().execute(f"SELECT {reached.sql} FROM {relation}", bind.values).fetchall()
        return reached.type, *(value for (value,) in found)


def known(path, scope="event"):
    with open_events(path) as table:
        return known_properties(table, scope)


@pytest.mark.parametrize(
    ("value", "kind", "reached"),
    [
        ("x", PropertyType.TEXT, "x"),
        (2**53 + 1, PropertyType.NUMBER, 2**53 + 1),
        (1.5, PropertyType.NUMBER, 1.5),
        (True, PropertyType.BOOLEAN, True),
        (["a", "b"], PropertyType.JSON, '["a","b"]'),
        ({"k": 2**53 + 1}, PropertyType.JSON, '{"k":9007199254740993}'),
        (date(2020, 1, 2), PropertyType.TEXT, "2020-01-02"),
        (NOON, PropertyType.TEXT, "2020-05-02T12:00:00"),
        (NOON.replace(microsecond=500000), PropertyType.TEXT, "2020-05-02T12:00:00.5"),
        (NOON.replace(tzinfo=UTC), PropertyType.TEXT, "2020-05-02T12:00:00Z"),
    ],
)
def test_a_struct_field_keeps_value_and_type(tmp_path, value, kind, reached):
    path = write(tmp_path, event_properties=[{"p": value}])
    assert values(path, "p") == (kind, reached)


def test_names_that_differ_only_in_case_are_kept_apart(tmp_path):
    path = write(tmp_path, event_properties=[{"Price": 1, "price": 2, "price_1": 3, "PRICE": 4}])
    assert [values(path, name)[1] for name in ("Price", "price", "price_1", "PRICE")] == [
        1,
        2,
        3,
        4,
    ]
    assert values(path, "pRICE") == (PropertyType.MISSING, None)


def test_names_that_duckdb_would_mix_up_between_files_are_refused(tmp_path):
    write(tmp_path / "both", "a.parquet", event_properties=[{"Price": 1, "x": 1}])
    write(tmp_path / "both", "b.parquet", event_properties=[{"price": 2, "y": 2}])
    with pytest.raises(ColumnError, match="differs from it only in case"):
        values(tmp_path / "both", "price")
    assert sorted(values(tmp_path / "both", "x")[1:], key=str) == [1, None]


@pytest.mark.parametrize(
    "name", ["a.b", 'q"', "with blank", "$x", "*", "select", "é", "event_type"]
)
def test_odd_field_names_are_only_names(tmp_path, name):
    path = write(tmp_path, event_properties=[{name: "v", "other": "w"}])
    assert values(path, name) == (PropertyType.TEXT, "v")


def test_a_map_is_reached_by_its_key(tmp_path):
    path = write(
        tmp_path,
        event_properties=pa.array([[("a.b", "v")]], pa.map_(pa.string(), pa.string())),
    )
    assert values(path, "a.b") == (PropertyType.TEXT, "v")
    assert values(path, "b") == (PropertyType.TEXT, None)
    assert known(path) == ("a.b",)


def test_json_text_is_reached_exactly(tmp_path):
    text = '{"Price": 1, "price": 2, "a": {"b": 3}, "a.b": 4, "null": null, "twice": 5, "twice": 6}'
    path = write(tmp_path, event_properties=[text])
    names = ("Price", "price", "a", "a.b", "null", "twice", "PRICE")
    assert [values(path, name)[1] for name in names] == ["1", "2", '{"b":3}', "4", None, "5", None]


def test_empty_json_text_is_no_properties(tmp_path):
    path = write(tmp_path, event_properties=[""])
    assert values(path, "a") == (PropertyType.JSON, None)
    assert known(path) == ()


keys = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)


@settings(deadline=None, max_examples=40)
@given(st.dictionaries(keys, st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=5))
def test_any_json_key_is_reached(tmp_path_factory, properties):
    path = write(tmp_path_factory.mktemp("events"), event_properties=[json.dumps(properties)])
    assert known(path) == tuple(sorted(properties))
    for name, value in properties.items():
        assert values(path, name) == (PropertyType.JSON, str(value))


def test_a_column_that_plays_no_role_is_an_event_property(tmp_path):
    path = write(tmp_path, plan=["gold"], event_properties=[{"x": 1}])
    assert values(path, "plan") == (PropertyType.TEXT, "gold")
    assert known(path) == ("plan", "x")
    assert values(path, "user_id") == (PropertyType.MISSING, None)


def test_the_properties_come_before_a_column_event_by_event(tmp_path):
    path = write(
        tmp_path,
        user_id=["u"] * 2, event_type=["A"] * 2, event_time=[NOON] * 2,
        plan=["column"] * 2, event_properties=['{"plan": "inside"}', "{}"],
    )  # fmt: skip
    assert values(path, "plan") == (PropertyType.JSON, '"inside"', '"column"')


@pytest.mark.parametrize(
    ("name", "column"),
    [("version", "version_name"), ("version", "app_version"), ("DMA", "dma"), ("os", "os_name"),
     ("device", "device_family"), ("country", "country"), ("paying", "paying")],
)  # fmt: skip
def test_built_in_user_properties_have_their_own_columns(tmp_path, name, column):
    path = write(tmp_path, **{column: ["x"]}, user_properties=[{name: "custom", "plan": "gold"}])
    assert values(path, name, "user") == (PropertyType.TEXT, "x")
    assert known(path, "user") == tuple(sorted({name, "plan"}))


def test_user_properties_stand_in_their_column(tmp_path):
    path = write(tmp_path, user_properties=[{"plan": "gold"}], event_properties=[{"plan": "e"}])
    assert values(path, "plan", "user") == (PropertyType.TEXT, "gold")
    assert values(path, "nope", "user") == (PropertyType.MISSING, None)


def test_a_property_of_nowhere_is_missing(tmp_path):
    assert values(write(tmp_path), "x") == (PropertyType.MISSING, None)
    assert known(write(tmp_path)) == ()
