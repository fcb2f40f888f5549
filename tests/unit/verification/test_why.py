"""`fk.why`: which other reading gives the expected numbers.

What is expected comes from the exhaustive reference, which shares nothing with the engine.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from reference_funnel import Event, reference, reference_over_time

import funnelkit as fk
from funnelkit.api.why import explain
from funnelkit.specs.define import define
from funnelkit.verification.expected import Expectation, ExpectedInterval, ExpectedSeries

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
START = datetime(2024, 3, 4, tzinfo=UTC)
DAY = 86_400_000_000
PROJECT = {"from_": "2024-03-04", "to": "2024-03-10", "window": "1d"}


@dataclass(frozen=True)
class Logged:
    """An event as it is exported; times are microseconds since the start of the dates."""

    user: str | None
    device: str
    event_type: str
    time: int
    uploaded: int
    insert_id: str
    session: int
    properties: dict


TYPES = ("View", "View", "Add", "Add", "Buy", "Buy", "Scroll")


def drawn(seed=13, users=120):
    """Return a log in which every reading makes a difference."""
    chance = random.Random(seed)
    log = []
    for number in range(users):
        time = chance.randint(-3 * DAY, 8 * DAY)
        known = chance.random() < 0.8
        session = 1
        for _ in range(chance.randint(2, 7)):
            gap = chance.choice([0, 0, 300_000, 300_000, 700_000, 1_000_000, 5_000_000,
                                 3_000_000_000, DAY // 3, DAY // 2, DAY, 8 * DAY])  # fmt: skip
            time += gap + chance.choice([0, 0, 250_000, 600_000])
            session += gap > 1_800_000_000
            known = known or chance.random() < 0.3
            user = f"u{number % 50}" if known else None
            properties = {"page": chance.choice(["home", "search"]), "item": chance.choice("xy")}
            for name in ("page", "item"):
                if chance.random() < 0.25:
                    del properties[name]
            late = chance.choice([0, 0, 3_600_000_000, DAY, 2 * DAY])
            one = Logged(
                user, f"d{number}", chance.choice(TYPES), time,
                time + late + 1_000_000, f"i{len(log)}", session, properties,
            )  # fmt: skip
            log.append(one)
            if chance.random() < 0.1:
                log.append(replace(one, time=time + 2_000_000, uploaded=one.uploaded + 60_000_000))
    return log


LOG = drawn()


def to_reference(
    log, *, user=lambda one: one.user or f"device {one.device}", time=lambda one: one.time
):
    start = (START - EPOCH) // timedelta(microseconds=1)
    return [
        Event(
            user=user(one),
            time=start + time(one),
            event_type=one.event_type,
            event_properties=one.properties,
            session_id=1_000 * int(one.device[1:]) + one.session,
            event_id=number,
        )
        for number, one in enumerate(log)
        if user(one) is not None
    ]


@pytest.fixture(scope="module", name="events")
def _events(tmp_path_factory):
    rows = [
        {
            "user_id": one.user,
            "device_id": one.device,
            "event_type": one.event_type,
            "event_time": START.replace(tzinfo=None) + timedelta(microseconds=one.time),
            "server_upload_time": START.replace(tzinfo=None) + timedelta(microseconds=one.uploaded),
            "$insert_id": one.insert_id,
            "session_id": 1_000 * int(one.device[1:]) + one.session,
            "event_id": number,
            "event_properties": json.dumps(one.properties),
        }
        for number, one in enumerate(LOG)
    ]
    path = tmp_path_factory.mktemp("why") / "events.parquet"
    pl.DataFrame(rows, infer_schema_length=None).write_parquet(path)
    return path


def funnel(**changes):
    return define(**{"steps": "View > Add > Buy", **PROJECT, **changes})


def expected(log, planted):
    """Return totals and days by the reference, for the first segment."""
    answer = reference(log, planted)[0]
    days = reference_over_time(log, planted)
    return Expectation(
        segments=(
            ExpectedSeries(
                counts=answer.counts,
                intervals=tuple(ExpectedInterval(name=n, counts=c) for n, c in days.items()),
                all_intervals=True,
            ),
        ),
        source="the reference",
        interval="day",
    )


def asked(events, expectation, definition):
    return fk.why(events, expect=expectation, funnel=definition)


NEGATIVE = "View[page is not home] > Add > Buy"
CHANGES = [
    ({}, {"window": "30d"}, "window 30d instead of 1d"),
    ({"window": "30d"}, {"window": "1d"}, "window 1d instead of 30d"),
    ({}, {"window": "1h"}, "window 1h instead of 1d"),
    ({}, {"window": "8d4h"}, "window 8d1h instead of 1d (any from 8d"),
    ({}, {"steps": "Add > View > Buy"}, "steps 1 and 2 exchanged"),
    ({}, {"steps": "View > Buy > Add"}, "steps 2 and 3 exchanged"),
    ({"steps": "Views > Add > Buy"}, {"steps": "View > Add > Buy"}, "'View' instead of 'Views'"),
    ({"steps": "View > Add[page is home] > Buy"},
     {"steps": "View[page is home] > Add[page is home] > Buy[page is home]"},
     "the filters of step 2 on every step"),
    ({"steps": "View > Add[page is home and item is x] > Buy"},
     {"steps": "View > Add[item is x] > Buy"}, "step 2 without page is home"),
    ({"steps": "View > Add > Buy[page is home]"}, {"steps": "View > Add > Buy"},
     "step 3 without its filters"),
    ({}, {"timezone": "Asia/Tokyo"}, "days of Asia/Tokyo instead of UTC"),
    ({}, {"timezone": "America/Los_Angeles"}, "days of America/Los_Angeles instead of UTC"),
    ({"timezone": "Europe/Berlin"}, {"timezone": "UTC"}, "days of UTC instead of Europe/Berlin"),
    ({}, {"to": "2024-03-09"}, "the last day left out"),
    ({}, {"from_": "2024-03-03", "to": "2024-03-09"}, "the dates a day earlier"),
    ({}, {"resolution": "millisecond"}, "times compared by milliseconds"),
    ({}, {"count_by": "totals"}, "counted by totals"),
    ({"count_by": "totals"}, {"count_by": "uniques"}, "counted by uniques"),
    ({}, {"unit": "session"}, "sessions counted"),
    ({}, {"order": "any"}, "any order"),
    ({}, {"order": "exact"}, "exact order"),
    ({}, {"users": "new"}, "new users"),
    ({"where": "page is home"}, {"where_every_step": "page is home"}, "step 1 on every step"),
    ({"where_every_step": "page is home"}, "first only", "every step on step 1 only"),
    ({"segment": "s: page is home"}, "segment on all", "the segment's filters on every step"),
    ({"exclude": "Scroll"}, {"exclude": ()}, "without the excluded events"),
    ({"hold": "item"}, {"hold": ()}, "no property held constant"),
    ({}, {"setting": "seconds=round"}, "setting seconds = 'round'"),
    ({"steps": NEGATIVE}, {"setting": "is_not_on_missing=fails"}, "setting is_not_on_missing"),
    ({"hold": "item"}, {"setting": "hold_missing=a value"}, "setting hold_missing"),
    ({"order": "any"}, {"setting": "any_order_steps=any"}, "setting any_order_steps"),
    ({"order": "any", "window": "12h"}, {"setting": "any_order_window=around step 1"},
     "setting any_order_window"),
    ({"order": "any", "steps": "Buy > View", "from_": "2024-03-06", "window": "7d"},
     {"setting": "any_order_before_range=left out"},
     "any_order_before_range"),
    ({"steps": "View > Add[historical count is 2]", "window": "30d"},
     {"setting": "historical_count_step_one=left out"}, "setting historical_count_step_one"),
    ({"order": "exact", "inactive": "Scroll"},
     {"setting": "exact_order_interrupted_by=active events"}, "exact_order_interrupted_by"),
]  # fmt: skip


@pytest.mark.parametrize(("base", "change", "words"), CHANGES, ids=[each[2] for each in CHANGES])
def test_planted_reading_of_the_definition_is_named(events, base, change, words):
    if change == "first only":
        planted = funnel(where="page is home")
    elif change == "segment on all":
        planted = funnel(where_every_step="page is home")
    else:
        planted = funnel(**{**base, **change})
    found = asked(events, expected(to_reference(LOG), planted), funnel(**base))
    assert found.certainty == "cause", (found.words, found.differing)
    assert any(words in one.words for one in found.causes)
    assert len({one.readings[0].family for one in found.causes}) <= 2


def before_the_end(log):
    return [one for one in log if one.time < 7 * DAY]


def first_copies(log):
    return list({one.insert_id: one for one in reversed(log)}.values())[::-1]


EVENTS_READ_OTHERWISE = [
    ({"window": "30d"}, before_the_end, {}, "no step after the last day"),
    ({}, list, {"user": lambda one: one.device}, "users by device_id alone"),
    ({}, list, {"user": lambda one: one.user}, "users by user_id alone"),
    ({}, list, {"time": lambda one: one.uploaded}, "times by server_upload_time"),
    ({"steps": "View > View > Buy", "window": "30d"}, first_copies, {}, "copies of events"),
]


@pytest.mark.parametrize(
    ("base", "some", "how", "words"),
    EVENTS_READ_OTHERWISE,
    ids=[each[3] for each in EVENTS_READ_OTHERWISE],
)
def test_planted_reading_of_the_events_is_named(events, base, some, how, words):
    definition = funnel(**{**base, "count_by": "totals" if some is first_copies else "uniques"})
    found = asked(events, expected(to_reference(some(LOG), **how), definition), definition)
    assert found.certainty == "cause", found.words
    assert words in found.causes[0].words


def test_a_table_that_nobody_imported_is_tried_as_an_import_would_take_it(tmp_path):
    # Seen on a device first, known by a user_id from the second step on, and then elsewhere.
    course = (("View", None, "d"), ("Add", "u", "d"), ("Buy", "u", "e"))
    rows = [
        {
            "user_id": user and f"u{number}",
            "device_id": f"{device}{number}",
            "event_type": kind,
            "event_time": START.replace(tzinfo=None) + timedelta(days=number % 3, minutes=minute),
        }
        for number in range(8)
        for minute, (kind, user, device) in enumerate(course)
    ]
    path = tmp_path / "raw.parquet"
    pl.DataFrame(rows).write_parquet(path)
    days = (("2024-03-04", 3), ("2024-03-05", 3), ("2024-03-06", 2))
    expectation = Expectation(
        segments=(
            ExpectedSeries(
                counts=(8, 8, 8),
                intervals=tuple(ExpectedInterval(name=n, counts=(c, c, c)) for n, c in days),
            ),
        ),
        source="Amplitude",
        interval="day",
    )
    found = asked(path, expectation, funnel())
    assert found.certainty == "cause", found.words
    assert "events as an import takes them" in found.words


def test_events_chosen_by_their_upload_are_named(events):
    uploaded = [one for one in LOG if 0 <= one.uploaded < 7 * DAY]
    planted = funnel(from_=None, to=None)
    found = asked(events, expected(to_reference(uploaded), planted), funnel())
    assert found.certainty == "cause", found.words
    assert "events uploaded in the dates" in found.causes[0].words


PAIRS = [
    ({"window": "30d", "timezone": "Asia/Tokyo"}, {"window 30d", "days of Asia/Tokyo"}),
    ({"count_by": "totals", "window": "7d"}, {"counted by totals", "window 7d"}),
    ({"to": "2024-03-09", "order": "exact"}, {"the last day left out", "exact order"}),
]


@pytest.mark.parametrize(
    ("change", "words"), PAIRS, ids=[" and ".join(sorted(w)) for _, w in PAIRS]
)
def test_two_readings_together_are_named(events, change, words):
    found = asked(events, expected(to_reference(LOG), funnel(**change)), funnel())
    assert found.certainty == "cause", found.words
    first = found.causes[0]
    assert len(first.readings) == 2
    assert all(word in first.words for word in words), first.words


def test_counts_alone_make_a_candidate(events):
    counts = reference(to_reference(LOG), funnel(to="2024-03-09"))[0].counts
    found = fk.why(events, expect=counts, funnel=funnel())
    assert found.certainty == "candidate"
    assert any("the last day left out" in one.words for one in found.causes)
    assert "candidate: " in found.words
    assert "compare days, too" in found.words


def test_readings_that_no_number_tells_apart_stand_together(events):
    planted = expected(to_reference(LOG), funnel(timezone="Asia/Tokyo"))
    found = asked(events, planted, funnel())
    assert [one.words for one in found.causes] == ["days of Asia/Tokyo instead of UTC"]
    tokyo = fk.why(events, expect=planted, funnel=funnel(timezone="Pacific/Palau"))
    assert tokyo.certainty == "nothing differs"
    assert tokyo.search.asked == 1


def test_nothing_is_named_for_random_noise(events):
    chance = random.Random(7)
    log = to_reference(LOG)
    true = expected(log, funnel())
    named = []
    for _ in range(3):
        days = list(true.segments[0].intervals)
        for place in chance.sample(range(len(days)), 3):
            counts = sorted((max(0, count + chance.choice([-2, -1, 1, 2])) for count in
                             days[place].counts), reverse=True)  # fmt: skip
            days[place] = replace(days[place], counts=tuple(counts))
        noisy = replace(true, segments=(replace(true.segments[0], intervals=tuple(days)),))
        found = asked(events, noisy, funnel())
        if found.certainty not in {"none", "nothing differs"}:
            named.append(found.words)
        else:
            assert "none of" in found.words
            assert any("intervals that differ" in words for words in found.where())
    assert named == []


def test_noise_on_every_count_of_every_day_is_not_fitted_by_a_window(events):
    chance = random.Random(11)
    true = expected(to_reference(LOG), funnel())
    named = []
    for off in ([-1, -2], [1, 2], [-1, 1]):
        days = [
            replace(
                day,
                counts=(
                    day.counts[0],
                    *sorted(
                        (
                            min(day.counts[0], max(0, count + chance.choice(off)))
                            for count in day.counts[1:]
                        ),
                        reverse=True,
                    ),
                ),
            )
            for day in true.segments[0].intervals
        ]
        noisy = replace(true, segments=(replace(true.segments[0], intervals=tuple(days)),))
        found = explain(events, funnel=funnel(), expectations=(noisy,), most_pairs=10)
        named += [found.words] if found.certainty != "none" else []
    assert named == []


def test_a_window_that_was_fitted_to_totals_is_a_candidate_with_all_that_do(events):
    log = to_reference(LOG)
    steps = {"steps": "View > Add > Buy > Scroll", "window": "7d"}
    true = expected(log, funnel(**steps | {"window": "9d"}))
    totals = replace(true, segments=(replace(true.segments[0], intervals=()),), interval=None)
    found = asked(events, totals, funnel(**steps))
    assert found.certainty in {"candidate", "none"}
    if found.certainty == "candidate" and found.causes[0].readings[0].fitted:
        assert "it was chosen for that, and only 3 numbers differ" in found.words


def test_suspects_are_the_users_of_a_small_bar_with_too_many(events):
    true = expected(to_reference(LOG), funnel())
    days = list(true.segments[0].intervals)
    place = next(n for n, day in enumerate(days) if 1 < day.counts[1] < 8)
    first, second, *rest = days[place].counts
    days[place] = replace(days[place], counts=(first, second - 1, *rest))
    noisy = replace(true, segments=(replace(true.segments[0], intervals=tuple(days)),))
    found = asked(events, noisy, funnel())
    assert found.certainty == "none"
    (suspects,) = found.suspects
    assert len(suspects.users) == second
    assert f"{days[place].name}, step 2 Add" in suspects.of


def test_to_dict_has_what_was_tried(events):
    found = asked(events, expected(to_reference(LOG), funnel(window="30d")), funnel()).to_dict()
    assert found["schema"] == "funnelkit.why/1"
    assert found["causes"][0]["readings"] == [
        {"family": "window", "words": "window 30d instead of 1d"}
    ]
    assert found["differing"]


def test_nothing_expected_is_an_error(events):
    with pytest.raises(fk.DefinitionError, match="nothing is expected"):
        fk.why(events, funnel=funnel())
