"""Two periods, filters or variants of one funnel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from funnelkit.api.sources import fingerprinted, resolve, several, source_of
from funnelkit.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from funnelkit.comparison.result import ComparisonResult
    from funnelkit.model import Funnel, Period, Property, Step


def compare(
    events: Any,
    *,
    steps: str | Sequence[str] | Sequence[Step] | None = None,
    funnel: Funnel | str | None = None,
    against_funnel: Funnel | str | None = None,
    baseline: str | Period | Sequence[str | date | datetime | None] | None = None,
    against: str | Period | Sequence[str | date | datetime | None] | None = None,
    where: str | Sequence[str] = (),
    baseline_where: str | Sequence[str] = (),
    against_where: str | Sequence[str] = (),
    data_end: str | date | datetime | None = None,
    randomised_by: str | Property | None = None,
    decompose: str | Property | None = None,
    columns: Mapping[str, str] | str | None = None,
    fingerprint: bool = False,
    **definition: Any,
) -> ComparisonResult:
    """Compare two periods, two filters or two variants of one funnel, and say what that shows.

    First come Amplitude's numbers, unchanged; then the reasons why the sides may not be alike, each
    as a number; then one sentence (`docs/compare.md` explains each line and every threshold).

    Args:
        events: as for `report`.
        steps: as for `report`.
        funnel: as for `report`: the definition of the baseline, and of the other side too unless
            `against_funnel` gives one.
        against_funnel: the definition of the other side; it may differ in the period and in the
            filters of step 1 only.
        baseline: the period to compare with, `"2020-04-01..2020-04-30"`, or a pair of dates: days
            are inclusive, an instant at the end is exclusive.
        against: the period that is compared.
        where: filters step 1 on both sides.
        baseline_where: filters step 1 of the baseline only.
        against_where: filters step 1 of the other side only.
        data_end: up to when there would be events if there were any; by default the last event.
        randomised_by: the property of the step-1 event that names the variant to which chance
            assigned each unit: the sides are its two values.
        decompose: a property of the step-1 event by which the difference is split into mix and
            within-group parts.
        columns: as for `report`.
        fingerprint: as for `report`.
        definition: the other arguments of `report`: `window`, `timezone`, `unit` …; `from_` and
            `to` are one period for both sides, instead of `baseline` and `against`.

    Returns:
        The result. Shares and differences are fractions; 0.068 is 6.8 points.

    Raises:
        DefinitionError: the sides cannot be compared, or a definition is wrong.
        DataError: the events cannot be read, or a side has no entrants.
    """
    from dataclasses import replace

    from funnelkit.comparison.compare import compare as compare_sides
    from funnelkit.events.sources import open_events
    from funnelkit.specs.steps import parse_property
    from funnelkit.specs.times import parse_moment

    both_periods = [name for name in ("from_", "to") if definition.get(name) is not None]
    if both_periods and (baseline is not None or against is not None):
        raise DefinitionError(
            f"--{both_periods[0].strip('_')} is for both sides, --baseline and --against are for "
            "one: give the one or the others"
        )
    one, file_columns, _ = resolve(funnel, definition)
    other = resolve(against_funnel, definition)[0] if against_funnel is not None else one
    both = [*several(where)]
    sides = [
        _side(chosen, period, {**definition, "steps": steps, "where": [*both, *several(own)]})
        for chosen, period, own in (
            (one, baseline, baseline_where),
            (other, against, against_where),
        )
    ]
    properties = [
        parse_property(name) if isinstance(name, str) else name
        for name in (randomised_by, decompose)
    ]
    with open_events(events, columns=columns or file_columns) as table:
        result = compare_sides(
            sides[0],
            sides[1],
            table,
            data_end=parse_moment(data_end) if isinstance(data_end, str) else data_end,
            randomised_by=properties[0],
            decompose=properties[1],
            source=source_of(events, table),
        )
        if not fingerprint:
            return result
        return replace(result, events=fingerprinted(result.events, table))


def _side(funnel: Funnel | None, period: Any, definition: dict[str, Any]) -> Funnel:
    """Return the definition of one side; `period` is a text, a `Period` or a pair of dates."""
    from funnelkit.specs.define import define

    if period is not None:
        chosen = _period(period)
        definition |= {"from_": chosen.start, "to": chosen.end}
    return define(funnel=funnel, **definition)


def _period(period: Any) -> Period:
    from datetime import date

    from funnelkit.model import Period
    from funnelkit.specs.times import parse_moment, parse_range

    if isinstance(period, Period):
        return period
    if isinstance(period, str):
        return parse_range(period)
    ends = list(period) if isinstance(period, tuple | list) else []
    if len(ends) != len(("from", "to")) or not all(isinstance(e, str | date | None) for e in ends):
        raise DefinitionError(
            f'a period is "FROM..TO", a pair of dates or a Period; got {period!r}'
        )
    start, end = (parse_moment(end) if isinstance(end, str) else end for end in ends)
    return Period(start, end)
