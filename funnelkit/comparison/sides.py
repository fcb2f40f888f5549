"""Two definitions that differ only in their period and in the filters of step 1."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from funnelkit.comparison.cohorts import Cohort, Pair
from funnelkit.errors import DataError, DefinitionError, UnsupportedError
from funnelkit.model import Measures, Period, Segment

if TYPE_CHECKING:
    from funnelkit.model import Filter, Funnel, Step

BASELINE, AGAINST, EVERYBODY = 0, 1, 2
"""The segments of `Sides.funnel`: each side, and everybody without the filters of either."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MUST_AGREE = (
    "steps", "window", "timezone", "order", "unit", "hold", "exclusions", "event_filters",
    "inactive_events", "custom_events", "resolution", "settings",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """What is compared.

    `funnel` has the filters that both sides share in its steps, the others in its segments, and no
    period, so that one reading of the events answers every question. `baseline` and `against` are
    the definitions as they were asked for.
    """

    funnel: Funnel
    baseline: Funnel
    against: Funnel

    @property
    def filters(self) -> tuple[tuple[Filter, ...], tuple[Filter, ...]]:
        """The step-1 filters that belong to one side only."""
        return self.funnel.segments[BASELINE].filters, self.funnel.segments[AGAINST].filters

    def pair(self, first: int, last: int, *, data_end: int | None = None) -> Pair:
        """Return both cohorts, cut to the data from `first` to `last` (microseconds).

        Raises:
            DataError: a period lies outside the data.
        """
        end = last + 1 if data_end is None else data_end
        cohorts = []
        for segment, side in enumerate((self.baseline, self.against)):
            start, stop = side.period.bounds(side.timezone)
            start = first if start is None else max(start, first)
            stop = end if stop is None else min(stop, end)
            if start >= stop:
                side_name = ("baseline", "against")[segment]
                raise DataError(
                    f"the period of the side {side_name!r} lies outside the data; "
                    f"the data runs from {moment(first)} to {moment(end - 1)} UTC"
                )
            cohorts.append(Cohort(start, stop, segment))
        return Pair(cohorts[BASELINE], cohorts[AGAINST], end)


def moment(microseconds: int) -> str:
    """Return an instant as text, to the second: 2020-04-02T09:17:23."""
    instant = EPOCH + timedelta(microseconds=microseconds)
    return instant.replace(microsecond=0, tzinfo=None).isoformat()


def sides(baseline: Funnel, against: Funnel) -> Sides:
    """Return what two definitions have in common, and what they do not.

    Raises:
        DefinitionError: they differ in more than the period and the filters of step 1, or in
            nothing, or their periods overlap.
    """
    if len(baseline.steps) < 2:  # noqa: PLR2004 - step 1 alone is always 100 %
        raise DefinitionError("a comparison needs a funnel of at least 2 steps")
    for side in (baseline, against):
        _check_asked(side)
    found = own_filters(baseline, against)
    _check(baseline, against)
    one, other = found.filters
    _check_periods(baseline, against, same=set(one) == set(other))
    return found


def own_filters(baseline: Funnel, against: Funnel) -> Sides:
    """Return two definitions with the filters of step 1 that belong to one side set apart.

    Raises:
        DefinitionError: they begin with different steps, or a side has several segments.
    """
    first_step, own = _common_first_step(baseline.steps[0], against.steps[0])
    segments = (
        Segment("baseline", own[BASELINE] + _segment(baseline)),
        Segment("against", own[AGAINST] + _segment(against)),
        Segment("everybody"),
    )
    funnel = replace(
        baseline,
        steps=(first_step, *baseline.steps[1:]),
        segments=segments,
        period=Period(),
        group_by=None,
        measures=Measures(),
        name=None,
    )
    return Sides(funnel=funnel, baseline=baseline, against=against)


def _check(baseline: Funnel, against: Funnel) -> None:
    for name in MUST_AGREE:
        one, other = (_comparable(side, name) for side in (baseline, against))
        if one != other:
            raise DefinitionError(
                "two sides of a comparison differ in their periods and in the filters of step 1 "
                f"only; these differ in {name}: {_words(one)} and {_words(other)}"
            )


def _check_asked(funnel: Funnel) -> None:
    """Refuse what cannot be compared: each line of the comparison looks at entries one by one."""
    segments = funnel.segments
    asked = {
        "totals: the same unit would stand on a side several times": funnel.count_by != "uniques",
        "new users only": funnel.users != "active",
        "weekdays or times of day": funnel.period.is_broken,
        "the last days: give dates": funnel.period.is_relative,
        "a historical count": any(step.historical_count for step in funnel.steps),
        "an optional step or compared events": len(funnel.variants()) > 1,
        "performed events or cohorts": any(one.performed or one.cohorts for one in segments),
    }
    if refused := [what for what, is_asked in asked.items() if is_asked]:
        raise UnsupportedError(f"a comparison does not know {'; nor '.join(refused)}")


def _comparable(funnel: Funnel, name: str) -> Any:
    if name == "steps":
        return funnel.steps[1:]
    return funnel.conversion_window if name == "window" else getattr(funnel, name)


def _words(value: Any) -> str:
    if isinstance(value, tuple):
        return " > ".join(getattr(part, "label", None) or str(part) for part in value) or "nothing"
    return str(value)


def _segment(funnel: Funnel) -> tuple[Filter, ...]:
    if len(funnel.segments) > 1:
        names = ", ".join(segment.name for segment in funnel.segments)
        raise DefinitionError(f"a side of a comparison has one segment at most; got {names}")
    return funnel.segments[0].filters if funnel.segments else ()


def _common_first_step(
    baseline: Step, against: Step
) -> tuple[Step, tuple[tuple[Filter, ...], tuple[Filter, ...]]]:
    """Return step 1 with the filters that both sides share, and the filters of each side alone."""
    types = [[event.event_type for event in step.events] for step in (baseline, against)]
    if types[0] != types[1]:
        raise DefinitionError(
            f"both sides of a comparison begin with the same step; got {baseline.label!r} and "
            f"{against.label!r}"
        )
    shared = []
    own: list[set[tuple[Filter, ...]]] = [set(), set()]
    for one, other in zip(baseline.events, against.events, strict=True):
        common = tuple(filter_ for filter_ in one.filters if filter_ in other.filters)
        shared.append(replace(one, filters=common))
        for side, event in enumerate((one, other)):
            own[side].add(tuple(f for f in event.filters if f not in common))
    if max(map(len, own)) > 1:
        raise UnsupportedError(
            "the alternatives of step 1 have different filters of their own on the two sides; "
            "filter all alternatives alike"
        )
    return replace(baseline, events=tuple(shared)), (own[0].pop(), own[1].pop())


def _check_periods(baseline: Funnel, against: Funnel, *, same: bool) -> None:
    """Refuse periods that are missing or overlap although everything else is the same."""
    if not same:
        return
    missing = [side.period == Period() for side in (baseline, against)]
    if all(missing):
        raise DefinitionError(
            "both sides select the same entries: give them periods (--baseline FROM..TO --against "
            "FROM..TO), or filters of their own (--baseline-where, --against-where)"
        )
    if any(missing):
        there, name = ("against", "baseline") if missing[BASELINE] else ("baseline", "against")
        raise DefinitionError(
            f"the side {there!r} has a period and the side {name!r} has none: give --{name} "
            "FROM..TO as well"
        )
    if words := _overlap(baseline, against):
        raise DefinitionError(
            f"the two periods overlap {words}, where an entry would be on both sides: give "
            "periods that do not overlap, or filters of their own"
        )


def _overlap(baseline: Funnel, against: Funnel) -> str:
    """Return when both periods run, in days or instants of the project's zone; or nothing."""
    bounds = [side.period.bounds(side.timezone) for side in (baseline, against)]
    start = max((start for start, _ in bounds if start is not None), default=None)
    end = min((end for _, end in bounds if end is not None), default=None)
    if start is not None and end is not None and start >= end:
        return ""
    zone = ZoneInfo(baseline.timezone)
    whole_days = not any(
        isinstance(bound, datetime)
        for side in (baseline, against)
        for bound in (side.period.start, side.period.end)
    )

    def local(microseconds: int, *, last: bool = False) -> str:
        instant = EPOCH + timedelta(microseconds=microseconds - last)
        shown = instant.astimezone(zone)
        return f"{shown:%Y-%m-%d}" if whole_days else f"{shown:%Y-%m-%dT%H:%M:%S}"

    if start is None:
        return f"until {local(end, last=whole_days)}" if end is not None else "everywhere"
    if end is None:
        return f"from {local(start)} on"
    first, last = local(start), local(end, last=whole_days)
    return f"on {first}" if first == last else f"from {first} to {last}"
