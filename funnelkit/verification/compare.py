"""A result, held to the expected numbers: every number that somebody expects, one by one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from math import isclose
from typing import TYPE_CHECKING, Final

from funnelkit.errors import DefinitionError, did_you_mean
from funnelkit.verification.checks import Check, Comparison, Measure
from funnelkit.verification.intervals import interval_of
from funnelkit.verification.known_difference import with_known_difference
from funnelkit.verification.settling import why_unsettled
from funnelkit.verification.terms import Terms

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from funnelkit.model import Funnel
    from funnelkit.result import FunnelResult, IntervalResult, Series
    from funnelkit.verification.checks import Metric, Verdict
    from funnelkit.verification.expected import (
        Expectation,
        ExpectedInterval,
        ExpectedSeries,
        ExpectedTime,
    )

MOST_EXACT: Final = 2
"""The median of one or two times is exact in Amplitude's histogram, too (specification A11b)."""

INCOMPLETE: Final = "Amplitude says that it was not complete yet (isComplete)"
SAME_TIME: Final = 1e-9  # seconds
SAME_FRACTION: Final = 1e-12
"""Both sides divide the same two whole numbers; the last bit may be written differently."""


def asked(funnel: Funnel, expectation: Expectation) -> Funnel:
    """Return the funnel with the measures that the expected numbers need.

    Raises:
        DefinitionError: groups are expected of a funnel that is not grouped.
    """
    if expectation.has_groups and funnel.group_by is None:
        raise DefinitionError(
            f"{expectation.source} expects groups, but the funnel has none: say group_by"
        )
    if expectation.has_intervals:
        interval = interval_of(expectation, funnel)
        funnel = replace(funnel, measures=replace(funnel.measures, interval=interval))
    return funnel


def compare(
    expectation: Expectation,
    result: FunnelResult,
    terms: Terms | None = None,
    *,
    now: datetime | None = None,
) -> Comparison:
    """Return every expected number beside the one that was found, with a verdict.

    Args:
        expectation: the expected numbers.
        result: the report of `asked(funnel, expectation)`.
        terms: which differences are allowed; none by default.
        now: today, for a known difference that expires, and for numbers of Amplitude's that do not
            say when they were read, which was not later.

    Raises:
        DefinitionError: the expectation is of other segments, or of more steps, than the report.
    """
    terms = terms or Terms()
    _check_segments(expectation, result)
    for allowance in terms.allowances:
        if allowance.step > len(result.funnel.steps):
            what = "missing_users" if allowance.missing else "extra_users"
            raise DefinitionError(
                f"{what} are allowed at step {allowance.step} of a funnel with "
                f"{len(result.funnel.steps)} steps"
            )
    judge = _Judge(expectation, result, terms, now or datetime.now(UTC))
    checks = [
        check
        for place, expected in enumerate(expectation.segments)
        for check in judge.segment(place, expected)
    ]
    today = (now or datetime.now(UTC)).date()
    return Comparison(checks=tuple(with_known_difference(checks, terms.known_difference, today)))


def _check_segments(expectation: Expectation, result: FunnelResult) -> None:
    """Raise `DefinitionError` where segments of the funnel would be left out unnoticed."""
    names = [segment.name for segment in result.segments]
    current = [one for one in expectation.segments if not one.previous]
    complete = expectation.origin != "typed" or any(one.name is None for one in current)
    if complete and current and len(current) != len(names):
        raise DefinitionError(
            f"{expectation.source} holds the numbers of {len(current)} segments, the funnel has "
            f"{len(names)}: {', '.join(names)}"
        )


class _Judge:
    """Goes through expected numbers and finds each in the result."""

    def __init__(
        self, expectation: Expectation, result: FunnelResult, terms: Terms, now: datetime
    ) -> None:
        self._expectation = expectation
        self._result = result
        self._terms = terms
        fetched = expectation.answer.fetched_at
        if fetched is None and expectation.origin == "amplitude":
            fetched = now  # a CSV does not say when it was read, but not after today
        self._fetched = fetched
        self._unsettled = _why_incomplete(expectation) or why_unsettled(
            result.funnel, terms, fetched
        )
        allowed = set(terms.allow)
        self._doubt = "; ".join(
            f"{words}: allow it by name, {name}"
            for name, words in expectation.answer.doubts()
            if name not in allowed
        )

    def segment(self, place: int, expected: ExpectedSeries) -> Iterator[Check]:
        """Yield the checks of one segment and of its groups."""
        series = self._series(place, expected)
        several = len(self._result.segments) > 1
        named = Measure(metric="count", segment=series.name if several else None)
        if expected.previous:
            yield from self._previous(expected, series, named)
            return
        yield from self._numbers(expected, series, named)
        by_name = {group.name: group for group in series.groups}
        for group in expected.groups:
            measure = replace(named, group=group.name)
            found = by_name.get(group.name or "")
            typed = self._expectation.origin == "typed"
            if found is None and typed and group.name and any(group.counts):
                hint = did_you_mean(group.name, list(by_name))
                yield from self._without(group, measure, f"there is no such group.{hint}")
                continue
            if found is None and series.groups_left_out:
                yield from self._without(group, measure, "it is not among the largest groups")
            else:
                yield from self._numbers(group, found or _nobody(series), measure)
        by = self._result.funnel.group_by
        if expected.all_groups and by is not None and len(expected.groups) < by.most:
            listed = {group.name for group in expected.groups}
            for other in series.groups:
                if other.name not in listed and other.values:
                    measure = replace(named, group=other.name)
                    yield from self._nobody_expected(other, measure, self._unsettled)

    def _series(self, place: int, expected: ExpectedSeries) -> Series:
        segments = self._result.segments
        names = [segment.name for segment in segments]
        if expected.name in names:
            return segments[names.index(expected.name or "")]
        alone = len({one.name for one in self._expectation.segments}) == len(segments) == 1
        if alone:
            return segments[0]
        if expected.name is None:
            return segments[place]
        hint = did_you_mean(expected.name, names) or f" It has {', '.join(names)}."
        raise DefinitionError(
            f"{self._expectation.source} expects a segment {expected.name!r}, which the funnel has "
            f"not.{hint}"
        )

    def _numbers(
        self, expected: ExpectedSeries, series: Series, measure: Measure
    ) -> Iterator[Check]:
        yield from self._counts(expected.counts, series, measure, self._unsettled)
        yield from self._conversion(expected.conversion, series.conversion, measure, None)
        yield from self._times(expected.times, series, measure, self._unsettled)
        by_name = {interval.name: interval for interval in series.intervals}
        for interval in expected.intervals:
            found = by_name.get(_day_name(interval.name))
            yield from self._interval(interval, found, replace(measure, interval=interval.name))
        if expected.all_intervals:
            listed = {_day_name(interval.name) for interval in expected.intervals}
            for name, found in by_name.items():
                if name not in listed and found.series.counts[0]:
                    where = replace(measure, interval=name)
                    yield from self._nobody_expected(found.series, where, self._of(found))

    def _of(self, interval: IntervalResult) -> str | None:
        return why_unsettled(
            self._result.funnel, self._terms, self._fetched, end=interval.end
        )  # fmt: skip

    def _interval(
        self, expected: ExpectedInterval, found: IntervalResult | None, measure: Measure
    ) -> Iterator[Check]:
        if found is None:
            yield from self._without(expected, measure, "the report has no such interval")
            return
        unsettled = INCOMPLETE if expected.complete is False else self._of(found)
        yield from self._counts(expected.counts, found.series, measure, unsettled)
        conversion = found.series.conversion
        yield from self._conversion(expected.conversion, conversion, measure, unsettled)
        yield from self._times(expected.times, found.series, measure, unsettled)

    def _previous(
        self, expected: ExpectedSeries, series: Series, named: Measure
    ) -> Iterator[Check]:
        """Yield the checks of the period before: conversions of intervals, by their place."""
        name = f"[Previous] {series.name}"
        found = {
            interval.name: interval.steps[-1].compared_conversion
            for one in self._result.compared_to
            if one.segment == series.name and one.group is None and one.name == name
            for interval in one.intervals
        }
        for interval in expected.intervals:
            measure = replace(named, interval=interval.name, previous=True)
            value = found.get(_day_name(interval.name))
            yield from self._conversion(interval.conversion, value, measure, self._unsettled)

    def _without(
        self, expected: ExpectedSeries | ExpectedInterval, measure: Measure, reason: str
    ) -> Iterator[Check]:
        """Yield checks that fail, or stay open, because the report has nothing to compare with."""
        unsettled = self._doubt or self._unsettled
        verdict: Verdict = "undecided" if unsettled else "fail"
        for k, count in enumerate(expected.counts, 1):
            one = replace(measure, metric="count", step=k, event=self._event(k))
            yield Check(
                measure=one, expected=count, found=None, verdict=verdict, reason=unsettled or reason
            )
        if expected.conversion is not None and not expected.counts:
            yield Check(
                measure=replace(measure, metric="conversion"),
                expected=expected.conversion,
                found=None,
                verdict=verdict,
                reason=unsettled or reason,
            )

    def _event(self, step: int) -> str | None:
        steps = self._result.segments[0].steps
        return steps[step - 1].event if step <= len(steps) else None

    def _nobody_expected(
        self, series: Series, measure: Measure, unsettled: str | None
    ) -> Iterator[Check]:
        """Yield the check of an interval or a group that should not be there."""
        yield from self._counts((0,) * len(series.steps), series, measure, unsettled)

    def _counts(
        self, expected: Sequence[int], series: Series, measure: Measure, unsettled: str | None
    ) -> Iterator[Check]:
        if expected and len(expected) != len(series.steps):
            raise DefinitionError(
                f"{self._expectation.source} expects {len(expected)} counts, the "
                f"funnel has {len(series.steps)} steps"
            )
        for step, wanted in zip(series.steps, expected, strict=False):
            one = replace(measure, metric="count", step=step.step, event=step.event)
            verdict, reason = self._of_count(wanted, step.count, step.step)
            yield self._check(one, wanted, step.count, verdict, reason, unsettled)

    def _of_count(self, wanted: int, found: int, step: int) -> tuple[Verdict, str | None]:
        difference = found - wanted
        if not difference:
            return "pass", None
        for allowance in self._terms.allowances:
            if allowance.covers(step, difference):
                return "pass", f"allowed: {allowance.reason}"
        if self._terms.fail_over.is_passed_by(difference, wanted):
            return "fail", None
        if self._terms.warn_over.is_passed_by(difference, wanted):
            return "warn", "within fail_over"
        return "pass", "within warn_over"

    def _conversion(
        self, wanted: float | None, found: float | None, measure: Measure, unsettled: str | None
    ) -> Iterator[Check]:
        if wanted is None:
            return
        value = 0.0 if found is None else found  # a CSV has 0 where nobody entered
        same = isclose(wanted, value, rel_tol=SAME_FRACTION, abs_tol=SAME_FRACTION)
        one = replace(measure, metric="conversion")
        unsettled = unsettled or self._unsettled
        yield self._check(one, wanted, found, "pass" if same else "fail", None, unsettled)

    def _times(
        self,
        expected: Sequence[ExpectedTime],
        series: Series,
        measure: Measure,
        unsettled: str | None,
    ) -> Iterator[Check]:
        for time in expected:
            if time.step is not None and not 2 <= time.step <= len(series.steps):  # noqa: PLR2004
                raise DefinitionError(
                    f"{self._expectation.source} expects the time to step {time.step} of a funnel "
                    f"with {len(series.steps)} steps"
                )
            at = series if time.step is None else series.steps[time.step - 1]
            units = series.steps[-1 if time.step is None else time.step - 1].count
            average = time.average_seconds, at.average_seconds
            median = time.median_seconds, at.median_seconds
            exact = units <= MOST_EXACT
            for metric, (wanted, found), within in (
                ("average time", average, time.cut_to),
                ("median time", median, _median_slack(time, exact=exact)),
            ):
                if wanted is None:
                    continue
                name: Metric = metric  # type: ignore[assignment]
                one = replace(measure, metric=name, step=time.step)
                same = found is not None and abs(found - wanted) < within - SAME_TIME
                rounded = same and found != wanted and metric == "median time" and not exact
                reason = f"within {time.median_within:.3g} of the median" if rounded else None
                yield self._check(one, wanted, found, "pass" if same else "fail", reason, unsettled)

    def _check(
        self,
        measure: Measure,
        expected: float,
        found: float | None,
        verdict: Verdict,
        reason: str | None,
        unsettled: str | None,
    ) -> Check:
        open_ = self._doubt or unsettled
        if open_:
            verdict, reason = "undecided", open_
        return Check(
            measure=measure, expected=expected, found=found, verdict=verdict, reason=reason
        )


def _why_incomplete(expectation: Expectation) -> str | None:
    """Return why the whole is not settled, where Amplitude says so of an interval of it."""
    open_ = [
        one.name
        for series in expectation.segments
        for one in series.intervals
        if one.complete is False
    ]
    return f"Amplitude says that {open_[0]} was not complete yet (isComplete)" if open_ else None


def _median_slack(time: ExpectedTime, *, exact: bool) -> float:
    if exact or time.median_seconds is None:
        return time.cut_to
    return max(time.cut_to, time.median_within * time.median_seconds)


def _day_name(name: str) -> str:
    """Return the name of an interval as a report has it: `2026-05-01`, not `2026-05-01T00:00:00`.

    Charts of segmentation write the time of day, too (specification B3).
    """
    return name.removesuffix("T00:00:00")


def _nobody(like: Series) -> Series:
    """Return a group that nobody is in."""
    return replace(
        like,
        steps=tuple(
            replace(step, count=0, average_seconds=None, median_seconds=None) for step in like.steps
        ),
        conversion=None,
        average_seconds=None,
        median_seconds=None,
        groups=(),
        intervals=(),
    )
