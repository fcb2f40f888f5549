"""The Python API: what the command line does, as functions. The only orchestration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from funnelkit.errors import DefinitionError
from funnelkit.result import EventsRead, FunnelResult, Series

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date, datetime, timedelta

    from funnelkit.comparison.result import ComparisonResult
    from funnelkit.engine.chart import Extent
    from funnelkit.engine.rows import StepRows
    from funnelkit.events.table import EventTable
    from funnelkit.model import Funnel, Period, Property, Resolution, Segment, Step, Unit
    from funnelkit.verification.expectation import Verification


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
        extent = _extent(defined, table, data_end)
        defined = _dated(defined, extent)
        charts = [(name, Chart(funnel, extent)) for name, funnel in defined.variants()]
        answers = [(name, *chart.read(table)) for name, chart in charts]
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
            warnings=tuple(_warnings(defined, table, rows, segments)),
            notes=table.notes,
        )


def _extent(
    funnel: Funnel, table: EventTable, data_end: str | date | datetime | None
) -> Extent | None:
    """Return when the events happened, where the definition asks for it."""
    from funnelkit.engine.chart import Extent
    from funnelkit.engine.select import time_range
    from funnelkit.model import Period
    from funnelkit.specs.times import parse_moment

    if not (funnel.period.is_relative or funnel.measures.interval or funnel.measures.by_age):
        return None
    found = time_range(table)
    if found is None:
        return None
    stated = parse_moment(data_end) if isinstance(data_end, str) else data_end
    end = None if stated is None else Period(end=stated).bounds(funnel.timezone)[1]
    return Extent(first=found[0], last=found[1], data_end=found[1] if end is None else end)


def _dated(funnel: Funnel, extent: Extent | None) -> Funnel:
    """Return the funnel with dates for a relative period: today is the day on which data end."""
    from dataclasses import replace

    from funnelkit.engine.intervals import local_day

    if not funnel.period.is_relative or extent is None:
        return funnel
    today = local_day(extent.data_end, funnel.timezone)
    return replace(funnel, period=funnel.period.resolved(today))


def resolve(
    funnel: Funnel | str | None,
) -> tuple[Funnel | None, Mapping[str, str] | None, tuple[int, ...] | None]:
    """Return the funnel that `"FILE:NAME"` names, with the columns and counts of its file."""
    if not isinstance(funnel, str):
        return funnel, None, None
    from funnelkit.specs.files import select_funnel

    entry = select_funnel(funnel)
    return entry.funnel, entry.columns, entry.expect


def _events_read(events: Any, table: EventTable, rows: StepRows) -> EventsRead:
    return EventsRead(
        source=_source(events, table),
        events=table.rows,
        user_column=rows.unit_name,
        step_one_events=rows.step_one,
        step_one_without_user_id=rows.step_one_without_user_id,
    )


def _warnings(
    funnel: Funnel, table: EventTable, rows: StepRows, segments: Sequence[Series]
) -> Iterator[str]:
    """Say what may be wrong with the question, or is missing from the answer."""
    from funnelkit.engine.doubts import undone_steps, unknown_properties

    yield from undone_steps(funnel, table, rows.seen)
    yield from unknown_properties(funnel, table)
    for segment in segments:
        if segment.groups_left_out:
            shown, more = len(segment.groups), segment.groups_left_out
            yield f"{segment.name}: the {shown} largest groups are shown, {more:,} are left out"


def verify(
    events: Any,
    *,
    expect: str | Sequence[int] | None = None,
    funnel: Funnel | str | None = None,
    columns: Mapping[str, str] | str | None = None,
    **definition: Any,
) -> Verification:
    """Compare the counts of a funnel with expected ones, exactly.

    Args:
        events: as for `report`.
        expect: one count per step, `"1177, 638, 448, 417"`; by default those of the funnel file.
        funnel: as for `report`.
        columns: as for `report`.
        definition: the other arguments of `report`; `window` is mandatory here, because Amplitude's
            chart and API do not share a default.

    Raises:
        DefinitionError: the definition or the expectation is wrong, or leaves the window open.
        DataError: the events cannot be read.
    """
    from funnelkit.specs.define import define
    from funnelkit.verification.expectation import Verification, expected_counts

    chosen, file_columns, file_expect = resolve(funnel)
    defined = define(funnel=chosen, **definition)
    wanted = expect if expect is not None else file_expect
    if wanted is None:
        raise DefinitionError('nothing is expected: give --expect "1177, 638", one count per step')
    expected = expected_counts(wanted, defined)
    result = report(events, funnel=defined, columns=columns or file_columns)
    return Verification(result, expected)


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
        definition: the other arguments of `report`: `window`, `timezone`, `unit` …; `from_` and
            `to` are one period for both sides, instead of `baseline` and `against`.

    Returns:
        The result. Shares and differences are fractions; 0.068 is 6.8 points.

    Raises:
        DefinitionError: the sides cannot be compared, or a definition is wrong.
        DataError: the events cannot be read, or a side has no entrants.
    """
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
    one, file_columns, _ = resolve(funnel)
    other = resolve(against_funnel)[0] if against_funnel is not None else one
    both = [*_several(where)]
    sides = [
        _side(chosen, period, {**definition, "steps": steps, "where": [*both, *_several(own)]})
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
        return compare_sides(
            sides[0],
            sides[1],
            table,
            data_end=parse_moment(data_end) if isinstance(data_end, str) else data_end,
            randomised_by=properties[0],
            decompose=properties[1],
            source=_source(events, table),
        )


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


def _several(texts: str | Sequence[str]) -> list[str]:
    return [texts] if isinstance(texts, str) else list(texts)


def _source(events: Any, table: EventTable) -> str:
    return ", ".join(map(str, table.labels)) if table.labels else str(events)


def sql(
    events: Any,
    *,
    funnel: Funnel | str | None = None,
    columns: Mapping[str, str] | str | None = None,
    **definition: Any,
) -> str:
    """Return the funnel as one DuckDB statement that a person can read, change and run.

    It counts what `report` counts, in another way, on Parquet files.

    Args:
        events: Parquet: a path, a glob, a folder, several of them.
        funnel: as for `report`.
        columns: as for `report`.
        definition: the other arguments of `report`.

    Raises:
        UnsupportedError: the funnel cannot be said so, or the events are no Parquet files.
        DefinitionError: the definition is wrong.
        DataError: the events cannot be read.
    """
    from funnelkit.engine.plain_sql import plain_sql
    from funnelkit.errors import UnsupportedError
    from funnelkit.events.sources import open_events
    from funnelkit.events.table import literally
    from funnelkit.specs.define import define

    chosen, file_columns, _ = resolve(funnel)
    defined = define(funnel=chosen, **definition)
    with open_events(events, columns=columns or file_columns) as table:
        read_in_place = set(literally(table.labels))
        if copied := [
            label
            for file, label in zip(table.files, table.labels, strict=True)
            if file not in read_in_place
        ]:
            raise UnsupportedError(
                f"{', '.join(copied)} is not Parquet: funnelkit reads a temporary copy of it, "
                "which the statement could not find"
            )
        return plain_sql(defined, table)
