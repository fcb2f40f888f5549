"""`fk.shrink`: the fewest events on which two readings differ."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from random_funnels import PACES, plain_funnels, random_log, write_log

import funnelkit as fk
from funnelkit.render.shrink import render_shrunk

EXAMPLES = int(os.environ.get("FUNNELKIT_FUZZ", "2"))
NOON = datetime(2024, 5, 6, 12, tzinfo=UTC)


def line(user, seconds, event_type, **properties):
    moment = NOON + timedelta(seconds=seconds)
    return {
        "user_id": user,
        "device_id": f"d{user[-1]}",
        "event_type": event_type,
        "event_time": moment.strftime("%Y-%m-%d %H:%M:%S.%f"),
        "event_properties": properties,
    }


EVENTS = [
    *(line(f"same{n}", *what) for n in range(9) for what in ((0, "View"), (9, "Buy"))),
    line("slow", -100, "Scroll"),
    line("slow", 0, "View", page="home", size="M"),
    line("slow", 50, "Scroll"),
    line("slow", 7200, "Buy", price=3),
    line("slow", 9000, "View", page="search"),
]  # fmt: skip


@pytest.fixture(name="log")
def _log(tmp_path):
    def log(events=EVENTS):
        path = tmp_path / "log.jsonl"
        path.write_text("".join(json.dumps(each) + "\n" for each in events), encoding="utf-8")
        return path

    return log


def shrink(path, **said):
    return fk.shrink(path, **{"steps": "View > Buy", "window": "1h", **said})


def test_only_what_makes_the_difference_stays(log):
    found = shrink(log(), b="window=1d")
    assert [(event.user, event.event_type) for event in found.events] == [
        ("slow", "View"),
        ("slow", "Buy"),
    ]
    assert not any(
        event.event_properties or event.columns.keys() > {"user_id"} for event in found.events
    )
    assert (found.of_events, found.a.reading, found.b.reading) == (23, "as given", "window=1d")
    assert [*found.a.counts.values(), *found.b.counts.values()] == [(1, 0), (1, 1)]


def test_each_reading_says_why(log):
    found = shrink(log(), b="window=1d")
    (words,) = found.a.why()
    assert words.startswith(
        "slow counts as a user in step 1: lost before step 2 (step 2, Buy came 1h"
    )
    assert found.b.why() == ("slow counts as a user in steps 1 to 2: converted",)


def test_properties_stay_where_the_difference_needs_them(log):
    found = shrink(log(), a="where=page is home", b="where=page is search", window="1d")
    (event,) = found.events
    assert event.event_properties == {"page": "home"}


def test_lines_can_be_read_again(log, tmp_path):
    found = shrink(log(), b="window=1d")
    again = tmp_path / "case.jsonl"
    again.write_text(render_shrunk(found, format="jsonl"), encoding="utf-8")
    assert fk.report(again, steps="View > Buy", window="1h").counts == (1, 0)
    assert fk.report(again, steps="View > Buy", window="1d").counts == (1, 1)


def test_ids_by_which_users_are_told_apart_can_be_the_difference(log):
    events = [line("ann1", 0, "View"), line("bob1", 5, "Buy"), *EVENTS[:6]]
    found = shrink(log(events), a="columns=user=user_id", b="columns=user=device_id")
    assert {event.columns["device_id"] for event in found.events} == {"d1"}
    assert len(found.events) == 2


def test_settings_and_options_go_by_their_names(log):
    events = [line("ann", 0, "View", page="a"), line("ann", 1, "Buy")]
    found = shrink(log(events), where="city is not Rome", b="is not on missing=fails")
    assert [*found.b.counts.values()] == [(0, 0)]
    found = shrink(log(events), b=["order=exact", "where=2: page is a"])
    assert found.b.reading == "order=exact, where=2: page is a"


def test_times_differ_where_counts_do_not(log):
    found = shrink(log([line("ann", 0.4, "View"), line("ann", 1.6, "Buy")]), b="seconds=round")
    assert [*found.a.counts.values()] == [*found.b.counts.values()] == [(1, 1)]
    assert len(found.events) == 2


def test_groups_and_days_are_compared_too(log):
    # In both readings two users enter, but by other values, or on other days.
    events = [
        line("ann", 0, "View", page="a"),
        line("ann", 5, "View", page="b"),
        line("ann", 8, "Buy"),
    ]
    found = shrink(log(events), group_by="page", b="where=page is b")
    assert len(found.events) >= 1
    late = [line("ann", 11 * 3600, "View"), line("bob", 0, "View")]
    found = shrink(log(late), interval="day", b="timezone=Asia/Tokyo")
    assert [event.user for event in found.events] == ["ann"]


@pytest.mark.parametrize(
    ("said", "error", "words"),
    [
        ({}, fk.DefinitionError, "both readings are the same"),
        ({"b": "window=1h"}, fk.DefinitionError, "both readings are the same"),
        ({"b": "window=2h"}, fk.DataError, "both readings give the same numbers"),
        ({"b": "windov=2h"}, fk.DefinitionError, "Did you mean 'window'"),
        ({"b": "seconds=up"}, fk.DefinitionError, "floor, round"),
        ({"b": "nowhere.toml:x"}, fk.DefinitionError, "nowhere.toml"),
    ],
)
def test_what_cannot_be_shrunk_is_said(log, said, error, words):
    events = [one for one in EVENTS if one["user_id"] != "slow"]
    with pytest.raises(error) as raised:
        shrink(log(events), **said)
    assert words in str(raised.value)


CHANGES = ("window=2s", "order=exact", "order=any", "count_by=totals", "users=new", "unit=session",
           "seconds=round", "resolution=millisecond", "timezone=Asia/Tokyo", "hold=g")  # fmt: skip


@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_without_any_one_event_both_readings_agree(data, tmp_path_factory):
    funnel = data.draw(plain_funnels(PACES[0]))
    change = data.draw(st.sampled_from(CHANGES))
    log = random_log(data.draw(st.integers(0, 2**31)), 12, PACES[0], funnel.timezone)
    folder = tmp_path_factory.mktemp("shrink")
    source = write_log(log, Path(folder, "log.jsonl"))
    try:
        found = fk.shrink(source, funnel=funnel, b=change)
    except fk.FunnelkitError:
        assume(False)  # noqa: FBT003 - they agree, or the definition cannot be changed so
    of_times = found.a.counts == found.b.counts
    lines = render_shrunk(found, format="jsonl").splitlines(keepends=True)

    def differ(some):
        path = folder / "some.jsonl"
        path.write_text("".join(some), encoding="utf-8")
        one, other = (
            fk.report(path, funnel=each.funnel).segments[0] for each in (found.a, found.b)
        )
        if of_times:
            return [s.median_seconds for s in one.steps] != [s.median_seconds for s in other.steps]
        return one.counts != other.counts

    assert differ(lines)
    for place in range(len(lines)):
        rest = lines[:place] + lines[place + 1 :]
        assert not rest or not differ(rest)
    again = fk.shrink(source, funnel=funnel, b=change)
    assert again.to_dict() == found.to_dict()
