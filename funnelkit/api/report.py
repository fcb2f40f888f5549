"""The chart of a funnel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from funnelkit.api.dates import dated, extent_of
from funnelkit.api.sources import resolve, source_of
from funnelkit.result import EventsRead, FunnelResult

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date, datetime, timedelta

    from funnelkit.engine.chart import Chart
    from funnelkit.engine.rows import StepRows
    from funnelkit.events.table import EventTable
    from funnelkit.model import Funnel, Resolution, Segment, Step, Unit
    from funnelkit.result import Series


def report(
    events: Any,
    *,
    steps: str | Sequence[str] | Sequence[Step] | None = None,
    funnel: Funnel | str | None = None,
    where: str | Sequence[str] = (),
    where_every_step: str | Sequence[str] = (),
    segment: str | Sequence[str | Segment] = (),
    from_: str | date | datetime | None = None,
    to: str | date | datetime | None = None,
    timezone: str | None = None,
    window: str | timedelta | None = None,
    unit: Unit | None = None,
    group_by: str | None = None,
    resolution: Resolution | None = None,
    data_end: str | date | datetime | None = None,
    columns: Mapping[str, str] | str | None = None,
) -> FunnelResult:
    """Return what Amplitude's Funnel Analysis chart would say about the events.

    The rules are those of the chart: this order, one count per user, the longest and then the first
    conversion of each (specification A0 to A4, A7, A9 to A11b).

    Args:
        events: Parquet, JSON lines or CSV: a path, a glob, a folder, several of them, or "-" for
            stdin; or a Polars, pandas or Arrow frame.
        steps: `"A > B[price > 20]"`, or one text per step, or records of the model.
        funnel: a `Funnel`, or `"FILE:NAME"` of a funnel file; the other arguments change it.
        where: filters step 1, as Amplitude's `where` under the first event; or `"3: …"`.
        where_every_step: filters every step.
        segment: `"NAME: filter"`, tested at step 1; each segment is a series of its own.
        from_: the first day in which step 1 may happen, in `timezone`; or an instant.
        to: the last day; an instant is exclusive. Later steps may follow within the window.
        timezone: the project's time zone (IANA name); UTC by default.
        window: time from step 1 to the last step, inclusive: `"7d"`; 30 days by default.
        unit: "user", or "session": by `session_id`, else by 30 minutes without an event.
        group_by: a property of the step-1 event of the chosen conversion: `"feature"`.
        resolution: "second" (Amplitude's default) or "millisecond".
        data_end: up to when there would be events if there were any; by default the last event.
        columns: which column is what, where the names do not tell: `{"user": "uid"}`.

    Returns:
        The result: a series of steps per segment, with groups where asked for.

    Raises:
        DefinitionError: the definition is wrong.
        DataError: the events cannot be read.
    """
    from dataclasses import replace

    from funnelkit.engine.chart import Chart
    from funnelkit.events.sources import open_events
    from funnelkit.specs.define import define

    chosen, file_columns, _ = resolve(funnel)
    defined = define(
        funnel=chosen,
        steps=steps,
        where=where,
        where_every_step=where_every_step,
        segment=segment,
        from_=from_,
        to=to,
        timezone=timezone,
        window=window,
        unit=unit,
        group_by=group_by,
        resolution=resolution,
    )
    with open_events(events, columns=columns or file_columns) as table:
        extent = extent_of(defined, table, data_end)
        defined = dated(defined, extent)
        charts = [(name, Chart(funnel, extent)) for name, funnel in defined.variants()]
        answers = [(name, *chart.read(table)) for name, chart in charts]
        read = [(chart, answer[2]) for (_, chart), answer in zip(charts, answers, strict=True)]
        segments = tuple(
            replace(found, name=f"{found.name}, {name}" if name else found.name)
            for name, series, _ in answers
            for found in series
        )
        rows = answers[0][2]
        return FunnelResult(
            funnel=defined,
            segments=segments,
            events=_events_read(events, table, rows),
            warnings=tuple(dict.fromkeys([*_warnings(read, table), *_left_out(segments)])),
            notes=table.notes,
        )


def _events_read(events: Any, table: EventTable, rows: StepRows) -> EventsRead:
    return EventsRead(
        source=source_of(events, table),
        events=table.rows,
        user_column=rows.unit_name,
        step_one_events=rows.step_one,
        step_one_without_user_id=rows.step_one_without_user_id,
    )


def _warnings(charts: Sequence[tuple[Chart, StepRows]], table: EventTable) -> Iterator[str]:
    """Say what may be wrong with the question."""
    from funnelkit.engine.doubts import undone_steps, unknown_events, unknown_properties

    for chart, rows in charts:
        yield from undone_steps(chart.funnel, table, rows.seen)
    for chart, _ in charts:
        yield from unknown_events(chart.funnel, table)
        yield from unknown_properties(chart.funnel, table)
    funnel = charts[0][0].funnel
    if funnel.order == "any" and any(exclusion.between for exclusion in funnel.exclusions):
        yield (
            "in any order an event that is excluded between two steps is excluded between all of "
            "them (specification A1)"
        )


def _left_out(segments: Sequence[Series]) -> Iterator[str]:
    """Say what is missing from the answer."""
    for segment in segments:
        if segment.groups_left_out:
            shown, more = len(segment.groups), segment.groups_left_out
            yield f"{segment.name}: the {shown} largest groups are shown, {more:,} are left out"
