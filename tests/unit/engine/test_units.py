"""Which id is the user, and what is a session."""

from datetime import datetime, timedelta

import polars as pl
import pytest

from funnelkit.engine.entry import Entry
from funnelkit.engine.select import select
from funnelkit.errors import ColumnError
from funnelkit.events.sources import open_events
from funnelkit.specs.define import define

NOON = datetime.fromisoformat("2020-05-02T12:00:00")
DAY = 86_400_000_000
COLUMNS = ("amplitude_id", "user_id", "device_id", "session_id")


@pytest.fixture(params=["lists", "arrays"])
def rows_of(request, tmp_path):
    """Read events (ids, event type, seconds) for a funnel, in both ways."""

    def read(events, ids, *, unit="user", steps="A > B"):
        path = tmp_path / "events.parquet"
        pl.DataFrame(
            [
                {
                    **dict(zip(ids, values, strict=True)),
                    "event_type": event_type,
                    "event_time": NOON + timedelta(seconds=seconds),
                }
                for *values, event_type, seconds in events
            ],
            infer_schema_length=None,
        ).write_parquet(path)
        with open_events(path) as table:
            funnel = define(steps=steps, unit=unit)
            return select(funnel, table, small=request.param == "lists")

    return read


def counts(rows, window=DAY):
    return rows.match(Entry(window=window)).counts()


def test_the_amplitude_id_comes_before_the_user_id(rows_of):
    rows = rows_of([(1, "u", "A", 0), (1, "v", "B", 1), (2, "u", "B", 2)], COLUMNS[:2])
    assert counts(rows) == (1, 1)
    assert rows_of([(1, "u", "A", 0), (2, "u", "B", 1)], COLUMNS[:2]).unit_name.startswith(
        "amplitude_id"
    )


def test_where_the_amplitude_id_is_empty_the_user_id_counts(rows_of):
    events = [(None, "u", "d", "A", 0), (None, "u", None, "B", 1), (1, None, "d", "B", 2)]
    rows = rows_of(events, COLUMNS[:3])
    assert counts(rows) == (1, 1)
    assert rows.unit_name == "amplitude_id else user_id else device_id"


def test_a_device_counts_for_events_without_a_user_id(rows_of):
    events = [(None, "d", "A", 0), (None, "d", "B", 1), ("u", "d", "A", 2)]
    assert counts(rows_of(events, COLUMNS[1:3])) == (2, 1)


def test_a_device_is_not_the_user_of_the_same_name(rows_of):
    assert counts(rows_of([("7", None, "A", 0), (None, "7", "B", 1)], COLUMNS[1:3])) == (1, 0)


def test_an_event_without_any_id_belongs_to_nobody(rows_of):
    events = [(None, None, "A", 0), (None, None, "B", 1), ("u", None, "A", 2)]
    assert counts(rows_of(events, COLUMNS[1:3])) == (1, 0)


def test_an_empty_text_is_an_id_like_any_other(rows_of):
    assert counts(rows_of([("", "A", 0), ("", "B", 1)], ["user_id"])) == (1, 1)


def test_step_1_events_without_a_user_id_are_counted(rows_of):
    events = [(None, "d", "A", 0), ("u", "d", "A", 1), (None, "d", "A", 2), (None, "d", "B", 3)]
    rows = rows_of(events, COLUMNS[1:3])
    assert (rows.step_one, rows.step_one_without_user_id) == (3, 2)


@pytest.mark.parametrize("ids", [["amplitude_id"], ["device_id"]])
def test_without_a_column_of_user_ids_every_event_lacks_one(rows_of, ids):
    rows = rows_of([(1, "A", 0), (1, "A", 1)], ids)
    assert (rows.step_one, rows.step_one_without_user_id) == (2, 2)


@pytest.mark.parametrize("low", [-(2**63), -1, 0, 2**53])
def test_integer_ids_are_told_apart_to_the_last_digit(rows_of, low):
    events = [(low, "A", 0), (low + 1, "A", 1), (low + 1, "B", 2)]
    assert counts(rows_of(events, ["amplitude_id"])) == (2, 1)


def test_a_session_is_a_session_id_of_one_user(rows_of):
    events = [
        ("u", 1, "A", 0),
        ("u", 2, "B", 1),
        ("v", 1, "B", 1),
        ("u", 2, "A", 5),
        ("u", 1, "B", 6),
    ]
    rows = rows_of(events, ["user_id", "session_id"], unit="session")
    assert counts(rows) == (2, 1)
    assert rows.unit_name == "user_id, sessions by session_id"


def test_a_session_by_id_may_rest_for_hours(rows_of):
    events = [("u", 1, "A", 0), ("u", 1, "B", 5 * 3600)]
    assert counts(rows_of(events, ["user_id", "session_id"], unit="session")) == (1, 1)


@pytest.mark.parametrize("none", [-1, None])
def test_events_out_of_session_take_no_part_where_there_are_sessions(rows_of, none):
    events = [("u", 1, "A", 0), ("u", none, "B", 1), ("u", none, "A", 2)]
    rows = rows_of(events, ["user_id", "session_id"], unit="session")
    assert counts(rows) == (1, 0)
    assert rows.step_one == 1


def test_session_ids_that_are_all_minus_one_are_none(rows_of):
    events = [("u", -1, "A", 0), ("u", -1, "B", 60)]
    rows = rows_of(events, ["user_id", "session_id"], unit="session")
    assert counts(rows) == (1, 1)
    assert rows.unit_name == "user_id, sessions by 30 minutes without an event"


@pytest.mark.parametrize(("rest", "converted"), [(1800, 1), (1800.000001, 0)])
def test_more_than_30_minutes_without_an_event_end_a_session(rows_of, rest, converted):
    events = [("u", "A", 0), ("u", "B", rest)]
    assert counts(rows_of(events, ["user_id"], unit="session")) == (1, converted)


def test_any_event_of_the_user_keeps_a_session_alive_and_no_other_does(rows_of):
    events = [
        ("u", "A", 0), ("u", "X", 1500), ("u", "B", 3000),
        ("v", "A", 0), ("w", "X", 1500), ("v", "B", 3000),
    ]  # fmt: skip
    assert counts(rows_of(events, ["user_id"], unit="session")) == (2, 1)


def test_each_session_of_a_user_counts(rows_of):
    events = [("u", "A", 0), ("u", "A", 7200), ("u", "B", 7260), ("u", "A", 14400)]
    assert counts(rows_of(events, ["user_id"], unit="session")) == (3, 1)
    assert counts(rows_of(events, ["user_id"], unit="user")) == (1, 1)


def test_a_session_lasts_across_midnight(rows_of):
    events = [("u", "A", 12 * 3600 - 60), ("u", "B", 12 * 3600 + 60)]
    assert counts(rows_of(events, ["user_id"], unit="session")) == (1, 1)


def test_without_a_column_of_ids_there_is_no_user(tmp_path):
    path = tmp_path / "events.parquet"
    pl.DataFrame({"event_type": ["A"], "event_time": [NOON], "session_id": [1]}).write_parquet(path)
    with pytest.raises(ColumnError, match="user"), open_events(path) as table:
        select(define(steps="A"), table)
