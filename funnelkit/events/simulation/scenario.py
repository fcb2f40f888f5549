"""The story that a simulation tells: who comes when, along which templates, how far they get.

Frozen records that check themselves; `scenario_files` reads them from TOML.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import accumulate
from operator import mul
from typing import TYPE_CHECKING, Final, Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from funnelkit.errors import DefinitionError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from funnelkit.events.simulation.templates import Properties, Template

Platform = Literal["web", "ios", "android"]

HOUR: Final = 3_600
DAY: Final = 24 * HOUR
PER_CENT: Final = 100
CENTURY: Final = 36_525  # in days
MOST_SESSIONS: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class PeriodPlan:
    """Some days of traffic: the templates that its sessions choose from, and their weights."""

    name: str
    days: int
    templates: tuple[Template, ...]
    weights: tuple[Fraction, ...]

    def __post_init__(self) -> None:
        where = f"period {self.name!r}"
        if not self.name or not self.name.replace("-", "").replace("_", "").isalnum():
            raise DefinitionError(f"{where}: a name has letters, digits, - and _ (it names a file)")
        if self.name == "truth":
            raise DefinitionError(f"{where}: this name belongs to truth.parquet")
        if not 1 <= self.days <= CENTURY:
            raise DefinitionError(f"{where} has {self.days} days; 1 to {CENTURY:,} will do")
        if not self.templates:
            raise DefinitionError(f"{where} has no templates")
        if len(self.weights) != len(self.templates) or min(self.weights) < 0:
            raise DefinitionError(f"{where}: each template needs one weight, 0 or more")
        if not sum(self.weights):
            raise DefinitionError(f"{where}: at least one weight is above 0")

    def shares(self) -> Iterator[tuple[Template, Fraction]]:
        """Yield each template and the share of sessions that follow it."""
        total = sum(self.weights)
        for template, weight in zip(self.templates, self.weights, strict=True):
            yield template, weight / total


@dataclass(frozen=True, slots=True)
class Experiment:
    """Users are assigned to one of two variants; the second one causes a difference.

    `share` is the part of users in the second variant. `uplift` is in points: among the sessions
    that reach `exposure`, the part that reaches `goal` is higher by exactly `uplift` / 100 in the
    second variant, in every period. It acts on the chance to go on after the first `exposure`.
    """

    uplift: Fraction = Fraction(0)
    share: Fraction = Fraction(1, 2)
    exposure: str = "ProductViewed"
    goal: str = "OrderCompleted"
    variants: tuple[str, str] = ("control", "treatment")

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise DefinitionError(f"experiment: share lies between 0 and 1; got {self.share}")
        if self.variants[0] == self.variants[1]:
            raise DefinitionError(f"experiment: both variants are called {self.variants[0]!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Everything about a simulation except its seed.

    `clock` is where the last period ends; a clock without an offset is local to `timezone`, and
    both hours of the day and the clock itself are read in that zone. `hours` are the percentages
    of a day's sessions that start in each local hour; each hour gets the whole part of its share.
    `go_on` is the chance to go on to the second event, the third, …; its last value repeats.
    `gap_seconds` are the shortest and the longest time between two events. `jitter_seconds` moves
    each session's start by up to that much; with 0 all sessions of an hour start together.
    `events` are the properties that events of a name have unless a template says otherwise.
    `returning` is the chance that a session belongs to a user who was there before.
    """

    name: str
    periods: tuple[PeriodPlan, ...]
    events: tuple[tuple[str, Properties], ...] = ()
    clock: datetime
    timezone: str = "UTC"
    sessions_per_day: int = 100
    returning: Fraction = Fraction(1, 2)
    hours: tuple[Fraction, ...]
    go_on: tuple[Fraction, ...]
    gap_seconds: tuple[int, int] = (30, 600)
    jitter_seconds: int = 0
    platform: Platform = "web"
    identify: bool = False
    insert_id: bool = True
    session_id: bool = False
    experiment: Experiment | None = None
    original_bugs: bool = False

    def __post_init__(self) -> None:
        problems = list(self._problems())
        if problems:
            raise DefinitionError(f"scenario {self.name!r}: " + "; ".join(problems))
        if self.experiment is not None:
            for period in self.periods:
                self._factor(period, self.experiment)

    def _problems(self) -> Iterator[str]:
        names = [period.name for period in self.periods]
        if not names:
            yield "it has no periods"
        if len({name.casefold() for name in names}) < len(names):  # they name files
            yield f"two periods have the same name: {', '.join(names)}"
        if self.sessions_per_day < 0:
            yield f"sessions_per_day is 0 or more; got {self.sessions_per_day}"
        if not 0 <= self.returning <= 1:
            yield f"returning is a share from 0 to 1; got {float(self.returning):g}"
        if not self.go_on or not all(0 <= chance <= 1 for chance in self.go_on):
            yield "go_on has at least one chance, each from 0 to 1"
        if self.platform not in get_args(Platform):
            hint = did_you_mean(str(self.platform), get_args(Platform))
            yield f"platform is web, ios or android; got {self.platform!r}.{hint}"
        most = self.sessions_per_day * max((period.days for period in self.periods), default=0)
        if most > MOST_SESSIONS:
            yield f"a period has {most:,} sessions; up to {MOST_SESSIONS:,} will do"
        yield from self._problems_of_time()

    def _problems_of_time(self) -> Iterator[str]:
        if len(self.hours) != DAY // HOUR or min(self.hours) < 0:
            yield f"hours has 24 percentages, 0 or more; got {len(self.hours)} values"
        elif sum(self.hours) != PER_CENT:
            yield f"the 24 percentages of hours add up to {float(sum(self.hours)):g}, not to 100"
        shortest, longest = self.gap_seconds
        if not 0 <= shortest <= longest <= DAY:
            yield f"gap_seconds is a shortest and a longest time, up to a day; {self.gap_seconds}"
        if not 0 <= self.jitter_seconds <= HOUR:
            yield f"jitter_seconds lies between 0 and {HOUR}; got {self.jitter_seconds}"
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            hint = did_you_mean(self.timezone, available_timezones())
            yield f"unknown time zone {self.timezone!r}.{hint}"
            return
        try:
            self.spans()
        except (OverflowError, ValueError):
            yield f"the periods do not lie between the years 1 and 9999: clock {self.clock}"

    @property
    def end(self) -> datetime:
        """The clock as an instant in UTC, in whole milliseconds."""
        moment = self.clock
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=ZoneInfo(self.timezone))
        moment = moment.astimezone(UTC)
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    def spans(self) -> list[tuple[PeriodPlan, datetime, datetime]]:
        """Return each period with its start and end in UTC; the last one ends at the clock.

        Days are local days: one of them has 23 or 25 hours where clocks change.
        """
        zone = ZoneInfo(self.timezone)
        local_end = self.end.astimezone(zone)
        days = sum(period.days for period in self.periods)
        spans = []
        for period in self.periods:
            start = (local_end - timedelta(days=days)).astimezone(UTC)
            days -= period.days
            spans.append((period, start, (local_end - timedelta(days=days)).astimezone(UTC)))
        return spans

    def sessions_of_hour(self, hour: int) -> int:
        """Return how many sessions start in a local hour of the day: the whole part of a share."""
        return int(self.sessions_per_day * self.hours[hour] / PER_CENT)

    @property
    def sessions_of_a_day(self) -> int:
        """How many sessions a day of 24 hours has."""
        return sum(map(self.sessions_of_hour, range(DAY // HOUR)))

    def chances(self, period: PeriodPlan, template: Template, variant: int = 0) -> list[Fraction]:
        """Return the chance to go on to event 2, 3, … of the template, for a variant (0 or 1)."""
        last = self.go_on[-1]
        chances = [
            self.go_on[place] if place < len(self.go_on) else last
            for place in range(len(template.events) - 1)
        ]
        if variant == 1 and self.experiment is not None:
            exposed = template.place(self.experiment.exposure)
            if exposed is not None and exposed < len(chances):
                chances[exposed] *= self._factor(period, self.experiment)
        return chances

    def reach(self, period: PeriodPlan, template: Template, variant: int = 0) -> list[Fraction]:
        """Return the part of the template's sessions that reach each of its events."""
        return list(accumulate(self.chances(period, template, variant), mul, initial=Fraction(1)))

    def _factor(self, period: PeriodPlan, experiment: Experiment) -> Fraction:
        """Return what the second variant multiplies the chance to go on after `exposure` by.

        With the baseline b, the part of exposed sessions that reach the goal, (b + uplift) / b
        moves every such session's chance in proportion, whatever its template.
        """
        exposed = converted = Fraction(0)
        highest = Fraction(0)
        for template, share in period.shares():
            first, goal = template.place(experiment.exposure), template.place(experiment.goal)
            if first is None:
                continue
            reach = self.reach(period, template)
            exposed += share * reach[first]
            if first + 1 < len(reach):
                highest = max(highest, self.chances(period, template)[first])
            if goal is not None and goal > first:
                converted += share * reach[goal]
        if not converted:
            raise DefinitionError(
                f"experiment: no template of period {period.name!r} has {experiment.exposure!r} "
                f"and, later, {experiment.goal!r}"
            )
        baseline = converted / exposed
        factor = 1 + experiment.uplift / 100 / baseline
        if factor < 0 or factor * highest > 1:
            most = (1 / highest - 1) * baseline * 100
            raise DefinitionError(
                f"experiment: an uplift of {float(experiment.uplift):g} points is out of reach; "
                f"the baseline of {float(baseline):.2%} can move by "
                f"{-float(baseline) * 100:.2f} to +{float(most):.2f} points"
            )
        return factor
