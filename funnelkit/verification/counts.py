"""The counts of a report, each under a name by which two reports can be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from funnelkit.result import Series

Place = tuple[int, tuple[str, ...], str]
"""The segment by its position, the values of the group, and the name of the interval."""


def counts_of(segments: Sequence[Series]) -> Mapping[Place, tuple[int, ...]]:
    """Return the counts of every segment, group and interval in which anybody entered."""
    found: dict[Place, tuple[int, ...]] = {}
    for number, segment in enumerate(segments):
        for one in (segment, *segment.groups):
            values = () if one is segment else one.values or (one.name,)
            found[number, values, ""] = one.counts
            for interval in one.intervals:
                found[number, values, interval.name] = interval.series.counts
    return {place: counts for place, counts in found.items() if any(counts) or not place[2]}


def times_of(segments: Sequence[Series]) -> list[Any]:
    """Return the average and the median times of every step of every segment."""
    return [
        [(step.average_seconds, step.median_seconds) for step in segment.steps]
        for segment in segments
    ]
