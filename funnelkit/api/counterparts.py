"""What the series of a report are compared with (specification A11g)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from funnelkit.errors import DefinitionError, did_you_mean, those_there_are
from funnelkit.model import Measures
from funnelkit.result import Counterpart, IntervalDifference, StepDifference

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from funnelkit.model import Funnel, Period
    from funnelkit.result import Series

MOST_PERIODS = 12
MOST_GROUPS = 1000
_PREVIOUS = re.compile(r"previous(?: *: *([0-9]{1,9}))?")
_GROUP = re.compile(r"group (.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ComparedTo:
    """So many `previous` periods, or else the group of this name."""

    previous: int = 0
    group: str | None = None


def parse_compare_to(text: str) -> ComparedTo:
    """Return what `previous`, `previous:2` or `group VALUE` asks for.

    Raises:
        DefinitionError: the text is none of these.
    """
    if (found := _PREVIOUS.fullmatch(text.strip())) is not None:
        number = int(found[1] or 1)
        if not 1 <= number <= MOST_PERIODS:
            raise DefinitionError(f"1 to {MOST_PERIODS} previous periods are shown; got {number}")
        return ComparedTo(previous=number)
    if (found := _GROUP.fullmatch(text.strip())) is not None:
        return ComparedTo(group=found[1].strip())
    raise DefinitionError(
        f"--compare-to takes previous, previous:2 or 'group VALUE'; got {text!r}."
        f"{did_you_mean(text, ['previous'])}"
    )


def check_compared_to(funnel: Funnel, wanted: ComparedTo) -> None:
    """Raise `DefinitionError` where the definition tells that there is nothing to compare with."""
    if wanted.group is not None and funnel.group_by is None:
        raise DefinitionError(
            f"the funnel is not grouped, so there is no group {wanted.group!r} to compare to: "
            "give --group-by"
        )
    period = funnel.period
    if wanted.previous and not period.is_relative and None in {period.start, period.end}:
        raise DefinitionError("to find the period before, give both --from and --to, or --last")


def earlier(funnel: Funnel, number: int) -> Iterator[Funnel]:
    """Yield the funnel in so many periods before, the nearest first, without what is not compared.

    Raises:
        DefinitionError: an end of the period is open.
    """
    group_by = funnel.group_by
    if group_by is not None:
        # A group of the report may be a small one before.
        group_by = replace(group_by, limit=MOST_GROUPS)
    measures = Measures(interval=funnel.measures.interval)
    for _ in range(number):
        period = funnel.period.previous(funnel.timezone)
        funnel = replace(funnel, period=period, measures=measures, group_by=group_by)
        yield funnel


def with_previous(
    series: Sequence[Series], before: Sequence[tuple[Period, Sequence[Series]]]
) -> Iterator[Counterpart]:
    """Yield each series and each group beside itself in the periods before, nearest first.

    `before` holds, period by period, a series for each one of `series`.
    """
    for place, segment in enumerate(series):
        for number, (period, others) in enumerate(before, 1):
            label = "[Previous]" if number == 1 else f"[Previous {number}]"
            other = others[place]
            yield _beside(segment, other, f"{label} {segment.name}", period=period)
            known = {(group.name, group.values): group for group in other.groups}
            for group in segment.groups:
                if not group.values:
                    continue  # those who did not get to the grouped step
                found = known.get((group.name, group.values))
                if found is None and other.groups_left_out:
                    continue  # it may be one of those that are not known
                yield _beside(
                    segment,
                    found or _nobody(group),
                    f"{label} {group.name}",
                    group=group,
                    period=period,
                )


def with_group(series: Sequence[Series], name: str) -> Iterator[Counterpart]:
    """Yield each group beside the one of this name in the same segment.

    Raises:
        DefinitionError: there is no such group.
    """
    everywhere = [group for segment in series for group in segment.groups if group.values]
    names = list(dict.fromkeys(group.name for group in everywhere))
    if name not in names:
        raise DefinitionError(f"there is no group {name!r}.{those_there_are(name, names)}")
    for segment in series:
        groups = [group for group in segment.groups if group.values]
        other = next((group for group in groups if group.name == name), None)
        for group in groups:
            if group is not other:
                yield _beside(segment, other or _nobody(group), name, group=group)


def _beside(
    segment: Series,
    other: Series,
    name: str,
    *,
    group: Series | None = None,
    period: Period | None = None,
) -> Counterpart:
    one = segment if group is None else group
    return Counterpart(
        segment=segment.name,
        group=None if group is None else group.name,
        name=name,
        values=one.values,
        period=period,
        steps=_differences(one, other),
        intervals=tuple(
            IntervalDifference(
                name=now.name,
                start=now.start,
                compared_start=then.start,
                complete=now.complete and then.complete,
                steps=_differences(now.series, then.series),
            )
            # By position, as far as both go: months, or days with a change of clocks, may be more.
            for now, then in zip(one.intervals, other.intervals, strict=False)
        ),
    )


def _differences(one: Series, other: Series) -> tuple[StepDifference, ...]:
    return tuple(
        StepDifference(
            step=now.step,
            event=now.event,
            count=now.count,
            compared_count=then.count,
            conversion=now.conversion_from_start,
            compared_conversion=then.conversion_from_start,
        )
        for now, then in zip(one.steps, other.steps, strict=True)
    )


def _nobody(series: Series) -> Series:
    """Return the series as if nobody had entered."""
    steps = (
        replace(
            step,
            count=0,
            drop_off=0,
            conversion_from_start=None,
            conversion_from_previous=None,
            average_seconds=None,
            median_seconds=None,
        )
        for step in series.steps
    )
    return replace(series, steps=tuple(steps), intervals=())
