"""How often are the intervals right, and how often does the verdict cry wolf? `make calibrate`.

Three questions to `funnelkit.compare`, each on simulated stores of which the truth is known:

* *coverage*: in randomised experiments with no effect and with 5 points, how often does the 95 %
  interval hold the truth? Demanded: 93.5 to 96.5 %.
* *false calls*: where nothing happened between two periods, how often is their difference called
  larger than the usual movement? Demanded: at most 5 %. How often Amplitude's own number (1 - p
  above 95 %) would have made that call stands beside it.
* *power*: how often is a difference found that is really there?

Exit code 1 where a demand is not met.
"""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import funnelkit as fk
from funnelkit.events.simulation import simulate
from funnelkit.model import Period

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from funnelkit.comparison.result import ComparisonResult

STEPS = "ProductViewed > ProductAdded > CheckoutStarted > OrderCompleted"
COVERAGE = (0.935, 0.965)
MOST_FALSE_CALLS = 0.05
COLUMNS = ("user_id", "event_type", "event_time", "event_properties")


def experiment(seed: int, *, uplift: float, sessions_per_day: int = 100) -> ComparisonResult:
    """Return the comparison of the variants of a simulated experiment; `uplift` in points."""
    store = simulate(
        "workshop-experiment", seed=seed, uplift=uplift, sessions_per_day=sessions_per_day
    )
    return fk.compare(
        store.events.select(COLUMNS), steps=STEPS, randomised_by="experimentCorrelationId"
    )


@dataclass(frozen=True, slots=True)
class Quiet:
    """Two periods of a store between which nothing happened.

    The store's `days` have the templates of the workshop's first period throughout. The last
    `after` of these days are compared with the `before` days that precede them.
    """

    name: str
    before: int
    after: int
    days: int = 30
    returning: float = 0.5
    sessions_per_day: int = 100
    window: str = "30d"

    def compare(self, seed: int) -> ComparisonResult:
        """Return the comparison of the two periods in the store of that seed."""
        store = simulate(
            "workshop",
            seed=seed,
            days=self.days,
            returning=self.returning,
            sessions_per_day=self.sessions_per_day,
        )
        events = store.period("pre").select(COLUMNS)
        start = events["event_time"].min() + timedelta(days=self.days - self.before - self.after)
        middle = start + timedelta(days=self.before)
        return fk.compare(
            events,
            steps=STEPS,
            window=self.window,
            baseline=Period(start, middle),
            against=Period(middle, middle + timedelta(days=self.after)),
        )


QUIET = (
    Quiet("halves, 30-day window", 15, 15),
    Quiet("halves, one-day window", 15, 15, window="1d"),
    Quiet("first third against the rest", 10, 20),
    Quiet("first two thirds against the rest", 20, 10),
    Quiet("last week against the week before", 7, 7),
    Quiet("two months, month against month", 30, 30, days=60),
    Quiet("five months, the last against the one before", 30, 30, days=150),
    Quiet("nobody returns, halves", 15, 15, returning=0),
    Quiet("everybody returns often, halves", 15, 15, returning=0.8),
    Quiet("500 sessions a day, halves", 15, 15, sessions_per_day=500),
)


def coverage(uplift: float, seed: int) -> bool:
    """Return whether the interval of an experiment holds the uplift (in points)."""
    return uplift / 100 in experiment(seed, uplift=uplift).lift_alike.interval


def found(seed: int) -> bool:
    """Return whether an experiment's 5 points were told from none."""
    return experiment(seed, uplift=5).lift_alike.interval.lower > 0


def calls(quiet: Quiet, seed: int) -> tuple[bool, bool]:
    """Return whether the verdict, and whether Amplitude's number, calls a difference."""
    result = quiet.compare(seed)
    amplitude = result.significance
    return (
        result.verdict.call == "larger than usual",
        amplitude.judged and (amplitude.value or 0) > 0.95,
    )


def rates(
    ask: Callable[[int], bool | tuple[bool, ...]], seeds: Sequence[int], pool: ProcessPoolExecutor
) -> list[float]:
    """Return the share of seeds for which each answer is yes."""
    answers = [
        answer if isinstance(answer, tuple) else (answer,)
        for answer in pool.map(ask, seeds, chunksize=8)
    ]
    return [sum(column) / len(seeds) for column in zip(*answers, strict=True)]


def lines(experiments: int, placebos: int, pool: ProcessPoolExecutor) -> Iterator[tuple[str, bool]]:
    """Yield each finding in words, and whether it meets the demand."""
    for uplift in (0.0, 5.0):
        (share,) = rates(partial(coverage, uplift), range(experiments), pool)
        demand = f"{COVERAGE[0]:.1%} to {COVERAGE[1]:.1%} of {experiments:,} seeds"
        yield (
            f"the 95 % interval holds an uplift of {uplift:g} points: {share:.2%} ({demand})",
            COVERAGE[0] <= share <= COVERAGE[1],
        )
    (share,) = rates(found, range(min(experiments, placebos)), pool)
    yield f"an uplift of 5 points is told from none: {share:.1%}", share > 0.5
    for quiet in QUIET:
        share, amplitude = rates(partial(calls, quiet), range(placebos), pool)
        text = f"nothing happened, {quiet.name}: called larger than usual {share:.1%}"
        text += f" (Amplitude's number over 95 %: {amplitude:.1%})"
        yield text, share <= MOST_FALSE_CALLS


def main(arguments: Sequence[str] | None = None) -> int:
    """Print every finding; return 1 where a demand is not met."""
    parser = argparse.ArgumentParser(description="Check intervals and verdicts on known truths.")
    parser.add_argument("--experiments", type=int, default=2000, help="seeds per uplift")
    parser.add_argument("--placebos", type=int, default=200, help="seeds per quiet store")
    parser.add_argument("--processes", type=int, default=None)
    options = parser.parse_args(arguments)
    met = True
    with ProcessPoolExecutor(options.processes) as pool:
        for text, holds in lines(options.experiments, options.placebos, pool):
            sys.stdout.write(f"{'ok  ' if holds else 'FAIL'} {text}\n")
            sys.stdout.flush()
            met &= holds
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
