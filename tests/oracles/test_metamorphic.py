"""What must not change an answer, and how it may change: without knowing the right one."""

from __future__ import annotations

import os
import random
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from random_funnels import PACES, all_funnels, random_log, write_log

import funnelkit as fk
from funnelkit.engine import select
from funnelkit.model import ACTIVE_EVENT, ANY_EVENT, NEW_USER_EVENT

EXAMPLES = int(os.environ.get("FUNNELKIT_FUZZ", "8"))
USERS = 20
PSEUDO = {ANY_EVENT, ACTIVE_EVENT, NEW_USER_EVENT}

either_way = pytest.mark.parametrize("small", [True, False], ids=["plain", "compiled"])
some_funnel_and_log = given(data=st.data(), seed=st.integers(0, 2**32), pace=st.sampled_from(PACES))
unhurried = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.filter_too_much,
    ],
)


def answers(funnel, *logs, small):
    """Return the segments of a report on logs that are written to a file each."""
    with (
        tempfile.TemporaryDirectory() as folder,
        patch.object(select, "SMALL", select.SMALL if small else -1),
    ):
        paths = [write_log(log, Path(folder) / f"{n}.jsonl") for n, log in enumerate(logs)]
        return fk.report(paths, funnel=funnel).to_dict()["segments"]


def counts(segments):
    return [[step["count"] for step in segment["steps"]] for segment in segments]


@either_way
@unhurried
@some_funnel_and_log
def test_neither_the_order_of_rows_nor_the_files_they_are_in_matter(small, data, seed, pace):
    funnel = data.draw(all_funnels(pace))
    log = random_log(seed, USERS, pace, funnel.timezone)
    shuffled = random.Random(seed).sample(log, len(log))
    cut = data.draw(st.integers(1, len(log) - 1))
    before = answers(funnel, log, small=small)
    assert answers(funnel, shuffled, small=small) == before
    assert answers(funnel, shuffled[:cut], shuffled[cut:], small=small) == before


@either_way
@unhurried
@some_funnel_and_log
def test_the_names_of_users_do_not_matter(small, data, seed, pace):
    funnel = data.draw(all_funnels(pace))
    log = random_log(seed, USERS, pace, funnel.timezone)
    names = {event.user: f"n{hash((event.user, seed))}" for event in log}
    renamed = [replace(event, user=names[event.user]) for event in log]
    assert answers(funnel, renamed, small=small) == answers(funnel, log, small=small)


@either_way
@unhurried
@some_funnel_and_log
def test_events_that_nobody_asks_for_change_nothing(small, data, seed, pace):
    """But for new users, Any Event, exact order, sessions by rest: there every event matters."""
    funnel = data.draw(all_funnels(pace))
    assume(funnel.order != "exact")
    assume(funnel.users == "active")
    assume(funnel.unit != "session")
    assume(not any(selector.event_type in PSEUDO for selector in funnel.selectors()))
    log = random_log(seed, USERS, pace, funnel.timezone)
    foreign = [
        replace(event, event_type="Foreign", event_id=100 + event.event_id)
        for event in random_log(seed + 1, USERS, pace, funnel.timezone)
    ]
    assert answers(funnel, log + foreign, small=small) == answers(funnel, log, small=small)


@either_way
@unhurried
@some_funnel_and_log
def test_a_wider_window_never_lowers_uniques(small, data, seed, pace):
    funnel = data.draw(all_funnels(pace).filter(lambda funnel: funnel.count_by == "uniques"))
    assume(funnel.settings.historical_count_step_one == "counts")
    wider = replace(funnel, window=funnel.conversion_window + timedelta(seconds=pace.unit_seconds))
    log = random_log(seed, USERS, pace, funnel.timezone)
    narrow = counts(answers(funnel, log, small=small))
    for before, after in zip(narrow, counts(answers(wider, log, small=small)), strict=True):
        assert all(b <= a for b, a in zip(before, after, strict=True))
        assert before[0] == after[0]


@either_way
@unhurried
@some_funnel_and_log
def test_the_parts_of_an_answer_fit_together(small, data, seed, pace):
    """Counts never rise; groups, frequencies and drop-offs add up; intervals may hold more."""
    funnel = data.draw(all_funnels(pace))
    log = random_log(seed, USERS, pace, funnel.timezone)
    for segment in answers(funnel, log, small=small):
        steps = segment["steps"]
        found = [step["count"] for step in steps]
        assert found == sorted(found, reverse=True)
        if "groups" in segment:
            assert found == [sum(each) for each in zip(*counts(segment["groups"]), strict=True)]
        for pair in segment.get("frequency", []):
            assert sum(pair["units_by_times"].values()) == found[pair["step"]]
        for step in steps:
            assert 0 <= step.get("excluded_drop_off", 0) <= step["drop_off"]
        intervals = counts(segment.get("intervals", []))
        if funnel.count_by == "uniques" and intervals:
            assert all(
                sum(each) >= n for each, n in zip(zip(*intervals, strict=True), found, strict=True)
            )


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Two paces of a log in a store of two buckets."""
    folder = tmp_path_factory.mktemp("stored")
    for number, pace in enumerate(PACES):
        path = write_log(random_log(number, 3 * USERS, pace, "UTC"), folder / f"{number}.jsonl")
        fk.import_events(path, store=folder / "store", buckets=2)
    return folder / "store"


@settings(unhurried, max_examples=2 * EXAMPLES)
@given(data=st.data(), pace=st.sampled_from(PACES))
def test_what_reports_keep_of_a_store_changes_none_of_the_others(store, data, pace):
    asked = [data.draw(all_funnels(pace)) for _ in range(2)]
    with patch.object(select, "SMALL", -1):
        for funnel in [*asked, *asked]:
            wanted = fk.report(fk.store(store, cache=False), funnel=funnel).to_dict()["segments"]
            assert fk.report(store, funnel=funnel).to_dict()["segments"] == wanted
