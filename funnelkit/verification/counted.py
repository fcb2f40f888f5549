"""The numbers of a result, as something to be expected: what a lock of one's own events holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelkit.verification.expected import (
    Expectation,
    ExpectedInterval,
    ExpectedSeries,
    ExpectedTime,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from funnelkit.result import FunnelResult, Series, StepResult


def expectation_of(result: FunnelResult) -> Expectation:
    """Return counts, groups, times and, if there are intervals, the series of a result."""
    several = len(result.segments) > 1
    return Expectation(
        segments=tuple(_series(one, name=one.name if several else None) for one in result.segments),
        source=result.events.source,
        origin="events",
        interval=result.funnel.measures.interval,
    )


def _series(series: Series, *, name: str | None) -> ExpectedSeries:
    return ExpectedSeries(
        name=name,
        counts=series.counts,
        times=tuple(_times(series)),
        intervals=tuple(
            ExpectedInterval(name=one.name, counts=one.series.counts) for one in series.intervals
        ),
        groups=tuple(_series(group, name=group.name) for group in series.groups),
        all_intervals=bool(series.intervals),
        all_groups=bool(series.groups) and not series.groups_left_out,
    )


def _times(series: Series) -> Iterator[ExpectedTime]:
    parts: list[tuple[int | None, Series | StepResult]] = [(None, series)]
    parts += [(step.step, step) for step in series.steps[1:]]
    for step, at in parts:
        if at.average_seconds is not None:
            yield ExpectedTime(
                step=step,
                average_seconds=at.average_seconds,
                median_seconds=at.median_seconds,
                median_within=0.0,
            )
