"""The pictures of a report: one per view that was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from funnelkit.charts.age import age_part
from funnelkit.charts.chart import Chart, Part, chart_of
from funnelkit.charts.frequency import frequency_part
from funnelkit.charts.funnel import funnel_part
from funnelkit.charts.groups import groups_part
from funnelkit.charts.over_time import over_time_part
from funnelkit.charts.side_by_side import counterpart_part, segments_part
from funnelkit.charts.times import times_part
from funnelkit.errors import DefinitionError, did_you_mean
from funnelkit.result.percent import percentages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from funnelkit.result import FunnelResult, Series

PICTURES: Final = (
    "steps", "groups", "compared_to", "intervals", "time_to_convert", "frequency", "by_age",
)  # fmt: skip
MOST_PARTS: Final = 6
"""So many segments, or counterparts, are drawn below each other; the tables have all."""


def report_chart(result: FunnelResult, view: str | None = None) -> Chart:
    """Return the picture of a report: all views that were asked for, or one.

    Raises:
        DefinitionError: there is no picture of such a view, or it was not asked for.
    """
    with percentages(result.funnel.settings.percentages):
        found = {name: list(parts_of(result, name)) for name in PICTURES}
        if view is None:
            return chart_of([part for parts in found.values() for part in parts])
        if view not in PICTURES:
            known = ", ".join(PICTURES)
            raise DefinitionError(
                f"a picture is one of {known}; got {view!r}.{did_you_mean(view, PICTURES)}"
            )
        if not found[view]:
            raise DefinitionError(f"the report has no view {view!r}: it was not asked for")
        return chart_of(found[view])


def parts_of(result: FunnelResult, view: str) -> Iterator[Part]:
    """Yield the charts of a view; none where it was not asked for."""
    segments, funnel = result.segments, result.funnel
    if view == "steps":
        if len(segments) > 1 and len({len(segment.steps) for segment in segments}) == 1:
            yield segments_part(segments, funnel)
        else:  # with and without an optional step: bars that are no neighbours
            for segment in segments[:MOST_PARTS]:
                yield funnel_part(segment, funnel, name=_name(result, segment))
    elif view == "compared_to":
        whole = [one for one in result.compared_to if one.group is None] or result.compared_to
        for counterpart in whole[:MOST_PARTS]:
            yield counterpart_part(counterpart)
    else:
        for segment in segments[:MOST_PARTS]:
            yield from _of_segment(segment, result, view)


def _of_segment(segment: Series, result: FunnelResult, view: str) -> Iterator[Part]:
    funnel, name = result.funnel, _name(result, segment)
    groups = [group for group in segment.groups if group.values]
    left = segment.groups_left_out
    if view == "groups" and segment.groups:
        yield groups_part(segment, funnel, name=name)
    elif view == "intervals" and segment.intervals:
        yield over_time_part(
            groups or [segment], funnel, entered=segment, left=left, name=name
        )  # fmt: skip
    elif view == "time_to_convert" and segment.time_to_convert:
        yield times_part(segment.time_to_convert[-1], funnel, name=name)
    elif view == "by_age" and segment.by_age:
        yield age_part(groups or [segment], funnel, left=left, name=name)
    elif view == "frequency":
        for frequency in segment.frequency:
            yield frequency_part(frequency, funnel, name=name)


def _name(result: FunnelResult, segment: Series) -> str:
    """Return the segment's name where it says something."""
    return segment.name if len(result.segments) > 1 or result.funnel.segments else ""
