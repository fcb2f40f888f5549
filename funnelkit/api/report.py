"""The chart of a funnel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from funnelkit.api.dates import dated, extent_of
from funnelkit.api.engines import check_engine, on_this_machine
from funnelkit.api.sources import events_read, fingerprinted, resolve
from funnelkit.errors import UnsupportedError
from funnelkit.result import FunnelResult

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date, datetime
    from typing import Unpack

    from funnelkit.api.counterparts import ComparedTo
    from funnelkit.api.engines import Engine, Reader
    from funnelkit.engine.chart import Chart, Extent
    from funnelkit.engine.rows import StepRows
    from funnelkit.events.table import EventTable
    from funnelkit.model import Funnel
    from funnelkit.result import Counterpart, Series
    from funnelkit.specs.define import Definition


def report(
    events: Any,
    *,
    funnel: Funnel | str | None = None,
    baseline: str | None = None,
    compare_to: str | None = None,
    data_end: str | date | datetime | None = None,
    columns: Mapping[str, str] | str | None = None,
    fingerprint: bool = False,
    engine: Engine = "duckdb",
    master: str | None = None,
    **definition: Unpack[Definition],
) -> FunnelResult:
    """Return what Amplitude's Funnel Analysis chart would say about the events.

    The rules are those of the chart (specification A); `docs/semantics.md` lists them. The
    definition is said in keyword arguments, which take texts as the command line does (or records
    of `funnelkit.model`), or comes from `funnel`, which they change.

    Args:
        events: Parquet, JSON lines or CSV: a path, a glob, a folder, several of them, or "-" for
            stdin; or a Polars, pandas or Arrow frame.
        funnel: a `Funnel`, or `"FILE:NAME"` of a funnel file.
        baseline: the A/B view: the segment, or the group where there is one segment, against which
            the others are judged. Chance must have assigned them.
        compare_to: `"previous"`, the period of equal length before the dates; `"previous:2"`, the
            two before; or `"group VALUE"`.
        data_end: up to when there would be events if there were any; by default the last event.
        columns: which column is what, where the names do not tell: `{"user": "uid"}`.
        fingerprint: read all columns and hash the events: what an HTML report shows. Not on Spark.
        engine: what reads the events: "duckdb" on this machine, or "spark".
        master: the Spark cluster, `"spark://host:7077"`; by default this machine's processors, or
            the session that is running.
        **definition: the funnel, in these words:
            steps: `"A > B[price > 20]"`, or one text per step. A step is an event type or several,
                `"A | B[x is 1]"`; `_all`, `_active` or `_new`; `ce:NAME`; and with
                `[historical count is 2]` only the second time.
            where: filters step 1, as Amplitude's `where` under the first event; or `"3: …"`.
            where_every_step: filters every step.
            where_every_event: events that fail it do not exist.
            window: time from step 1 to the last step, inclusive: `"7d"`; 30 days by default.
                "session" is all of the same session: `[Amplitude] Session ID` held.
            order: "this" (default), "any" or "exact".
            exclude: `"EVENT[filter] | EVENT between 1 and 2"`; between all steps by default.
            optional_step: a step in the middle: the funnel with it, and without.
            compare_event: `"2: B2"`: one more funnel with that event in the place of step 2.
            custom_event: `"NAME = A | B[filter]"`: what steps call `ce:NAME`.
            inactive: an event type that `_active` leaves out.
            resolution: "second" (default) or "millisecond".
            setting: `"NAME=VALUE"`: how a rule is read where Amplitude's documentation is silent.
            count_by: "uniques" (default) or "totals".
            unit: "user", "session" (by `session_id`, else by 30 minutes without an event), or a
                property: `"group.company"`.
            hold: a property that is the same in all steps; each of its values counts by itself.
            users: "active" (default), "new", or "new on first day".
            segment: `"NAME: condition and condition"`, tested at step 1; each segment is a series
                of its own. A condition is a filter, `performed(EVENT) >= 3 in 30d`, or
                `cohort(FILE)`.
            group_by: a property of the step-1 event of the chosen conversion, or `"2: city"`; up to
                two properties of one step.
            group_limit: how many groups are told apart; by default 100, or 500 of two properties.
            from_: the first day in which step 1 may happen, in `timezone`; or an instant.
            to: the last day; an instant is exclusive. Later steps may follow within the window.
            last: `"30d"`: so many whole days and the one that is not over.
            offset: `"7d"`: the last days, moved back by so many.
            exclude_incomplete: leave out the day that is not over.
            exclude_weekday: `"saturday"` or `"sat, sun"`: step 1 does not happen there.
            time_of_day: `"09:00..17:00"`: when step 1 happens.
            timezone: the project's time zone (IANA name); UTC by default.
            interval: conversion over time, by "5min", "hour", "day", "week" or "month".
            time_to_convert: the distribution of the times to convert.
            bins: `"0s..1h/10s"`: that distribution in these bins.
            frequency: how often a step was done before the next.
            sum: a property of the last step's event, to be added up.
            by_age: conversion by the time since step 1.

    Returns:
        The result: a series of steps per segment, with groups where asked for.

    Raises:
        DefinitionError: the definition is wrong, or there is nothing to compare with.
        DataError: the events cannot be read.
    """
    from dataclasses import replace

    from funnelkit.api.ab import check_ab
    from funnelkit.api.counterparts import check_compared_to, parse_compare_to
    from funnelkit.events.sources import open_events
    from funnelkit.specs.define import define

    read_charts = check_engine(engine, master)
    if fingerprint and engine == "spark":
        raise UnsupportedError("--engine spark takes no fingerprint: it would read all columns")
    chosen, file_columns, _ = resolve(funnel, definition)
    defined = define(funnel=chosen, **definition)
    if baseline is not None:
        check_ab(defined, baseline)
    wanted = None if compare_to is None else parse_compare_to(compare_to)
    if wanted is not None:
        check_compared_to(defined, wanted)
    with open_events(events, columns=columns or file_columns) as table, read_charts() as reader:
        result = answer(
            defined,
            table,
            source=events,
            baseline=baseline,
            wanted=wanted,
            data_end=data_end,
            reader=reader,
        )
        if not fingerprint:
            return result
        return replace(result, events=fingerprinted(result.events, table))


def answer(
    funnel: Funnel,
    table: EventTable,
    *,
    source: Any = "",
    baseline: str | None = None,
    wanted: ComparedTo | None = None,
    data_end: str | date | datetime | None = None,
    reader: Reader = on_this_machine,
    doubting: bool = True,
) -> FunnelResult:
    """Return the chart of a funnel of events that are open; `source` is what they were opened of.

    Without `doubting` nothing is said of what may be wrong with the question, which takes a look at
    all events of its own.

    Raises:
        DataError: the events cannot be read.
    """
    from funnelkit.api.ab import ab_view

    extent = extent_of(funnel, table, data_end)
    funnel = dated(funnel, extent)
    segments, read = _series(funnel, extent, table, reader)
    compared_to: tuple[Counterpart, ...] = ()
    doubted = _warnings(read, table) if doubting else ()
    warnings = [*doubted, *_left_out(segments), *_ungrouped(funnel)]
    if wanted is not None:
        compared_to = tuple(_compared(wanted, funnel, segments, extent, table, reader))
        warnings += _before_the_events(compared_to, funnel.timezone, table)
    return FunnelResult(
        funnel=funnel,
        segments=segments,
        events=events_read(source, table, read[0][1], extent=extent),
        ab=None if baseline is None else ab_view(funnel, segments, baseline),
        compared_to=compared_to,
        warnings=tuple(dict.fromkeys(warnings)),
        notes=table.notes,
    )


def series_of(
    funnel: Funnel, table: EventTable, data_end: str | date | datetime | None = None
) -> tuple[Series, ...]:
    """Return only the series of a report, of events that are open."""
    extent = extent_of(funnel, table, data_end)
    return _series(dated(funnel, extent), extent, table, on_this_machine)[0]


def _series(
    funnel: Funnel, extent: Extent | None, table: EventTable, reader: Reader
) -> tuple[tuple[Series, ...], list[tuple[Chart, StepRows]]]:
    """Return the series of every variant, and the charts with the rows that they read."""
    from dataclasses import replace

    from funnelkit.engine.chart import Chart

    found: list[Series] = []
    read = []
    named = [(name, Chart(variant, extent)) for name, variant in funnel.variants()]
    answers = reader([chart for _, chart in named], table)
    for (name, chart), (series, rows) in zip(named, answers, strict=True):
        found += [replace(one, name=f"{one.name}, {name}") if name else one for one in series]
        read.append((chart, rows))
    return tuple(found), read


def _compared(
    wanted: ComparedTo,
    funnel: Funnel,
    segments: Sequence[Series],
    extent: Extent | None,
    table: EventTable,
    reader: Reader,
) -> Iterator[Counterpart]:
    """Read the events of the periods before, if asked for, and set each series beside its like."""
    from funnelkit.api.counterparts import earlier, with_group, with_previous

    if wanted.group is not None:
        return with_group(segments, wanted.group)
    periods = earlier(funnel, wanted.previous)
    return with_previous(
        segments, [(one.period, _series(one, extent, table, reader)[0]) for one in periods]
    )


def _warnings(charts: Sequence[tuple[Chart, StepRows]], table: EventTable) -> Iterator[str]:
    """Say what may be wrong with the question."""
    from funnelkit.engine.doubts import doubts

    for chart, rows in charts:
        yield from doubts(chart.funnel, table, rows.seen)
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
            shown = sum(bool(group.values) for group in segment.groups)
            more = segment.groups_left_out
            yield f"{segment.name}: the {shown} largest groups are shown, {more:,} are left out"


def _ungrouped(funnel: Funnel) -> Iterator[str]:
    """Say why the funnel without its optional step has no groups."""
    by = funnel.group_by
    if by is not None and by.step == funnel.optional_step:
        yield (
            f"the groups are those of step {by.step}, which is optional: the funnel without it has "
            "none"
        )


def _before_the_events(
    compared_to: Sequence[Counterpart], timezone: str, table: EventTable
) -> Iterator[str]:
    """Say which earlier periods the events do not cover."""
    from funnelkit.engine.intervals import moment
    from funnelkit.engine.select import time_range
    from funnelkit.specs.text import format_moment, format_period

    covered = time_range(table)
    for period in dict.fromkeys(one.period for one in compared_to if one.period is not None):
        start, _ = period.bounds(timezone)
        if covered is not None and start is not None and start < covered[0]:
            first = format_moment(moment(covered[0]))
            yield (
                f"the events begin at {first}: the earlier period {format_period(period)} is not "
                "whole"
            )
