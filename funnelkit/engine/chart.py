"""A funnel's chart: what is asked of the rows, and the series that the answers make."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from funnelkit.engine.entrants import NOT_REACHED
from funnelkit.engine.entry import Asked, Entry
from funnelkit.engine.intervals import interval_end, interval_name, interval_starts, moment
from funnelkit.engine.labels import SEPARATOR
from funnelkit.engine.pieces import apart, apart_twice, best_of_units, for_series, nobody_of, only
from funnelkit.engine.select import select
from funnelkit.engine.summarise import groups, series
from funnelkit.engine.tally import Tallied
from funnelkit.events.processors import processors
from funnelkit.result import IntervalResult

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from funnelkit.engine.entrants import Entrants
    from funnelkit.engine.rows import StepRows
    from funnelkit.events.table import EventTable
    from funnelkit.model import Funnel
    from funnelkit.result import Series


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """When the events happened: microseconds since 1970 UTC, and up to when there would be any."""

    first: int
    last: int
    data_end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked for one segment: everybody's best conversion, and the best in each interval."""

    name: str
    whole: Entry
    by_interval: Entry | None
    whole_follows: bool
    when: bool

    @property
    def asked(self) -> Asked:
        """What has to be asked of the rows."""
        return Asked(self.whole, self.by_interval, whole_follows=self.whole_follows, when=self.when)


@dataclass(frozen=True, slots=True)
class Chart:
    """One funnel without variants. `extent` is None where no measure of the funnel needs it."""

    funnel: Funnel
    extent: Extent | None

    def read(self, table: EventTable) -> tuple[tuple[Series, ...], StepRows]:
        """Read the events once; return a series per segment, and the rows."""
        questions = self.questions()
        rows = select(self.funnel, table, only=[question.asked for question in questions])
        return tuple(self._answer(question, rows) for question in questions), rows

    def questions(self) -> tuple[Question, ...]:
        """Return one question per segment, or one for everybody."""
        funnel = self.funnel
        start, end = funnel.period.bounds(funnel.timezone)
        everybody = Entry(window=funnel.window_microseconds, start=start, end=end)
        if funnel.has_entry_conditions:
            everybody = replace(everybody, segment=0)
        named = [(f"all {funnel.noun}s", everybody)]
        if funnel.segments:
            named = [
                (segment.name, replace(everybody, segment=number))
                for number, segment in enumerate(funnel.segments)
            ]
        starts = self.interval_starts()
        # In any order the best of the intervals is not the best of all: which events do the other
        # steps, and so its times, depend on where entries are looked for.
        follows = funnel.count_by == "uniques" and not funnel.exclusions and funnel.order != "any"
        return tuple(
            Question(
                name=name,
                whole=entry,
                by_interval=replace(entry, inner=starts[1:]) if starts else None,
                whole_follows=follows,
                when=funnel.measures.by_age,
            )
            for name, entry in named
        )

    def interval_starts(self) -> tuple[int, ...]:
        """Return where the intervals begin that the dates, or else the events, touch."""
        interval = self.funnel.measures.interval
        if interval is None or self.extent is None:
            return ()
        start, end = self.funnel.period.bounds(self.funnel.timezone)
        first = self.extent.first if start is None else start
        last = self.extent.last + 1 if end is None else end
        return interval_starts(interval, self.funnel.timezone, first=first, last=last)

    def _answer(self, question: Question, rows: StepRows) -> Series:
        by_interval = None
        if question.by_interval is not None:
            by_interval = self.counted(rows.match(question.by_interval))

        def whole() -> Series:
            if by_interval is None or not question.whole_follows or rows.has(question.whole):
                entrants = self.counted(rows.match(question.whole))
            else:
                entrants = best_of_units(by_interval)
            return self._with_groups(entrants, question.name, rows.labels)

        if by_interval is None:
            return whole()
        lines = for_series(by_interval, "interval", "label")
        nobody = nobody_of(for_series(lines))
        grouped = self.funnel.group_by is not None
        found, over_time, pieces = _at_once(
            whole,
            lambda: self._in_intervals(apart(for_series(lines), lines.interval), nobody),
            lambda: apart_twice(for_series(lines), lines.label, lines.interval) if grouped else {},
            threads=rows.is_large,
        )
        codes = {tuple(text.split(SEPARATOR)): code for code, text in enumerate(rows.labels)}
        parts = [pieces.get(codes.get(group.values, NOT_REACHED), {}) for group in found.groups]
        by_group = _at_once(
            *(partial(self._in_intervals, part, nobody) for part in parts), threads=rows.is_large
        )
        with_intervals = tuple(
            replace(group, intervals=intervals)
            for group, intervals in zip(found.groups, by_group, strict=True)
        )
        whole_series: Series = replace(found, intervals=over_time, groups=with_intervals)
        return whole_series

    def _with_groups(self, entrants: Entrants, name: str, labels: Sequence[str]) -> Series:
        found = self.series(entrants, name)
        if self.funnel.group_by is None:
            return found
        by_value, values = groups(
            for_series(entrants, "label", "entered", "repeats", "amount"),
            self.funnel,
            labels=labels,
            summarised=self.series,
        )
        return replace(found, groups=by_value, groups_left_out=values - len(by_value))

    @property
    def least_steps(self) -> int:
        """The number of steps without which an entrant does not count at all (A11h, G14)."""
        if self.funnel.settings.historical_count_step_one == "counts":
            return 1
        steps = [k for k, step in enumerate(self.funnel.steps, 1) if step.historical_count]
        return max(steps, default=1)

    def counted(self, entrants: Entrants) -> Entrants:
        """Leave out whom the funnel does not count although they entered."""
        least = self.least_steps
        if least == 1:
            return entrants
        reach: Any = entrants.reach
        keep = [r >= least for r in reach] if isinstance(reach, list) else reach >= least
        return only(entrants, keep)

    def series(self, entrants: Entrants | Tallied, name: str) -> Series:
        """Return the steps of these entrants, with the measures that the funnel asks for."""
        found = series(entrants, name=name, events=[step.label for step in self.funnel.steps])
        return measured(found, entrants, self.funnel, self.extent)

    def _in_intervals(
        self, pieces: Mapping[int, Entrants], nobody: Entrants
    ) -> tuple[IntervalResult, ...]:
        """Return all intervals, of the lines in each; `nobody` are the same columns, empty."""
        counted = {number: self.counts(piece) for number, piece in pieces.items()}
        return self.intervals(counted, nobody=self.counts(nobody))

    def counts(self, entrants: Entrants | Tallied) -> Series:
        """Return the steps of these entrants, as an interval shows them."""
        return series(entrants, name="", events=[step.label for step in self.funnel.steps])

    def intervals(
        self, found: Mapping[int, Series], *, nobody: Series
    ) -> tuple[IntervalResult, ...]:
        """Return every interval of the dates, those in which nobody entered too.

        `found` are the steps of those who entered in an interval, by its number.
        """
        interval = self.funnel.measures.interval
        assert interval is not None and self.extent is not None  # noqa: S101, PT018 - asked for it
        starts = self.interval_starts()
        ends = [*starts[1:], interval_end(starts[-1], interval, self.funnel.timezone)]
        intervals = []
        for number, (start, end) in enumerate(zip(starts, ends, strict=True)):
            name = interval_name(start, interval, self.funnel.timezone)
            intervals.append(
                IntervalResult(
                    name=name,
                    start=moment(start),
                    end=moment(end),
                    complete=self._is_complete(end),
                    series=replace(found.get(number, nobody), name=name),
                )
            )
        return tuple(intervals)

    def _is_complete(self, end: int) -> bool:
        """Tell whether nothing more can arrive for an interval (A11c, G12)."""
        assert self.extent is not None  # noqa: S101 - intervals need it
        if self.funnel.settings.complete_interval == "window over":
            end += self.funnel.window_microseconds
        return self.extent.data_end >= end


def _at_once(*jobs: Callable[[], Any], threads: bool) -> list[Any]:
    """Return what all jobs return, done side by side where threads are worth it."""
    if not threads:
        return [job() for job in jobs]
    with ThreadPoolExecutor(processors()) as pool:
        return [future.result() for future in [pool.submit(job) for job in jobs]]


def measured(
    found: Series, entrants: Entrants | Tallied, funnel: Funnel, extent: Extent | None
) -> Series:
    """Return the series with the measures that the funnel asks for (A11d, e, i)."""
    measures, changes = funnel.measures, dict[str, Any]()
    steps = entrants.steps
    if measures.time_to_convert and steps > 1:
        from funnelkit.engine.distribution import time_to_convert

        pairs = [(k + 1, k + 2, entrants.durations[k]) for k in range(steps - 1)]
        pairs += [(1, steps, entrants.totals)] if steps > 2 else []  # noqa: PLR2004 - more pairs
        changes["time_to_convert"] = tuple(
            time_to_convert(
                durations,
                from_step=from_step,
                to_step=to_step,
                bins=measures.bins,
                window_seconds=funnel.conversion_window.total_seconds(),
                by=funnel.settings.bins,
            )
            for from_step, to_step, durations in pairs
        )
    if entrants.repeats is not None:
        from funnelkit.engine.frequency import frequency

        changes["frequency"] = tuple(
            frequency(times, step=k) for k, times in enumerate(entrants.repeats, 1)
        )
    if entrants.amount is not None:
        amount: Any = entrants.amount
        changes["property_sum"] = math.fsum(amount)
    if measures.by_age and extent is not None and steps > 1:
        from funnelkit.engine.survival import conversion_by_age

        watched = watched_for(entrants, extent.data_end, funnel.window_microseconds)
        changes["by_age"] = conversion_by_age(
            entrants.totals, watched, window=funnel.window_microseconds
        )
    return replace(found, **changes) if changes else found


def watched_for(entrants: Entrants | Tallied, data_end: int, window: int) -> Any:
    """Return for how long those who did not convert were watched, in microseconds."""
    if isinstance(entrants, Tallied):
        return entrants.watched
    entered: Any = entrants.entered
    if isinstance(entrants.reach, list):
        return [
            min(window, max(0, data_end - start))
            for start, reach in zip(entered, entrants.reach, strict=True)
            if reach < entrants.steps
        ]
    import numpy as np

    return np.clip(data_end - entered[entrants.reach < entrants.steps], 0, window)  # type: ignore[operator]
