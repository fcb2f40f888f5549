"""Frames of Polars, pandas and Arrow: nothing rounded, nothing folded."""

from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from funnelkit.errors import ColumnError, DataError, DefinitionError
from funnelkit.events.connection import connect
from funnelkit.events.sources import open_events
from funnelkit.events.sql import Parameters

NOON = datetime.fromisoformat("2020-05-02T12:00:00.000001")
MICROSECONDS = 1588420800000001


def event(**more):
    return {"user_id": ["u"], "event_type": ["A"], "event_time": [NOON], **more}


def read(frame, select):
    with open_events(frame) as table:
        bind = Parameters()
        query = select.format(us=table.microseconds())
        relation = table.relation(bind)
        return connect().execute(f"SELECT {query} FROM {relation}", bind.values).fetchall()


@pytest.mark.parametrize(
    "make", [pl.DataFrame, pl.LazyFrame, pd.DataFrame, pa.table, pa.RecordBatch.from_pydict]
)
def test_every_kind_of_frame_is_read(make):
    assert read(make(event()), "user_id, event_type, {us}") == [("u", "A", MICROSECONDS)]


@pytest.mark.parametrize("make", [pl.DataFrame, pd.DataFrame, pa.table])
def test_times_with_a_zone_are_instants(make):
    frame = make(event(event_time=[NOON.replace(tzinfo=UTC)]))
    assert read(frame, "{us}") == [(MICROSECONDS,)]


def test_polars_structs_keep_names_that_differ_in_case():
    frame = pl.DataFrame(event(event_properties=[{"Price": 1, "price": 2**53 + 1}]))
    with open_events(frame) as table:
        assert [(f.name, f.read_as) for f in table.event_fields] == [
            ("Price", "Price"),
            ("price", "price_1"),
        ]
    assert read(frame, "event_properties.price_1") == [(2**53 + 1,)]


def test_empty_structs_and_objects_of_polars_become_json():
    frame = pl.DataFrame(event()).with_columns(
        pl.Series("event_properties", [{"a": [1, "x"]}], dtype=pl.Object)
    )
    assert read(frame, "event_properties") == [('{"a": [1, "x"]}',)]
    empty = pl.DataFrame(event()).with_columns(
        pl.Series("event_properties", [{}], dtype=pl.Struct([]))
    )
    assert read(empty, "event_properties") == [("{}",)]


def test_dicts_in_pandas_become_json():
    properties = {
        "big": 2**53 + 1, "Price": 1, "price": 1.5, "list": ["x", ("y",)], "empty": {},
        "missing": float("nan"), "na": pd.NA, "day": date(2020, 1, 1), "numpy": np.int64(3),
        "time": pd.Timestamp("2020-01-01T10:00:00"), "array": np.array([True]),
    }  # fmt: skip
    frame = pd.DataFrame(event(event_properties=[properties]))
    [(text,)] = read(frame, "event_properties")
    assert text == (
        '{"big": 9007199254740993, "Price": 1, "price": 1.5, "list": ["x", ["y"]], '
        '"empty": {}, "missing": null, "na": null, "day": "2020-01-01", "numpy": 3, '
        '"time": "2020-01-01T10:00:00", "array": [true]}'
    )


@pytest.mark.parametrize("value", [{1: "a"}, {"a": {"x", "y"}}, {"a": Decimal("1.1")}])
def test_what_json_cannot_say_is_refused_by_name(value):
    frame = pd.DataFrame(event(event_properties=[value]))
    with pytest.raises(ColumnError, match=r"'event_properties' cannot be written .* row 1 holds"):
        read(frame, "*")


def test_mixed_values_in_pandas_are_refused_by_name():
    twice = {key: values * 2 for key, values in event().items()}
    frame = pd.DataFrame({**twice, "user_id": [1, "a"]})
    with pytest.raises(ColumnError, match="'user_id' of the pandas frame holds values of several"):
        read(frame, "*")


def test_a_named_index_of_pandas_is_a_column():
    frame = pd.DataFrame(event()).set_index("user_id")
    assert read(frame, "user_id") == [("u",)]


def test_the_frame_itself_stays_as_it_was():
    frame = pd.DataFrame(event(event_properties=[{"a": 1}]))
    before = frame.copy(deep=True)
    read(frame, "*")
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize("columns", [["user_id", "user_id"], ["user_id", 5]])
def test_names_that_are_no_names_are_refused(columns):
    frame = pd.DataFrame([["a", "b"]], columns=columns)
    with pytest.raises(ColumnError, match="column"):
        read(frame, "*")


@pytest.mark.parametrize("make", [pl.DataFrame, pl.LazyFrame, pd.DataFrame, pa.table])
def test_an_empty_frame_is_called_so(make):
    with pytest.raises(ColumnError, match="the frame is empty: it has no columns"):
        read(make({}), "1")


@pytest.mark.parametrize(
    "source",
    [5, None, 1.5, b"events.csv", [{"user_id": "u"}], {"user_id": ["u"]}, [pl.DataFrame(event())]],
)
def test_what_is_no_source_of_events_is_refused_with_what_is(source):
    with pytest.raises(DefinitionError, match=r"events are a path, a glob, .*frame; got "):
        read(source, "1")


def test_rows_of_python_are_told_the_way():
    with pytest.raises(DefinitionError, match=r"got a dict: make a frame .*polars\.DataFrame"):
        read([{"user_id": "u"}], "1")


def test_a_missing_time_names_the_row():
    frame = pl.DataFrame(event(event_time=[None]), schema_overrides={"event_time": pl.Datetime})
    with pytest.raises(DataError, match="the frame, row 1: event_time is missing"):
        read(frame, "*")


def test_a_series_is_no_frame():
    with pytest.raises(DataError, match="DataFrame"):
        read(pl.Series([1]), "*")
    with pytest.raises(DataError, match="DataFrame"):
        read(pd.Series([1]), "*")


def test_a_frame_is_taken_as_it_is_like_the_parquet_file_of_it(tmp_path):
    frame = pl.DataFrame(
        {
            "user_id": ["anna", None],
            "device_id": ["phone", "phone"],
            "event_type": ["A", "B"],
            "event_time": [NOON, NOON],
            "insert_id": ["same", "same"],
        }
    )
    frame.write_parquet(tmp_path / "events.parquet")
    for source in (frame, tmp_path / "events.parquet"):
        with open_events(source) as table:
            assert (table.rows, table.amplitude_id, table.notes) == (2, None, ())
