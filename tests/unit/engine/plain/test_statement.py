from __future__ import annotations

from datetime import date, datetime, timedelta

import duckdb
import polars as pl
import pytest

from funnelkit import api
from funnelkit.engine.plain.dialects import find_dialect
from funnelkit.engine.plain.sources import Files
from funnelkit.engine.plain.statement import plain_sql
from funnelkit.errors import UnsupportedError
from funnelkit.events.sources import open_events
from funnelkit.model import (
    SESSION_ID,
    CustomEvent,
    EventSelector,
    Filter,
    Funnel,
    GroupBy,
    Period,
    Property,
    Segment,
    Step,
)

DUCKDB = find_dialect("duckdb")

START = datetime(2024, 1, 1)  # noqa: DTZ001 - files carry times in UTC without saying so
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - as above


def steps(*event_types):
    return tuple(Step((EventSelector(event_type),)) for event_type in event_types)


def filtered(event_type, name, *values):
    return Step((EventSelector(event_type, (Filter(Property(name), "is", values),)),))


@pytest.fixture
def counted(tmp_path):
    """Runs the statement for a funnel on rows (user, event type, seconds, properties)."""

    def count(funnel, rows, connection=None, start=START, *, whole=False):
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
            statement = plain_sql(funnel, Files(table, DUCKDB), DUCKDB)
        found = (connection or duckdb.connect()).execute(statement).fetchall()
        if whole:
            return found
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
        statement = plain_sql(Funnel(steps=steps("A", "B")), Files(table, DUCKDB), DUCKDB)
    assert duckdb.connect().execute(statement).fetchall() == [(1, "A", 1), (2, "B", 0)]


def test_text_times_are_utc_in_whatever_zone_the_shell_is(tmp_path):
    path = tmp_path / "events.parquet"
    pl.DataFrame(
        {"user_id": ["u"], "event_type": ["A"], "event_time": ["2024-01-01 23:30:00"]}
    ).write_parquet(path)
    statement = api.sql(str(path), steps="A", from_="2024-01-01", to="2024-01-01")
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


def test_an_event_between_two_steps_interrupts_exact_order(counted):
    funnel = Funnel(steps=steps("A", "B"), order="exact")
    rows = [("u", "A", 0), ("u", "X", 1), ("u", "B", 2), ("v", "A", 0), ("v", "B", 2)]
    assert counted(funnel, rows) == [2, 1]


def test_an_event_in_the_second_of_a_step_does_not_interrupt(counted):
    funnel = Funnel(steps=steps("A", "B"), order="exact")
    rows = [("u", "A", 0), ("u", "X", 0.9), ("u", "X", 2), ("u", "B", 2.1)]
    assert counted(funnel, rows) == [1, 1]


def test_exact_order_takes_the_best_of_all_attempts(counted):
    funnel = Funnel(steps=steps("A", "B"), order="exact")
    rows = [("u", "A", 0), ("u", "X", 1), ("u", "A", 2), ("u", "B", 3)]
    assert counted(funnel, rows) == [1, 1]


def test_a_step_that_fails_its_filter_interrupts_exact_order(counted):
    funnel = Funnel(steps=(*steps("A"), filtered("B", "page", "1")), order="exact")
    rows = [
        ("u", "A", 0, {"page": None}),
        ("u", "B", 1, {"page": "2"}),
        ("u", "B", 2, {"page": "1"}),
    ]
    assert counted(funnel, rows) == [1, 0]


def labelled(counted, funnel, rows):
    found = counted(funnel, rows, whole=True)
    return {tuple(row[:-3]): [] for row in found} | {
        labels: [users for *each, _step, _event, users in found if tuple(each) == labels]
        for labels in {tuple(row[:-3]) for row in found}
    }


def test_the_group_is_that_of_the_entry_of_the_longest_then_earliest_conversion(counted):
    funnel = Funnel(
        steps=steps("A", "B"), window=timedelta(seconds=5), group_by=GroupBy((Property("page"),))
    )
    rows = [
        ("u", "A", 0, {"page": "too early"}),
        ("u", "A", 10, {"page": "first"}),
        ("u", "A", 12, {"page": "second"}),
        ("u", "B", 13, {"page": None}),
        ("v", "A", 0, {"page": None}),
    ]
    assert labelled(counted, funnel, rows) == {("first",): [1, 1], ("(none)",): [1, 0]}


def test_an_event_that_fits_the_step_beside_it_gives_no_group(counted):
    funnel = Funnel(
        steps=(*steps("A"), filtered("A", "page", "1")), group_by=GroupBy((Property("kind"),))
    )
    rows = [
        ("u", "A", 0.1, {"page": "1", "kind": "both"}),
        ("u", "A", 0.2, {"page": None, "kind": "step 1 alone"}),
        ("u", "A", 0.3, {"page": "1", "kind": "both"}),
        ("u", "A", 1, {"page": "1", "kind": "later"}),
    ]
    assert labelled(counted, funnel, rows) == {("both",): [1, 1]}


def test_two_properties_make_a_group_of_each_pair(counted):
    by = GroupBy((Property("page"), Property("kind")))
    rows = [("u", "A", 0, {"page": "1", "kind": 3}), ("v", "A", 0, {"page": "1", "kind": 4})]
    found = labelled(counted, Funnel(steps=steps("A"), group_by=by), rows)
    assert found == {("1", "3"): [1], ("1", "4"): [1]}


def test_each_segment_has_its_own_conversions_and_counts_where_nobody_passes(counted):
    one = Segment("it's one", (Filter(Property("page"), "is", ("1",)),))
    two = Segment("two", (Filter(Property("page"), "is", ("2",)),))
    nobody = Segment("nobody", (Filter(Property("page"), "is", ("3",)),))
    rows = [
        ("u", "A", 0, {"page": "1"}),
        ("u", "B", 1, {"page": "9"}),
        ("u", "A", 2, {"page": "2"}),
    ]
    funnel = Funnel(steps=steps("A", "B"), segments=(one, two, nobody))
    assert labelled(counted, funnel, rows) == {
        ("it's one",): [1, 1], ("two",): [1, 0], ("nobody",): [0, 0],
    }  # fmt: skip


def test_a_session_is_a_user_with_a_session_id(counted):
    def at(number):
        return {"session_id": number}

    rows = [
        ("u", "A", 0, at(1)), ("u", "B", 1, at(1)), ("u", "A", 2, at(2)), ("u", "B", 3, at(-1)),
        ("v", "B", 4, at(2)), ("v", "A", 5, at(-1)),
    ]  # fmt: skip
    for asked in ({"unit": "session"}, {"hold": (SESSION_ID,)}):
        assert counted(Funnel(steps=steps("A", "B"), **asked), rows) == [2, 1]


def test_sessions_by_pauses_are_refused(counted):
    with pytest.raises(UnsupportedError, match="no event has a session id"):
        counted(Funnel(steps=steps("A"), unit="session"), [("u", "A", 0, {"session_id": -1})])


def test_a_custom_event_stands_for_its_members(counted):
    custom = CustomEvent("bought", (EventSelector("B"), EventSelector("C")))
    funnel = Funnel(steps=steps("A", "ce:bought"), custom_events=(custom,))
    rows = [("u", "A", 0), ("u", "C", 1), ("v", "A", 0), ("v", "B", 1), ("w", "A", 0)]
    assert counted(funnel, rows) == [3, 2]


def test_active_events_leave_out_the_inactive_types(counted):
    funnel = Funnel(steps=steps("A", "_active"), inactive_events=("X",))
    rows = [("u", "A", 0), ("u", "X", 1), ("v", "A", 0), ("v", "Y", 1)]
    assert counted(funnel, rows) == [2, 1]


def test_an_event_filter_leaves_out_events_as_if_they_had_not_happened(counted):
    real = Filter(Property("page"), "is not", ("test",))
    funnel = Funnel(steps=steps("A", "B"), order="exact", event_filters=(real,))
    page = {"page": "test"}
    rows = [
        ("u", "A", 0, {"page": "1"}), ("u", "X", 1, page), ("u", "B", 2, {"page": "1"}),
        ("v", "A", 0, page),
    ]  # fmt: skip
    assert counted(funnel, rows) == [1, 1]


def test_a_funnel_without_filters_is_one_statement_and_no_more(tmp_path):
    path = tmp_path / "events.parquet"
    pl.DataFrame({"user_id": ["u"], "event_type": ["A"], "event_time": [START]}).write_parquet(path)
    with open_events(str(path)) as table:
        statement = plain_sql(Funnel(steps=steps("A", "B")), Files(table, DUCKDB), DUCKDB)
    assert statement.startswith("-- How many users get how far")
    assert len(duckdb.extract_statements(statement)) == 1
