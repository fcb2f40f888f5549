"""Drivers against a slow version in plain Python, and the large path against the small one."""

from __future__ import annotations

import random
from bisect import bisect_right
from datetime import datetime, timedelta
from math import inf, sqrt
from statistics import NormalDist

import polars as pl
import pytest

from funnelkit.engine.chart import Chart, Extent
from funnelkit.engine.drivers import find_drivers
from funnelkit.events.sources import open_events
from funnelkit.model import Property
from funnelkit.specs.define import define

START = datetime.fromisoformat("2024-01-01T00:00:00")
HOUR = 3600
WINDOW = 2 * HOUR
BANDS = 20


def some_events(seed, users=60):
    """Return (user, type, value, second): users who begin at any time, some of whom convert."""
    chance = random.Random(seed)
    found = []
    for number in range(users):
        user = f"u{number}"
        begin = chance.randrange(0, 20 * HOUR)
        found.append((user, "A", None, begin))
        if chance.random() < 0.2:
            found.append((user, "A", None, begin + chance.randrange(0, HOUR)))
        if chance.random() < 0.4:
            found.append((user, "B", None, begin + int(chance.expovariate(1 / 1200))))
        for name, rate in (("X", 6), ("Y", 2), ("Z", 0.5)):
            for _ in range(round(chance.gammavariate(1, rate))):
                second = begin + chance.randrange(-600, 3 * HOUR)
                found.append((user, name, chance.choice(["p", "q"]), second))
    return found


def written(events, folder):
    path = folder / "events.parquet"
    pl.DataFrame(
        {
            "user_id": [user for user, *_ in events],
            "event_type": [name for _, name, *_ in events],
            "event_time": [START + timedelta(seconds=second) for *_, second in events],
            "value": [value for _, _, value, _ in events],
        }
    ).write_parquet(path)
    return path


def drivers(path, *, small, between=(1, 2), by=None, data_end=None, **definition):
    funnel = define(**{"steps": "A > B", "window": f"{WINDOW}s", **definition})
    with open_events(path) as table:
        chart = Chart(funnel, Extent(first=0, last=0, data_end=0))
        prop = None if by is None else Property(by)
        end = 2**60 if data_end is None else microseconds(data_end)
        return find_drivers(chart, between, table, by=prop, data_end=end, small=small)


def microseconds(second):
    return (int((START - datetime(1970, 1, 1)).total_seconds()) + second) * 1_000_000  # noqa: DTZ001


# --- the slow version: A > B, users, whole seconds -----------------------------------------------


def watch_slowly(events, data_end):
    """Return user: (converted, start, stop), from the definition."""
    found = {}
    for user in sorted({user for user, *_ in events}):
        mine = [(second, name) for who, name, _, second in events if who == user]
        entries = sorted(second for second, name in mine if name == "A" and second < data_end)
        ends = sorted(second for second, name in mine if name == "B" and second < data_end)
        if not entries:
            continue
        done = [
            (entry, min(end for end in ends if end >= entry))
            for entry in entries
            if any(entry <= end <= entry + WINDOW for end in ends)
        ]
        if done:
            entry, end = done[0]
            found[user] = (1, entry + 1, max(entry + 1, end))
        else:
            stop = min(entries[0] + WINDOW + 1, data_end)
            found[user] = (0, entries[0] + 1, max(entries[0] + 1, stop))
    return found


def row_slowly(watched, events, edges):
    """Return (units, events) of both sides and ratio, dispersion, p and interval of one event."""
    done = {user: [] for user in watched}
    for user, _, _, second in events:
        if user in watched and watched[user][1] <= second < watched[user][2]:
            done[user].append(second - watched[user][1])
    lower = [0, *edges[:-1]]
    times, counts = {}, {}
    for user, (_, start, stop) in watched.items():
        times[user] = [
            max(0, min(stop - start, after) - before)
            for before, after in zip(lower, edges, strict=True)
        ]
        counts[user] = [
            sum(bisect_right(edges, age) == k for age in done[user]) for k in range(len(edges))
        ]
    sides = {
        side: [user for user, (converted, *_) in watched.items() if converted == side]
        for side in (0, 1)
    }
    n = {s: [sum(times[u][k] for u in sides[s]) for k in range(len(edges))] for s in (0, 1)}
    e = {s: [sum(counts[u][k] for u in sides[s]) for k in range(len(edges))] for s in (0, 1)}
    bands = [k for k in range(len(edges)) if n[0][k] and n[1][k]]
    share = {k: n[1][k] / (n[0][k] + n[1][k]) for k in bands}
    one = sum(e[1][k] * (1 - share[k]) for k in bands)
    other = sum(e[0][k] * share[k] for k in bands)
    plain = [
        (sum(bool(done[u]) for u in sides[s]), sum(len(done[u]) for u in sides[s])) for s in (1, 0)
    ]
    if not one + other:
        return plain, None
    variance = sum((e[0][k] + e[1][k]) * share[k] * (1 - share[k]) for k in bands)
    rate = {k: (e[0][k] + e[1][k]) / (one * n[1][k] + other * n[0][k]) for k in bands}
    own, joint = {0: 0.0, 1: 0.0}, 0.0
    for side, level in ((0, other), (1, one)):
        for user in sides[side]:
            rest = {k: counts[user][k] - level * rate[k] * times[user][k] for k in bands}
            weight = {k: share[k] if side == 0 else 1 - share[k] for k in bands}
            own[side] += sum(weight[k] * rest[k] for k in bands) ** 2
            joint += sum(sqrt(share[k] * (1 - share[k])) * rest[k] for k in bands) ** 2
    robust = own[1] * other / one + own[0] * one / other if one and other else 0.0
    dispersion = max(1.0, robust / variance, joint / variance)
    expected = (
        sum((e[0][k] + e[1][k]) * share[k] for k in bands),
        sum((e[0][k] + e[1][k]) * (1 - share[k]) for k in bands),
    )
    if min(expected) < 5 * dispersion:
        return plain, None
    z = (one - other) / sqrt(dispersion * variance)
    return plain, (one / other if other else inf, dispersion, 2 * NormalDist().cdf(-abs(z)))


def edges_slowly(watched):
    ages = sorted(stop - start for converted, start, stop in watched.values() if converted)
    ages = [age for age in ages if age > 0]
    return sorted({ages[-(-k * len(ages) // BANDS) - 1] for k in range(1, BANDS + 1)})


@pytest.mark.parametrize("seed", range(6))
def test_random_events_agree_with_a_slow_version(seed, tmp_path):
    events = some_events(seed, users=200)
    data_end = 18 * HOUR if seed % 2 else 40 * HOUR
    found = drivers(written(events, tmp_path), small=True, data_end=data_end)
    watched = watch_slowly(events, data_end)
    edges = edges_slowly(watched)
    assert found.converters.units == sum(converted for converted, *_ in watched.values())
    judged = 0
    for row in found.rows:
        mine = [event for event in events if event[1] == row.event]
        plain, estimate = row_slowly(watched, mine, edges)
        sides = (row.converters, row.drop_offs)
        assert [(side.units, side.events) for side in sides] == plain
        if estimate is None:
            assert row.p_value is None
        else:
            judged += 1
            assert (row.ratio, row.dispersion, row.p_value) == pytest.approx(estimate, rel=1e-5)
    assert judged >= 2
    assert {row.event for row in found.rows} == {
        name
        for user, name, _, second in events
        if name not in "AB" and user in watched and watched[user][1] <= second < watched[user][2]
    }


CASES = {
    "users": {},
    "by a property": {"by": "value"},
    "an end of the data": {"data_end": 15 * HOUR},
    "three steps": {"steps": "A > Y > B", "between": (1, 3)},
    "from the second step": {"steps": "A > Y > B", "between": (2, 3)},
    "pairs": {"steps": "X > Y", "hold": "value"},
    "excluded events": {"exclude": "Z between 1 and 2"},
    "sessions": {"unit": "session"},
    "filters on every event": {"where_every_event": "value is not q"},
    "milliseconds": {"resolution": "millisecond"},
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_large_inputs_are_answered_like_small_ones(case, tmp_path):
    path = written(some_events(100, users=150), tmp_path)
    small, large = (drivers(path, small=small, **case) for small in (True, False))
    assert small.rows
    assert [plain(row) for row in small.rows] == [plain(row) for row in large.rows]
    assert plain(small.any_event) == plain(large.any_event)
    assert small.between.own_events == large.between.own_events
    assert small.equal_times == large.equal_times


def plain(row):
    numbers = (row.ratio, row.low, row.high, row.p_value, row.adjusted_p, row.dispersion)
    return (
        row.event,
        row.value,
        row.converters,
        row.drop_offs,
        tuple(None if number is None else pytest.approx(number, rel=1e-6) for number in numbers),
    )
