"""From two definitions and some events to a `ComparisonResult`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from funnelkit.comparison.attempts import attempts
from funnelkit.comparison.calendar import calendar
from funnelkit.comparison.cohorts import enter
from funnelkit.comparison.decomposition import decomposition
from funnelkit.comparison.estimate import estimate_of
from funnelkit.comparison.follow_up import follow_up
from funnelkit.comparison.likeness import likeness
from funnelkit.comparison.placebo import placebo
from funnelkit.comparison.randomisation import (
    BothVariants,
    SampleRatio,
    check_property,
    variant_sides,
    variants,
)
from funnelkit.comparison.result import ComparisonResult, SideResult
from funnelkit.comparison.same_people import same_people
from funnelkit.comparison.scatter import scatter
from funnelkit.comparison.self_selection import self_selection
from funnelkit.comparison.sides import EVERYBODY, moment, sides
from funnelkit.comparison.verdict import RANDOMISED, judge
from funnelkit.engine.data_end import stated_end
from funnelkit.engine.doubts import doubts
from funnelkit.engine.entry import Entry
from funnelkit.engine.select import select, time_range
from funnelkit.engine.summarise import series
from funnelkit.errors import DataError, DefinitionError
from funnelkit.events.properties import known_properties
from funnelkit.model import GroupBy
from funnelkit.result import EventsRead
from funnelkit.stats.significance import significance

if TYPE_CHECKING:
    from datetime import date, datetime

    from funnelkit.comparison.cohorts import Cohort, Pair
    from funnelkit.comparison.estimate import Estimate
    from funnelkit.comparison.likeness import Likeness
    from funnelkit.comparison.placebo import Placebo
    from funnelkit.comparison.result import Line
    from funnelkit.comparison.sides import Sides
    from funnelkit.engine.entrants import Entrants
    from funnelkit.engine.rows import StepRows
    from funnelkit.events.table import EventTable
    from funnelkit.model import Funnel, Property


def compare(
    baseline: Funnel,
    against: Funnel,
    table: EventTable,
    *,
    data_end: date | datetime | None = None,
    randomised_by: Property | None = None,
    decompose: Property | None = None,
    source: str = "",
) -> ComparisonResult:
    """Return the comparison of two definitions on the same events.

    The definitions differ in their periods and in the filters (or the one segment) of step 1 only.
    With `randomised_by`, a property of the step-1 event that names the variant each unit was
    assigned to by chance, and with two equal definitions, the sides are the variants. `data_end`
    states up to when there would be events if there were any; by default the last event decides.
    `decompose` splits the difference by a property of the step-1 event.

    Raises:
        DefinitionError: the definitions cannot be compared, or a property is unknown.
        DataError: a side has no entrants.
    """
    extent = time_range(table)
    if extent is None:
        raise DataError("there are no events to compare")
    for by in (randomised_by, decompose):
        if by is not None:
            check_property(by, list(known_properties(table, by.scope)))
    names = ("baseline", "against")
    if randomised_by is not None and baseline == against:
        names = _variants(baseline, randomised_by, table)
        baseline, against = variant_sides(baseline, randomised_by, names)
    if randomised_by is not None and baseline.period != against.period:
        raise DefinitionError(
            "a randomised comparison has one period for both sides: give --from and --to instead "
            "of --baseline and --against"
        )
    asked = sides(baseline, against)
    pair = asked.pair(
        *extent, data_end=stated_end(data_end, timezone=baseline.timezone, last=extent[1])
    )
    rows = select(replace(asked.funnel, group_by=_by(decompose)), table)
    window = baseline.window_microseconds
    counted = enter(rows, pair.baseline, window=window), enter(rows, pair.against, window=window)
    warnings = tuple(doubts(asked.funnel, table, rows.seen))
    _check_entrants(counted, pair, names, warnings)
    later = range(2, rows.steps + 1)
    steps_alike = tuple(estimate_of(*counted, step=step) for step in later)
    alike = steps_alike[-1]
    common = first_entry = None
    if randomised_by is None:
        like = likeness(rows, pair, window=window)
        usual = placebo(rows, pair, window=window, first=extent[0])
        lines = _lines(rows, asked, pair, like, usual)
        verdict = judge(like, usual, scatter=scatter(like.first_entrants, pair.sides))
        common, first_entry = like.common, like.first
    else:
        lines, verdict = _randomised(alike, rows, pair, window=window), RANDOMISED
    return ComparisonResult(
        baseline=_side(names[0], baseline, pair.baseline, counted[0]),
        against=_side(names[1], against, pair.against, counted[1]),
        steps=tuple(replace(found, shared=0, covariance=0.0) for found in steps_alike),
        steps_alike=steps_alike,
        common_follow_up=common,
        first_entry=first_entry,
        significance=significance(alike.baseline, alike.against),
        lines=lines,
        verdict=verdict,
        data_end=pair.data_end,
        events=EventsRead(
            source=source,
            events=table.rows,
            user_column=rows.unit_name,
            step_one_events=rows.step_one,
            step_one_without_user_id=rows.step_one_without_user_id,
        ),
        randomised_by=randomised_by,
        decomposition=(
            None if decompose is None else decomposition(decompose, *counted, labels=rows.labels)
        ),
        warnings=warnings,
        notes=table.notes,
    )


def _side(name: str, funnel: Funnel, cohort: Cohort, entrants: Entrants) -> SideResult:
    labels = [step.label for step in funnel.steps]
    return SideResult(
        name=name,
        funnel=funnel,
        start=cohort.start,
        end=cohort.end,
        series=series(entrants, name=name, events=labels),
    )


def _lines(
    rows: StepRows, asked: Sides, pair: Pair, like: Likeness, usual: Placebo | None
) -> tuple[Line, ...]:
    """Return the lines that matter where nobody was randomised."""
    lines: tuple[Line | None, ...] = (
        follow_up(pair, like),
        attempts(like),
        self_selection(rows, asked, pair, window=like.window),
        same_people(like.counted) if like.counted else None,
        usual,
        calendar(rows, pair, like, timezone=asked.funnel.timezone),
    )
    return tuple(line for line in lines if line is not None)


def _randomised(counted: Estimate, rows: StepRows, pair: Pair, *, window: int) -> tuple[Line, ...]:
    """Return the lines that still matter where chance assigned the variants."""
    baseline, against = counted.baseline.entered, counted.against.entered
    everybody = enter(rows, pair.for_everybody(EVERYBODY).baseline, window=window)
    left_out = len(everybody) - (baseline + against - counted.shared)
    ratio = SampleRatio(baseline=baseline, against=against, left_out=left_out)
    return (ratio, BothVariants(counted=counted)) if counted.shared else (ratio,)


def _variants(funnel: Funnel, by: Property, table: EventTable) -> tuple[str, str]:
    """Read which values the property has among the entries of the funnel."""
    rows = select(replace(funnel, group_by=_by(by)), table)
    start, end = funnel.period.bounds(funnel.timezone)
    found = rows.match(
        Entry(
            window=funnel.window_microseconds,
            segment=0 if funnel.segments else None,
            start=start,
            end=end,
        )
    )
    return variants(by, found, tuple(rows.labels))


def _by(prop: Property | None) -> GroupBy | None:
    return None if prop is None else GroupBy((prop,))


def _check_entrants(
    counted: tuple[Entrants, Entrants],
    pair: Pair,
    names: tuple[str, str],
    warnings: tuple[str, ...],
) -> None:
    why = "".join(f"; {doubt}" for doubt in warnings)
    for name, entrants, side in zip(names, counted, pair.sides, strict=True):
        if not len(entrants):
            raise DataError(
                f"nobody entered the funnel on the side {name!r}, from {moment(side.start)} to "
                f"{moment(side.end)} UTC: there is nothing to compare{why}"
            )
