"""`fk.fixture`: few events, nobody's id, the same numbers."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_funnels import PACES, all_funnels, random_log, write_log

import funnelkit as fk
from funnelkit.verification.fixture import differences, parse_size

EXAMPLES = int(os.environ.get("FUNNELKIT_FUZZ", "6"))
NOON = datetime(2024, 5, 6, 12, tzinfo=UTC)


def line(user, seconds, event_type, user_properties=None, **properties):
    moment = NOON + timedelta(seconds=seconds)
    return {
        "user_id": user,
        "device_id": f"phone of {user}",
        "event_type": event_type,
        "event_time": moment.strftime("%Y-%m-%d %H:%M:%S.%f"),
        "event_properties": properties,
        "user_properties": user_properties or {},
    }


EVENTS = [
    line("ann@example.com", 0, "View", {"plan": "pro", "mail": "ann@example.com"}, feature="home"),
    line("ann@example.com", 5, "Scroll"),
    line("ann@example.com", 10, "Buy", price=3.5, coupon="JOHN-1"),
    line("bob@example.com", 0, "View", {"plan": "free"}, feature="a secret page"),
    line("bob@example.com", 20, "Buy", price=7, coupon="SPRING"),
    line("cy@example.com", 30, "Buy", price=9),
    line("dee@example.com", 40, "View", {"plan": "pro"}, feature="home"),
]


@pytest.fixture
def write(tmp_path):
    def write(events, name="events.jsonl"):
        path = tmp_path / name
        path.write_text("".join(json.dumps(each) + "\n" for each in events), encoding="utf-8")
        return path

    return write


def cut(write, tmp_path, events=EVENTS, **more):
    source = write(events)
    definition = {"steps": "View > Buy", "window": "1d", **more}
    found = fk.fixture(source, tmp_path / "cut.parquet", **definition)
    return found, pl.read_parquet(found.path)


def test_only_events_that_can_count_stay(write, tmp_path):
    found, frame = cut(write, tmp_path)
    assert found.results[0].counts == (3, 2)
    assert sorted(frame["event_type"]) == ["Buy", "Buy", "View", "View", "View"]  # not cy's Buy
    assert (found.events, found.users, found.source_events) == (5, 3, 7)


def test_nothing_of_an_id_or_of_an_unused_property_stays(write, tmp_path):
    found, frame = cut(write, tmp_path)
    assert frame.columns == ["user_id", "device_id", "event_time", "event_type", "event_id"]
    assert frame["device_id"].null_count() == frame.height  # the user's id is all it takes
    written = found.path.read_bytes()
    for secret in (b"ann", b"example", b"phone", b"home", b"JOHN"):
        assert secret not in written
    assert frame["user_id"].n_unique() == 3


def test_values_that_no_filter_names_become_one(write, tmp_path):
    _, frame = cut(write, tmp_path, where="feature is home")
    assert sorted(map(json.loads, frame["event_properties"].drop_nulls()), key=str) == [
        {"feature": "home"},
        {"feature": "home"},
    ]
    _, frame = cut(write, tmp_path, segment=["h: feature is home", "o: feature is not home"])
    assert {'{"feature":"other"}', '{"feature":"home"}'} == set(
        frame["event_properties"].drop_nulls()
    )


def test_values_that_are_shown_or_looked_into_stay_and_are_named(write, tmp_path):
    found, frame = cut(write, tmp_path, group_by="2: coupon", sum="price")
    assert found.kept_texts == ("coupon", "price")
    assert '{"coupon":"JOHN-1","price":3.5}' in set(frame["event_properties"])
    found, _ = cut(write, tmp_path, segment="u: user.mail contains EXAMPLE")
    assert found.kept_texts == ("user.mail",)
    assert found.results[0].counts == (1, 1)


def test_held_values_stay_apart_as_hashes(write, tmp_path):
    events = [
        line("ann", 0, "View", item=["x", 1]),
        line("ann", 1, "View", item="y"),
        line("ann", 2, "Buy", item="1"),
        line("ann", 3, "Buy", item="y"),
    ]
    found, frame = cut(write, tmp_path, events, hold="item")
    assert found.results[0].counts == (3, 2)
    assert '"y"' not in "".join(frame["event_properties"])


def test_held_values_that_have_one_text_stay_one(write, tmp_path):
    events = [line("ann", 0, "View", item=True), line("ann", 1, "Buy", item="true")]
    found, _ = cut(write, tmp_path, events, hold="item")
    assert found.results[0].counts == (1, 1)
    assert found.kept_texts == ()
    found, _ = cut(write, tmp_path, events, hold="item", where="item is True")
    assert found.results[0].counts == (1, 1)
    assert found.kept_texts == ("item",)


def test_the_same_key_gives_the_same_bytes_and_another_other_ids(write, tmp_path):
    source = write(EVENTS)
    shuffled = write(EVENTS[::-1], "other order.jsonl")
    bytes_of = [
        fk.fixture(file, tmp_path / "a.parquet", steps="View > Buy", key=key).path.read_bytes()
        for file, key in ((source, "k"), (source, "k"), (shuffled, "k"), (source, "l"))
    ]
    assert bytes_of[0] == bytes_of[1] == bytes_of[2] != bytes_of[3]


def test_foreign_events_stay_in_exact_order_one_in_each_gap(write, tmp_path):
    events = [
        line("ann", 0, "View"),
        *(line("ann", second, f"Scroll{second}") for second in range(1, 9)),
        line("ann", 9, "Buy"),
        line("bob", 0, "View"),
        line("bob", 9, "Buy"),
        line("bob", 12, "Scroll"),
    ]
    found, frame = cut(write, tmp_path, events, order="exact")
    assert found.results[0].counts == (2, 1)
    assert frame.filter(pl.col("event_type").str.starts_with("Scroll")).height <= 2


def test_first_events_stay_where_new_users_are_counted(write, tmp_path):
    events = [
        line("old", -5 * 86400, "Install"),
        line("old", -4 * 86400, "Scroll"),
        line("old", 0, "View"),
        line("new", -3, "Install"),
        line("new", 0, "View"),
        line("new", 1, "Buy"),
    ]
    dates = {"from_": "2024-05-06", "to": "2024-05-06"}
    found, frame = cut(write, tmp_path, events, users="new", **dates)
    assert found.results[0].counts == (1, 1)
    assert sorted(frame["event_type"]) == ["Buy", "Install", "Install", "View", "View"]


def test_sessions_by_rest_need_no_other_events(write, tmp_path):
    events = [
        line("ann", 0, "View"),
        *(line("ann", 1200 * n, "Scroll") for n in range(1, 6)),
        line("ann", 7000, "Buy"),
        line("bob", 0, "View"),
        line("bob", 7000, "Buy"),
    ]
    found, frame = cut(write, tmp_path, events, unit="session")
    assert found.results[0].counts == (2, 1)
    assert frame.height == 4


def test_what_a_segment_counts_stays_from_before_the_dates(write, tmp_path):
    events = [
        line("ann", -3 * 86400, "Search"),
        line("ann", -9 * 86400, "Search"),
        line("ann", 0, "View"),
        line("bob", 0, "View"),
    ]
    segment = ["often: performed(Search) >= 1 in 5d", "ever: performed(Search) >= 2 ever"]
    found, frame = cut(write, tmp_path, events, segment=segment, from_="2024-05-06")
    assert [series.counts for series in found.results[0].segments] == [(1, 0), (1, 0)]
    assert frame.filter(pl.col("event_type") == "Search").height == 2


def test_cohort_is_written_as_hashes_beside_the_fixture(write, tmp_path):
    cohort = tmp_path / "vip.txt"
    cohort.write_text("ann@example.com\nzoe@example.com\n")
    found, _ = cut(write, tmp_path, segment=[f"v: cohort({cohort})", f"o: not cohort({cohort})"])
    assert [series.counts for series in found.results[0].segments] == [(1, 1), (2, 1)]
    (hashed,) = found.cohort_files
    assert hashed.name == "cut.vip.txt"
    assert "example" not in hashed.read_text()
    assert fk.report(found.path, funnel=found.funnels[0]).counts == (1, 1)


def test_times_can_be_moved_with_the_dates(write, tmp_path):
    dates = {"from_": "2024-05-06", "to": "2024-05-06", "interval": "day"}
    found, frame = cut(write, tmp_path, shift="-2w", **dates)
    assert frame["event_time"].min() == (NOON - timedelta(days=14)).replace(tzinfo=None)
    again = fk.report(found.path, funnel=found.funnels[0])
    assert again.counts == found.results[0].counts == (3, 2)
    assert str(found.funnels[0].period.start) == "2024-04-22"
    with pytest.raises(fk.DefinitionError, match="whole days"):
        cut(write, tmp_path, shift="3h")


def test_every_funnel_of_a_file_goes_into_one_fixture(write, tmp_path):
    file = tmp_path / "funnels.toml"
    file.write_text(
        '[funnels.one]\nsteps = "View > Buy"\nwindow = "1d"\n'
        '[funnels.two]\nsteps = "Scroll > Buy[price > 3]"\nwindow = "1d"\n'
    )
    found = fk.fixture(write(EVENTS), tmp_path / "cut.parquet", funnel=str(file))
    assert [result.funnel.name for result in found.results] == ["one", "two"]
    for name in ("one", "two"):
        of_all = fk.report(write(EVENTS), funnel=f"{file}:{name}").counts
        assert fk.report(found.path, funnel=f"{file}:{name}").counts == of_all


def test_a_file_that_is_too_large_says_what_could_be_dropped(write, tmp_path):
    with pytest.raises(fk.DataError) as raised:
        cut(write, tmp_path, max_size=100, group_by="feature")
    for words in ("more than 100", "5 events of 3 users", "--from", "feature", "--max-size 2kB"):
        assert words in str(raised.value)
    assert not (tmp_path / "cut.parquet").exists()


def test_a_file_that_would_answer_differently_is_not_written(write, tmp_path, monkeypatch):
    from funnelkit.engine.excerpt import events

    monkeypatch.setattr(events, "_asks_who_is_new", lambda _funnel: False)
    log = [line("old", -9 * 86400, "Install"), line("old", 0, "View"), line("new", 0, "View")]
    with pytest.raises(fk.CheckFailed, match=r"steps\[0\].count is 1 of all events and 2 of the"):
        cut(write, tmp_path, log, users="new", from_="2024-05-06")
    assert not (tmp_path / "cut.parquet").exists()


def test_differences_go_into_lists_and_objects():
    one = {"a": [1, {"b": "x"}], "c": None}
    assert list(differences(one, one)) == []
    assert list(differences(one, {"a": [1, {"b": "y"}], "c": 0}, place="at")) == [
        ("at.a[1].b", "x", "y"),
        ("at.c", None, 0),
    ]
    assert list(differences({"a": "x"}, {"a": "y"}, texts=False)) == []
    assert list(differences([1], [1, 2])) == [("segments", [1], [1, 2])]


def test_sizes_are_decimal():
    assert [parse_size(text) for text in ("1MB", "1.5 kB", "7", "2gb")] == [
        1_000_000, 1_500, 7, 2_000_000_000,
    ]  # fmt: skip
    with pytest.raises(fk.DefinitionError, match="1 apple"):
        parse_size("1 apple")


@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
@pytest.mark.parametrize("pace", PACES, ids=["crowded", "spread"])
def test_any_funnel_has_the_same_numbers_on_its_fixture(pace, data, tmp_path_factory):
    funnel = data.draw(all_funnels(pace))
    seed = data.draw(st.integers(0, 2**31))
    folder = tmp_path_factory.mktemp("fixture")
    log = random_log(seed, 25, pace, funnel.timezone)
    found = fk.fixture(
        write_log(log, Path(folder, "log.jsonl")), folder / "f.parquet", funnel=funnel
    )
    again = fk.report(found.path, funnel=funnel)
    assert [one.to_dict() for one in again.segments] == [
        one.to_dict() for one in found.results[0].segments
    ]
