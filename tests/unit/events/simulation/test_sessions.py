from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelkit.events.simulation import simulate
from funnelkit.events.simulation.draws import Draws, threshold
from funnelkit.events.simulation.sessions import starts


@pytest.mark.parametrize(
    ("asked", "made"),
    [(0, 0), (1, 0), (10, 5), (20, 13), (50, 41), (99, 76), (100, 100), (150, 141), (200, 200)],
)
def test_each_hour_gets_the_whole_part_of_its_share(asked, made):
    store = simulate(sessions_per_day=asked, days=2, seed=3)
    assert [len(part.start) for part in store.sessions] == [2 * made, 2 * made]


def test_thirty_days_of_a_hundred_are_three_thousand_sessions_in_720_slots():
    part = simulate().sessions[0]
    assert len(part.start) == 3000
    assert len(np.unique(part.start)) == 720


def test_all_sessions_of_an_hour_start_at_the_same_millisecond_past_it():
    store = simulate(clock="2020-06-01T09:17:23.456789", days=1)
    first = store.period("pre").filter(store.truth.filter(period="pre")["step"] == 1)["event_time"]
    assert {(t.minute, t.second, t.microsecond) for t in first} == {(17, 23, 456000)}
    assert first[0] == datetime(2020, 5, 30, 9, 17, 23, 456000)  # noqa: DTZ001 - as in the files


def test_fifty_nine_of_a_hundred_sessions_start_from_noon_to_three():
    hours = (simulate(days=1).sessions[0].start // 3_600_000_000) % 24
    assert np.isin(hours, [12, 13, 14]).sum() == 59


def test_hours_are_those_of_the_time_zone():
    local = simulate(days=1, timezone="America/New_York", clock="2026-05-02")
    hours = (local.sessions[1].start // 3_600_000_000) % 24
    assert np.isin(hours, [16, 17, 18]).sum() == 59  # 12 to 14 o'clock there
    assert local.scenario.spans()[1][1] == datetime(2026, 5, 1, 4, tzinfo=UTC)


@pytest.mark.parametrize(("day", "hours"), [("2026-03-30", 23), ("2026-10-26", 25)])
def test_a_day_of_changing_clocks_has_23_or_25_slots(day, hours):
    scenario = simulate(days=1, timezone="Europe/Berlin", clock=day).scenario
    _, start, end = scenario.spans()[1]
    assert len(np.unique(starts(scenario, start, end))) == hours


def test_jitter_spreads_starts_over_so_many_seconds():
    plain, spread = (simulate(days=3, jitter_seconds=seconds).sessions[0] for seconds in (0, 600))
    late = spread.start - plain.start
    assert 0 <= late.min() < 20_000_000
    assert 580_000_000 < late.max() <= 600_000_000
    assert (late % 1000 == 0).all()


def test_jitter_changes_when_but_not_what():
    plain, spread = (simulate(days=3, jitter_seconds=seconds).sessions[0] for seconds in (0, 600))
    for name in ("user", "template", "reach"):
        assert (getattr(plain, name) == getattr(spread, name)).all()


def visitors_one_by_one(coins, picks):
    """Return users as the original's loop finds them: a coin, then anybody who was there before."""
    active, found = 0, []
    for coin, pick in zip(coins, picks, strict=True):
        if coin and active:
            found.append(pick(active))
        else:
            found.append(active)
            active += 1
    return found


@settings(max_examples=30)
@given(seed=st.integers(0, 2**40), share=st.sampled_from([0, 0.1, 0.5, 0.9, 1]))
def test_users_come_as_a_loop_over_sessions_would_have_them(seed, share):
    store = simulate(seed=seed, returning=share, days=2, sessions_per_day=100)
    number = np.arange(sum(len(part.user) for part in store.sessions))
    coins = Draws(seed).stream("returns").happens(number, threshold(share))
    who = Draws(seed).stream("who returns")
    picks = [lambda n, at=at: int(who.below(np.array([at]), n)[0]) for at in number]
    found = np.concatenate([part.user for part in store.sessions]).tolist()
    assert found == visitors_one_by_one(coins, picks)


def test_nobody_returns_with_a_share_of_zero():
    users = simulate(returning=0).events.group_by("user_id").agg(pl.col("event_type").len())
    assert users.height == 6000


def test_half_returning_gives_the_users_of_the_original():
    pre, post = simulate(seed=5, sessions_per_day=2000).sessions
    before, after = set(pre.user.tolist()), set(post.user.tolist())
    # 20 times the original's 1,500, 2,250 and 3,000. A user of the first period comes back with a
    # chance of 1 - exp(-ln 2): a returning session picks one of 30,000 users, then of 60,000.
    assert len(before) == pytest.approx(30_000, rel=0.02)
    assert len(after) == pytest.approx(45_000, rel=0.02)
    assert len(before | after) == pytest.approx(60_000, rel=0.02)
    assert len(before & after) == pytest.approx(15_000, rel=0.02)


def test_gaps_are_whole_seconds_from_30_to_600_and_all_of_them_occur():
    store = simulate(sessions_per_day=1000, seed=9)
    events = store.events.select("event_time").with_columns(store.truth)
    gaps = (
        events.sort("session", "step")
        .with_columns(gap=pl.col("event_time").diff().over("session").dt.total_microseconds())
        .drop_nulls("gap")["gap"]
    )
    assert (gaps % 1_000_000 == 0).all()
    assert (gaps.min(), gaps.max()) == (30_000_000, 600_000_000)
    assert gaps.n_unique() == 571
    assert gaps.mean() == pytest.approx(315e6, rel=0.01)


def test_no_session_leaves_its_period():
    store = simulate(sessions_per_day=200)
    for period, start, end in store.scenario.spans():
        times = store.period(period.name)["event_time"].dt.replace_time_zone("UTC")
        assert start <= times.min()
        assert times.max() < end


def test_events_are_in_the_order_of_time_then_of_production():
    store = simulate(seed=2)
    rows = store.events.select("event_time").with_columns(store.truth).rows(named=True)
    order = [(row["event_time"], row["session"], row["step"]) for row in rows]
    assert all(one < two for one, two in pairwise(order))
    assert [row["event_id"] for row in rows] == list(range(1, len(rows) + 1))
