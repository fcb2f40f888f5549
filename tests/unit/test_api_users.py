"""`fk.users`: who is behind a bar, with names, times and groups."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from unittest.mock import patch

import polars as pl
import pytest

import funnelkit as fk
from funnelkit.engine import select

EVENTS = [
    ("anna", 0, "A", {"plan": "pro", "item": [1, 2]}),
    ("anna", 5.5, "B", {"item": 2}),
    ("bert", 10, "A", {"plan": "free", "item": 1}),
    ("cleo", 90_000, "A", {"plan": "pro", "item": 3}),
    ("cleo", 90_005, "X", {}),
    ("cleo", 90_009, "B", {"item": 3}),
    (None, 20, "A", {"item": 7}),
]


@pytest.fixture(params=[True, False], ids=["plain", "compiled"], autouse=True)
def _both_ways(request):
    with patch.object(select, "SMALL", select.SMALL if request.param else -1):
        yield


@pytest.fixture
def events(tmp_path):
    path = tmp_path / "events.jsonl"
    lines = [
        {
            "user_id": user,
            "device_id": f"{user}'s" if user else "phone",
            "time": int(seconds * 1000),
            "event_type": event_type,
            "event_properties": properties,
        }
        for user, seconds, event_type, properties in EVENTS
    ]
    path.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    return path


def who(found):
    return [line[: found.who] for line in found.rows()]


def test_those_who_reached_a_step_stand_in_the_order_of_entry(events):
    found = fk.users(events, steps="A > B", reached=1)
    assert who(found) == [
        ("anna", None),
        ("bert", None),
        (None, "phone"),
        ("cleo", None),
    ]
    assert [column.name for column in found.columns] == [
        "user_id", "device_id", "steps", "step_1", "step_2",
    ]  # fmt: skip
    first = next(found.rows())
    assert first[2:] == (
        2,
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(1970, 1, 1, 0, 0, 5, 500_000, tzinfo=UTC),
    )


def test_those_who_were_lost_before_a_step_did_the_one_before_and_no_more(events):
    found = fk.users(events, steps="A > B", lost_before=2)
    assert who(found) == [("bert", None), (None, "phone")]
    assert [line[-1] for line in found.rows()] == [None, None]


def test_ids_that_were_made_up_are_named_by_the_user_or_else_the_device(tmp_path):
    path = tmp_path / "events.jsonl"
    lines = [
        {"user_id": "anna", "device_id": "phone", "time": 0, "event_type": "A"},
        {"user_id": None, "device_id": "phone", "time": 5000, "event_type": "B"},
        {"user_id": None, "device_id": "tablet", "time": 9000, "event_type": "A"},
    ]
    path.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    found = fk.users(path, steps="A > B", reached=1)
    assert [column.name for column in found.columns[: found.who]] == ["user_id", "device_id"]
    assert who(found) == [("anna", None), (None, "tablet")]
    assert fk.trace(path, steps="A > B", user="anna").units[0].names == (("user_id", "anna"),)


def test_an_id_that_was_given_stays_beside_those_that_were_made_up(tmp_path):
    path = tmp_path / "events.jsonl"
    lines = [
        {"amplitude_id": 7, "user_id": "ann", "device_id": "d", "time": 0, "event_type": "A"},
        {"user_id": "bob", "device_id": "e", "time": 1000, "event_type": "A"},
        {"user_id": None, "device_id": "e", "time": 2000, "event_type": "A"},
    ]
    path.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    assert who(fk.users(path, steps="A", reached=1)) == [(7, None, None), (None, "bob", None)]


def test_a_held_value_names_the_pair(events):
    found = fk.users(events, steps="A > B", hold="item", reached=2)
    assert who(found) == [("anna", None, "2"), ("cleo", None, "3")]


def test_a_session_without_an_id_is_named_by_its_start(events):
    found = fk.users(events, steps="A > B", unit="session", reached=2)
    assert who(found) == [
        ("anna", None, datetime(1970, 1, 1, tzinfo=UTC)),
        ("cleo", None, datetime(1970, 1, 2, 1, tzinfo=UTC)),
    ]


def test_the_value_that_is_counted_names_the_unit(events):
    assert who(fk.users(events, steps="A > B", unit="plan", reached=1)) == [("pro",), ("free",)]


def test_a_group_is_one_of_the_reports(events):
    grouped = {"steps": "A > B", "group_by": "plan", "reached": 1}
    assert len(fk.users(events, **grouped)) == 4
    assert who(fk.users(events, **grouped, group="pro")) == [("anna", None), ("cleo", None)]
    assert who(fk.users(events, **grouped, group=("(none)",))) == [(None, "phone")]
    by_step_2 = {"steps": "A > B", "group_by": "2: item", "reached": 1}
    lost = fk.users(events, **by_step_2, group="Did not reach step")
    assert who(lost) == [("bert", None), (None, "phone")]
    assert lost.columns[2].values[0] == "Did not reach step"
    with pytest.raises(fk.DefinitionError, match=r"no group 'prO'\. Did you mean 'pro'\?"):
        fk.users(events, **grouped, group="prO")


def test_two_groups_of_one_name_are_told_apart_by_their_values(tmp_path):
    path = tmp_path / "events.jsonl"
    lines = [
        {"user_id": "u", "time": 0, "event_type": "A", "event_properties": {"p": "x; y", "q": "z"}},
        {"user_id": "v", "time": 0, "event_type": "A", "event_properties": {"p": "x", "q": "y; z"}},
    ]
    path.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    grouped = {"steps": "A", "group_by": ["p", "q"], "reached": 1}
    with pytest.raises(fk.DefinitionError, match="2 groups are called 'x; y; z'"):
        fk.users(path, **grouped, group="x; y; z")
    assert who(fk.users(path, **grouped, group=("x", "y; z"))) == [("v",)]


@pytest.mark.parametrize("start", ["1970-01-02", date(1970, 1, 2), datetime(1970, 1, 2)])  # noqa: DTZ001
def test_an_interval_has_those_who_entered_in_it(events, start):
    found = fk.users(events, steps="A > B", interval="day", in_interval=start, reached=1)
    assert who(found) == [("cleo", None)]
    assert found.to_dict()["users"][0]["interval"] == "1970-01-02"


def test_whom_an_excluded_event_stopped_is_marked(events):
    found = fk.users(events, steps="A > B", exclude="X", lost_before=2)
    assert [(line[0], line[-1]) for line in found.rows()] == [
        ("bert", False),
        (None, False),
        ("cleo", True),
    ]


def test_totals_list_a_line_for_each_path(tmp_path):
    path = tmp_path / "events.jsonl"
    lines = [{"user_id": "u", "time": t * 1000, "event_type": "A"} for t in (0, 10, 20)]
    path.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    found = fk.users(path, steps="A > B", count_by="totals", lost_before=2)
    assert [line[2].second for line in found.rows()] == [0, 10, 20]


def test_a_segment_and_a_variant_are_named_where_there_are_several(events):
    several = {"steps": "A > X > B", "optional_step": 2, "reached": 3}
    with pytest.raises(fk.DefinitionError, match="--variant which funnel is meant: 'with X',"):
        fk.users(events, **several)
    assert who(fk.users(events, **several, variant="with X")) == [("cleo", None)]
    segments = {
        "steps": "A",
        "segment": ["pro: plan is pro", "free: plan is free"],
        "reached": 1,
    }
    with pytest.raises(fk.DefinitionError, match="--segment-name which series is meant: 'pro',"):
        fk.users(events, **segments)
    assert who(fk.users(events, **segments, segment_name="free")) == [("bert", None)]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "say which bar is meant"),
        ({"reached": 1, "lost_before": 2}, "say which bar is meant"),
        ({"reached": 3}, "step 3 cannot be reached: the funnel has 2 steps"),
        ({"reached": 0}, "step 0 cannot be reached"),
        ({"lost_before": 1}, "nobody is lost before step 1"),
        ({"reached": 1, "group": "x"}, "the funnel is not grouped"),
        ({"reached": 1, "in_interval": "1970-01-01"}, "the funnel has no intervals"),
        (
            {"reached": 1, "interval": "week", "in_interval": "1970-01-01"},
            "no interval of one week begins at 1970-01-01; the first is 1969-12-29",
        ),
        ({"reached": 1, "variant": "with B"}, "the funnel has no variants"),
        ({"reached": 1, "segment_name": "x"}, "there is no series 'x'; there is 'all users'"),
    ],
)
def test_a_bar_that_is_not_there_is_refused(events, arguments, words):
    with pytest.raises(fk.DefinitionError, match=words):
        fk.users(events, steps="A > B", **arguments)


def test_a_list_of_nobody_keeps_its_types_and_says_what_may_be_wrong(events):
    found = fk.users(events, steps="A > nobody_does_this", reached=2)
    assert found.to_polars().schema == {
        "user_id": pl.String,
        "device_id": pl.String,
        "steps": pl.Int64,
        "step_1": pl.Datetime("us", "UTC"),
        "step_2": pl.Datetime("us", "UTC"),
    }
    assert "no event of the type 'nobody_does_this'" in found.warnings[0]


def test_whole_ids_stay_numbers(tmp_path):
    path = tmp_path / "events.parquet"
    pl.DataFrame(
        {"amplitude_id": [2, 1], "event_type": ["A", "A"], "event_time": [datetime(2024, 1, 1)] * 2}  # noqa: DTZ001
    ).write_parquet(path)
    found = fk.users(path, steps="A", reached=1)
    assert who(found) == [(1,), (2,)]
    assert found.to_polars()["amplitude_id"].dtype == pl.Int64


def test_a_dictionary_has_the_bar_and_plain_values(events):
    said = fk.users(events, steps="A > B", group_by="plan", group="pro", reached=2).to_dict()
    assert said["schema"] == "funnelkit.users/1"
    assert said["bar"] == {"segment": "all users", "reached": 2, "group": "pro"}
    assert said["count"] == 2
    assert json.loads(json.dumps(said["users"]))[0] == {
        "user_id": "anna",
        "device_id": None,
        "group": "pro",
        "steps": 2,
        "step_1": "1970-01-01T00:00:00+00:00",
        "step_2": "1970-01-01T00:00:05.500000+00:00",
    }


def test_rounded_times_do_not_move_the_times_of_events(events):
    found = fk.users(events, steps="A > B", setting="seconds=round", reached=2)
    assert next(found.rows())[-1] == datetime(1970, 1, 1, 0, 0, 5, 500_000, tzinfo=UTC)


def test_a_held_property_does_not_hide_a_column_of_the_list(tmp_path):
    path = tmp_path / "events.jsonl"
    line = {"user_id": "u", "time": 0, "event_type": "A", "event_properties": {"steps": "many"}}
    path.write_text(json.dumps(line), "utf-8")
    found = fk.users(path, steps="A", hold="steps", reached=1)
    assert [column.name for column in found.columns] == ["user_id", "held steps", "steps", "step_1"]
