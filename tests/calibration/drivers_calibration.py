"""How often does `funnelkit drivers` call an event a driver that is none, and find one that is?

Simulated users enter a funnel, some go on, and all do events that have nothing to do with it, in
worlds that differ in how these events come: evenly, in a burst right after the step, in clumps,
more from some users than from others. Demanded of each world: at most 5 % of such events below
p = 0.05, up to chance, and about 5 % of the answers with any event called a driver.

Run as a program it prints a table: `python tests/calibration/drivers_calibration.py 60`.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl

import funnelkit as fk
from funnelkit.stats.mantel_haenszel import mantel_haenszel
from funnelkit.stats.multiple import adjusted

START = datetime.fromisoformat("2024-01-01T00:00:00")
HOUR = 3_600_000_000
WINDOW_HOURS = 72
INERT = 30
LEVEL = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Users, `converting` of whom go on after `hours_to_convert` on average.

    Everybody does each of 30 inert events at `rate` an hour, and `burst` times soon after the step;
    users differ by a gamma factor of variance `unevenness`; with `clumps` an event brings more of
    its kind within minutes. The data end `last_entry` to 72 hours after users enter, at random.
    `Driver` is one more event that converters do `driver` times as often.
    """

    users: int = 600
    converting: float = 0.25
    hours_to_convert: float = 3.0
    rate: float = 0.05
    burst: float = 0.0
    unevenness: float = 0.0
    clumps: bool = False
    watched_at_least: float = WINDOW_HOURS
    driver: float = 3.0

    def events(self, seed: int) -> pl.DataFrame:
        """Return the events of all users."""
        chance = np.random.default_rng(seed)
        n = self.users
        converts = chance.random(n) < self.converting
        hours = np.minimum(chance.exponential(self.hours_to_convert, n), WINDOW_HOURS - 0.1)
        enter = chance.random(n) * 100
        end = 100 + self.watched_at_least
        rows = [
            (np.arange(n), "A", enter),
            (np.flatnonzero(converts), "B", (enter + hours)[converts]),
        ]
        for number in range(INERT + 1):
            name = f"Inert {number:02}" if number < INERT else "Driver"
            rate = np.full(n, self.rate)
            if name == "Driver":
                rate = np.where(converts, self.driver, 1.0) * max(self.rate, 0.1)
            user, age = self._one(chance, rate)
            rows.append((user, name, enter[user] + age))
        last = pl.DataFrame({"user": [n], "event_type": ["End"], "hour": [float(end)]})
        found = [
            pl.DataFrame({"user": user, "hour": hour}).with_columns(event_type=pl.lit(name))
            for user, name, hour in rows
        ]
        table = pl.concat([*found, last], how="diagonal_relaxed").filter(pl.col("hour") <= end)
        return table.select(
            user_id=pl.format("u{}", "user"),
            event_type="event_type",
            event_time=pl.lit(START) + pl.duration(microseconds=pl.col("hour") * HOUR),
        )

    def _one(self, chance: np.random.Generator, rate: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the users and their hours since the step of one kind of event."""
        n = self.users
        factor = np.ones(n)
        if self.unevenness:
            factor = chance.gamma(1 / self.unevenness, self.unevenness, n)
        user = np.repeat(np.arange(n), chance.poisson(rate * factor * WINDOW_HOURS))
        age = chance.random(len(user)) * WINDOW_HOURS
        if self.burst:
            soon = np.repeat(np.arange(n), chance.poisson(self.burst * factor))
            user = np.concatenate([user, soon])
            age = np.concatenate([age, chance.exponential(0.25, len(soon))])
        if self.clumps:
            times = chance.geometric(0.3, len(user))
            user, age = np.repeat(user, times), np.repeat(age, times)
            age = age + chance.random(len(age)) * 0.05
        return user, age


WORLDS = {
    "evenly": World(),
    "a burst after the step": World(rate=0.02, burst=0.5),
    "uneven users": World(unevenness=2.0),
    "uneven users, a burst": World(rate=0.02, burst=0.5, unevenness=2.0),
    "in clumps": World(clumps=True),
    "few convert, 3 %": World(rate=0.1, burst=0.3, unevenness=1.0, converting=0.03),
    "most convert, 90 %": World(rate=0.3, burst=0.5, unevenness=1.0, clumps=True, converting=0.9),
    "80 users": World(users=80, rate=0.2, burst=0.5, unevenness=1.0),
    "the data end early": World(burst=0.5, unevenness=1.0, watched_at_least=2.0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """What came of one answer.

    Of `judged` inert events, so many were `nominal`, below p = 0.05; `any_call` says whether one of
    them would be called after adjustment, were they all there is; `found` whether the driver was.
    `crude` counts the inert events that a comparison of the plain rates per hour would have had
    below p = 0.05.
    """

    judged: int
    nominal: int
    crude: int
    any_call: bool
    found: bool


def ask(world: World, seed: int) -> Calls:
    """Return what `fk.drivers` says of a world."""
    found = fk.drivers(world.events(seed), steps="A > B", window=f"{WINDOW_HOURS}h", limit=None)
    inert = [row for row in found.rows if row.event.startswith("Inert") and row.p_value is not None]
    hours = [found.converter_hours], [found.drop_off_hours]
    crude = [
        mantel_haenszel([row.converters.events], [row.drop_offs.events], *hours).p_value(
            row.dispersion
        )
        for row in inert
    ]
    drivers = [row for row in found.rows if row.event == "Driver"]
    return Calls(
        judged=len(inert),
        nominal=sum(row.p_value < LEVEL for row in inert),
        crude=sum(p < LEVEL for p in crude),
        any_call=min(adjusted([row.p_value for row in inert]), default=1.0) <= LEVEL,
        found=any(row.call == "more often" for row in drivers),
    )


def main(runs: int) -> None:
    """Print how often inert events and the driver were called, world by world."""
    print("world | inert judged | p < 0.05 | any called | driver found | plain rates p < 0.05")  # noqa: T201
    for name, world in WORLDS.items():
        calls = [ask(world, seed) for seed in range(runs)]
        judged = sum(call.judged for call in calls)
        shares = (
            sum(call.nominal for call in calls) / max(1, judged),
            sum(call.any_call for call in calls) / runs,
            sum(call.found for call in calls) / runs,
            sum(call.crude for call in calls) / max(1, judged),
        )
        print(name, judged, *(f"{100 * share:.1f} %" for share in shares), sep=" | ", flush=True)  # noqa: T201


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 60)
