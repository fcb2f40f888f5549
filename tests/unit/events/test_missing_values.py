"""NaN and an empty list are no value: filters, groups and the profile agree, however it is read."""

import math
from contextlib import closing
from datetime import datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from funnelkit.engine.entry import Entry
from funnelkit.engine.select import select
from funnelkit.engine.summarise import groups, series
from funnelkit.events.connection import connect
from funnelkit.events.profile import describe
from funnelkit.events.properties import expression
from funnelkit.events.sources import open_events
from funnelkit.events.sql import Parameters
from funnelkit.model import EventSelector, Filter, Funnel, GroupBy, Property, Step

NOON = datetime.fromisoformat("2020-05-02T12:00:00")
P = Property("p")


def write(folder, column, *, storage="struct"):
    """Write an event of a user of its own for each value of the property `p`."""
    rows = len(column)
    stored = {
        "struct": lambda: {"event_properties": pa.StructArray.from_arrays([column], ["p"])},
        "map": lambda: {
            "event_properties": pa.array(
                [[("p", value)] for value in column.to_pylist()], pa.map_(pa.string(), column.type)
            )
        },
        "json": lambda: {
            "event_properties": [
                f'{{"p": {"NaN" if value is not None and value != value else value}}}'  # noqa: PLR0124
                for value in column.to_pylist()
            ]
        },
        "column": lambda: {"p": column},
    }[storage]()
    usual = {
        "user_id": [f"u{row}" for row in range(rows)],
        "event_type": ["A"] * rows,
        "event_time": [NOON] * rows,
    }
    path = folder / "events.parquet"
    pq.write_table(pa.table(usual | stored), path)
    return path


def matching(path, op, *wanted, small):
    """Return how many users have an event with this property."""
    step = Step((EventSelector("A", (Filter(P, op, wanted),)),))
    with open_events(path) as table:
        return select(Funnel(steps=(step,)), table, small=small).step_one


def grouped(path, *, small):
    """Return the users of each value of the property."""
    funnel = Funnel(steps=(Step((EventSelector("A"),)),), group_by=GroupBy((P,)))
    with open_events(path) as table:
        rows = select(funnel, table, small=small)
        found, _ = groups(
            rows.match(Entry(window=0)),
            funnel,
            labels=rows.labels,
            summarised=lambda piece, name: series(piece, name=name, events=["A"]),
        )
    return {group.name: group.steps[0].count for group in found}


def profiled(path):
    found = describe(path)
    properties = (*found.event_types[0].properties, *found.columns)
    return {one.name: (one.filled, one.top) for one in properties}["p"]


@pytest.mark.parametrize("small", [True, False])
@pytest.mark.parametrize("storage", ["struct", "map", "column", "json"])
def test_not_a_number_is_missing(tmp_path, storage, small):
    path = write(tmp_path, pa.array([1.0, 2.0, math.nan]), storage=storage)
    assert matching(path, "less", "5", small=small) == 2
    assert matching(path, "greater", "0", small=small) == 2
    assert matching(path, "is", "(none)", small=small) == 1
    assert matching(path, "is not", "1", small=small) == 2
    assert grouped(path, small=small) == {"1": 1, "2": 1, "(none)": 1}
    assert profiled(path) == (2, (("1", 1), ("2", 1)))


@pytest.mark.parametrize("small", [True, False])
def test_a_short_float_may_be_no_number_too(tmp_path, small):
    path = write(tmp_path, pa.array([1.5, math.nan], pa.float32()))
    assert matching(path, "less", "5", small=small) == 1
    assert grouped(path, small=small) == {"1.5": 1, "(none)": 1}


@pytest.mark.parametrize(
    "kind", [pa.list_(pa.float64()), pa.list_(pa.float32()), pa.list_(pa.float64(), 2)]
)
def test_not_a_number_in_a_list_is_no_item(tmp_path, kind):
    path = write(tmp_path, pa.array([[math.nan, 2.0], [math.nan, math.nan]], kind))
    with open_events(path) as table, closing(connect()) as duckdb:
        bind = Parameters()
        sql = f"SELECT {expression(table, P, bind).sql} FROM {table.relation(bind)}"
        assert duckdb.execute(sql, bind.values).fetchall() == [("[null,2.0]",), ("[null,null]",)]
    assert matching(path, "is", "(none)", small=True) == 1
    assert matching(path, "is", "2", small=True) == 1


def test_infinity_is_a_number(tmp_path):
    path = write(tmp_path, pa.array([math.inf, -math.inf, 1.0]))
    assert matching(path, "greater", "5", small=True) == 1
    assert matching(path, "is", "(none)", small=True) == 0


@pytest.mark.parametrize("small", [True, False])
def test_a_list_without_items_is_missing(tmp_path, small):
    path = write(tmp_path, pa.array([[], [None], ["a"], None], pa.list_(pa.string())))
    assert matching(path, "is", "(none)", small=small) == 3
    assert grouped(path, small=small) == {'["a"]': 1, "(none)": 3}
    assert profiled(path) == (1, (('["a"]', 1),))


def test_an_object_without_keys_is_there(tmp_path):
    path = write(tmp_path, pa.array(['{"p": {}}', '{"p": null}']), storage="column")
    table = pq.read_table(path).rename_columns({"p": "event_properties"})
    pq.write_table(table, path)
    assert grouped(path, small=True) == {"{}": 1, "(none)": 1}
    assert profiled(path) == (1, (("{}", 1),))


def test_a_number_and_its_text_are_one_value(tmp_path):
    text = ['{"p": 1}', '{"p": "1"}', '{"p": 1.0}', '{"p": 2}']
    path = write(tmp_path, pa.array(text), storage="column")
    pq.write_table(pq.read_table(path).rename_columns({"p": "event_properties"}), path)
    assert grouped(path, small=True) == {"1": 3, "2": 1}
    assert profiled(path) == (4, (("1", 3), ("2", 1)))
