from __future__ import annotations

import math
from datetime import date, datetime, timedelta

import duckdb
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelkit.engine.plain_sql import Literals, plain_sql
from funnelkit.errors import UnsupportedError
from funnelkit.events.sources import open_events
from funnelkit.model import EventSelector, Filter, Funnel, GroupBy, Period, Property, Segment, Step

START = datetime(2024, 1, 1)  # noqa: DTZ001 - files carry times in UTC without saying so
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - as above


def steps(*event_types):
    return tuple(Step((EventSelector(event_type),)) for event_type in event_types)


def filtered(event_type, name, *values):
    return Step((EventSelector(event_type, (Filter(Property(name), "is", values),)),))


@pytest.fixture
def counted(tmp_path):
    """Runs the statement for a funnel on rows (user, event type, seconds, properties)."""

    def count(funnel, rows, connection=None, start=START):
        path = tmp_path / "events.parquet"
        frame = pl.DataFrame(
            [
                {
                    "user_id": user,
                    "event_type": event_type,
                    "event_time": start + timedelta(seconds=seconds),
                    **(properties[0] if properties else {}),
                }
                for user, event_type, seconds, *properties in rows
            ],
            infer_schema_length=None,
        )
        frame.with_columns(pl.col("event_time").cast(pl.Datetime("us"))).write_parquet(path)
        with open_events(str(path)) as table:
            statement = plain_sql(funnel, table)
        found = (connection or duckdb.connect()).execute(statement).fetchall()
        assert [step for step, _event, _users in found] == list(range(1, len(funnel.steps) + 1))
        assert [event for _step, event, _users in found] == [step.label for step in funnel.steps]
        return [users for _step, _event, users in found]

    return count


def test_the_statement_counts_the_users_of_each_step(counted):
    rows = [("u", "A", 0), ("u", "B", 5), ("v", "A", 0), ("w", "B", 0)]
    assert counted(Funnel(steps=steps("A", "B")), rows) == [2, 1]


def test_the_window_runs_from_the_entry_and_its_end_counts(counted):
    funnel = Funnel(steps=steps("A", "B", "C"), window=timedelta(seconds=10))
    rows = [("u", "A", 0), ("u", "B", 8), ("u", "C", 10), ("v", "A", 0), ("v", "B", 8)]
    assert counted(funnel, [*rows, ("v", "C", 11)]) == [2, 2, 1]


def test_a_later_entry_can_convert_where_an_earlier_cannot(counted):
    funnel = Funnel(steps=steps("A", "B"), window=timedelta(seconds=10))
    assert counted(funnel, [("u", "A", 0), ("u", "A", 7), ("u", "B", 15)]) == [1, 1]


def test_two_events_of_one_second_count_in_either_order(counted):
    rows = [("u", "B", 0.1), ("u", "A", 0.4), ("v", "B", 0.9), ("v", "A", 1.1)]
    assert counted(Funnel(steps=steps("A", "B")), rows) == [2, 1]


def test_milliseconds_restore_the_order(counted):
    rows = [("u", "B", 0.1), ("u", "A", 0.4), ("v", "B", 0.1001), ("v", "A", 0.1002)]
    assert counted(Funnel(steps=steps("A", "B"), resolution="millisecond"), rows) == [2, 1]


def test_an_event_that_fits_another_step_of_the_same_second_does_for_neither(counted):
    rows = [("u", "A", 0.1), ("u", "X", 0.3), ("v", "A", 0), ("v", "X", 1)]
    assert counted(Funnel(steps=steps("A", "_all")), rows) == [2, 1]


def test_exclusive_filters_fill_one_second(counted):
    funnel = Funnel(steps=(filtered("A", "page", "1"), filtered("A", "page", "2")))
    rows = [("u", "A", 0.1, {"page": "1"}), ("u", "A", 0.2, {"page": "2"})]
    assert counted(funnel, rows) == [1, 1]


def test_three_steps_of_one_second_need_an_event_each(counted):
    funnel = Funnel(
        steps=(filtered("A", "p", "1"), filtered("A", "q", "1"), filtered("A", "r", "1"))
    )
    alone = [("u", "A", 0.1, {"p": "1"}), ("u", "A", 0.2, {"q": "1"}), ("u", "A", 0.3, {"r": "1"})]
    shared = [("v", "A", 0.1, {"p": "1"}), ("v", "A", 0.2, {"q": "1", "r": "1"})]
    assert counted(funnel, [*alone, *shared, ("v", "A", 0.3, {"r": "1"})]) == [2, 2, 1]


def test_a_step_that_is_listed_twice_needs_two_seconds(counted):
    rows = [("u", "A", 0), ("u", "A", 0.5), ("v", "A", 0), ("v", "A", 1)]
    assert counted(Funnel(steps=steps("A", "A")), rows) == [2, 1]


def test_the_range_binds_step_1_only(counted):
    funnel = Funnel(
        steps=steps("A", "B"), period=Period(date(2024, 1, 1), date(2024, 1, 1)), timezone="UTC"
    )
    day = 86_400
    rows = [("u", "A", day - 1), ("u", "B", day), ("v", "A", day), ("v", "B", day), ("w", "A", -1)]
    assert counted(funnel, rows) == [1, 1]


def test_times_before_1970_are_rounded_down(counted):
    rows = [("u", "B", -0.4), ("u", "A", -0.1), ("v", "B", -0.1), ("v", "A", 0.1)]
    assert counted(Funnel(steps=steps("A", "B")), rows, start=EPOCH) == [2, 1]


@pytest.mark.parametrize(
    "name", ["it's", "a -- b", "a; DROP TABLE mine; --", 'say "x"', "{braces}", "new\nline", "*/"]
)
def test_whatever_an_event_or_a_value_is_called_stays_text(counted, name):
    connection = duckdb.connect()
    connection.execute("CREATE TABLE mine AS SELECT 42 AS answer").fetchall()
    funnel = Funnel(steps=(*steps(name), filtered("B", name, name)))
    rows = [("u", name, 0, {name: None}), ("u", "B", 1, {name: name}), ("v", "A", 0, {name: None})]
    assert counted(funnel, rows, connection) == [1, 1]
    assert connection.execute("FROM mine").fetchall() == [(42,)]


def test_columns_that_bear_the_names_of_the_statement_do_no_harm(counted):
    names = dict.fromkeys(["unit", "us", "tick", "fits_1", "fills_1", "start_1", "step_1"], "x")
    rows = [("u", "A", 0, names), ("u", "B", 5, names), ("v", "A", 0, names)]
    assert counted(Funnel(steps=steps("A", "B")), rows) == [2, 1]


def test_a_device_is_not_the_user_of_the_same_name(tmp_path):
    path = tmp_path / "events.parquet"
    pl.DataFrame(
        {
            "user_id": ["7", None],
            "device_id": ["x", "7"],
            "event_type": ["A", "B"],
            "event_time": [START, START + timedelta(seconds=1)],
        }
    ).write_parquet(path)
    with open_events(str(path)) as table:
        statement = plain_sql(Funnel(steps=steps("A", "B")), table)
    assert duckdb.connect().execute(statement).fetchall() == [(1, "A", 1), (2, "B", 0)]


def test_text_times_are_utc_in_whatever_zone_the_shell_is(tmp_path):
    path = tmp_path / "events.parquet"
    pl.DataFrame(
        {"user_id": ["u"], "event_type": ["A"], "event_time": ["2024-01-01 23:30:00"]}
    ).write_parquet(path)
    period = Period(date(2024, 1, 1), date(2024, 1, 1))
    with open_events(str(path)) as table:
        statement = plain_sql(Funnel(steps=steps("A"), period=period), table)
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'America/Los_Angeles'").fetchall()
    assert connection.execute(statement).fetchall() == [(1, "A", 1)]


@pytest.mark.skipif(
    int(duckdb.__version__.partition(".")[0]) < 2,
    reason="DuckDB 1.5 plans a chain of 50 steps for minutes",
)
def test_fifty_times_the_same_step_is_a_statement_that_runs(counted):
    rows = [("u", "A", second) for second in range(49)]
    assert counted(Funnel(steps=steps(*["A"] * 50)), rows) == [1] * 49 + [0]


def test_steps_that_overlap_too_much_are_refused_with_the_reason(counted):
    crowded = Funnel(steps=tuple(filtered("A", "p", str(number)) for number in range(50)))
    with pytest.raises(UnsupportedError, match=r"50 steps .* in the same second"):
        counted(crowded, [("u", "A", 0)])


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"segments": (Segment("new"),)}, "segments"),
        ({"group_by": GroupBy((Property("feature"),))}, "a group-by"),
        ({"unit": "session"}, "sessions"),
    ],
)
def test_what_the_statement_cannot_express_is_refused_by_name(counted, asked, named):
    with pytest.raises(UnsupportedError, match=f"cannot express {named}"):
        counted(Funnel(steps=steps("A"), **asked), [("u", "A", 0)])


def test_a_funnel_without_filters_is_one_statement_and_no_more(tmp_path):
    path = tmp_path / "events.parquet"
    pl.DataFrame({"user_id": ["u"], "event_type": ["A"], "event_time": [START]}).write_parquet(path)
    with open_events(str(path)) as table:
        statement = plain_sql(Funnel(steps=steps("A", "B")), table)
    assert statement.startswith("-- How many users get how far")
    assert len(duckdb.extract_statements(statement)) == 1


@given(st.text() | st.integers(-(2**63), 2**63 - 1) | st.booleans() | st.none() | st.floats())
def test_a_literal_means_the_value(value):
    literal = Literals().bind(value)
    ((found, several),) = duckdb.execute(f"SELECT {literal}, [{literal}]").fetchall()
    assert several == [found] or math.isnan(value)
    assert found == value or math.isnan(value)
    assert type(found) is type(value)


def test_a_list_of_literals_means_the_list():
    literal = Literals().bind(["a", "it's", "b\0c"])
    assert duckdb.execute(f"SELECT {literal}").fetchall() == [(["a", "it's", "b\0c"],)]
