"""The expected numbers in an answer of `GET /api/2/funnels` (specification B2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from funnelkit.errors import DataError, DefinitionError
from funnelkit.verification.expected import (
    AmplitudeAnswer,
    Expectation,
    ExpectedInterval,
    ExpectedSeries,
    ExpectedTime,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

NOBODY: Final = -1
"""What stands for the time of an interval in which nobody converted (A11b)."""


def is_response(document: object) -> bool:
    """Whether JSON is an answer about a funnel: `data` with steps, in a list or by itself."""
    return bool(_elements(document))


def read_response(document: Mapping[str, Any] | list[Any], *, source: str) -> Expectation:
    """Return the numbers of an answer: per segment and group counts, days, and times.

    Amplitude's averages are cut to milliseconds, its medians approximate. Index 0 of the times is
    the whole funnel; 0 stands there in old answers, and is no time.

    Raises:
        DataError: the answer is an error of Amplitude's, or its shape is not that of a funnel's.
    """
    elements = _elements(document)
    if isinstance(document, list):  # bare: nothing is said of the whole
        document = {"data": document}
    if not elements:
        what = (
            "its data is empty" if document.get("data") in ([], {}) else "it has no cumulativeRaw"
        )
        raise DataError(f"{source} is no answer about a funnel: {what}")
    segments: dict[int, ExpectedSeries] = {}
    groups: dict[int, list[ExpectedSeries]] = {}
    for place, element in enumerate(elements):
        where = f"{source}: data[{place}]"
        meta = element.get("meta")
        index = meta.get("segmentIndex", 0) if isinstance(meta, dict) else 0
        if type(index) is not int or index < 0:
            raise DataError(f"{where}: segmentIndex is no number: {index!r}")
        value = element.get("groupValue") or ""
        try:
            series = _series(element, where)
        except DefinitionError as error:  # counts that rise
            raise DataError(f"{where}: {error}") from None
        if value == "":
            if index in segments:
                raise DataError(f"{where}: a second answer for the segment {index}")
            segments[index] = series
        else:
            groups.setdefault(index, []).append(replace(series, name=_group_name(value)))
    complete = not _flag(document, "hitChunkGroupByLimit")
    for index, found in groups.items():
        whole = segments.get(index, ExpectedSeries())
        segments[index] = replace(whole, groups=tuple(found), all_groups=complete)
    return Expectation(
        segments=tuple(segments.get(index, ExpectedSeries()) for index in range(max(segments) + 1)),
        source=source,
        origin="amplitude",
        labels=_labels(elements[0]),
        answer=read_answer(document),
    )


def _labels(element: Mapping[str, Any]) -> tuple[str, ...]:
    events = element.get("events")
    return tuple(map(str, events)) if isinstance(events, list) else ()


def read_answer(document: Mapping[str, Any]) -> AmplitudeAnswer:
    """Return what an answer says of itself; what it does not say is None."""
    computed = document.get("timeComputed")
    rate = document.get("minSampleRate")
    fetched = None
    if type(computed) is int and 0 < computed < _LAST_MILLISECOND:
        fetched = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=computed)
    return AmplitudeAnswer(
        fetched_at=fetched,
        sample_rate=float(rate) if isinstance(rate, (int, float)) else None,
        pruned=_flag(document, "prunedResult"),
        group_limit_hit=_flag(document, "hitChunkGroupByLimit"),
        realtime_missing=_flag(document, "realtimeDataMissing"),
        freshness=str(document["cacheFreshness"]) if document.get("cacheFreshness") else None,
    )


_LAST_MILLISECOND: Final = 253_402_300_800_000  # the year 10000


def _flag(document: Mapping[str, Any], key: str) -> bool | None:
    """Return whether something is so; lists, as of pruned ids, say so where they hold anything."""
    value = document.get(key)
    return None if value is None else bool(value)


def _elements(document: object) -> list[Mapping[str, Any]]:
    """Return the parts of an answer, also of one whose wrapper was taken off, as by `jq .data`."""
    data = document
    if isinstance(document, dict) and "cumulativeRaw" not in document:
        data = document.get("data")
    elements: list[Any] = data if isinstance(data, list) else [data]
    found: list[Mapping[str, Any]]
    found = [one for one in elements if isinstance(one, dict) and "cumulativeRaw" in one]
    return found if len(found) == len(elements) else []


def _series(element: Mapping[str, Any], where: str) -> ExpectedSeries:
    counts = _counts(element["cumulativeRaw"], f"{where}.cumulativeRaw")
    averages = element.get("avgTransTimes")
    medians = element.get("medianTransTimes")
    return ExpectedSeries(
        counts=counts,
        times=tuple(_times(averages, medians, len(counts), where)),
        intervals=tuple(_intervals(element, len(counts), where)),
        all_intervals=isinstance(element.get("dayFunnels"), dict),
    )


def _intervals(element: Mapping[str, Any], steps: int, where: str) -> Iterator[ExpectedInterval]:
    days = element.get("dayFunnels")
    if not isinstance(days, dict):
        return
    names, series = days.get("xValues"), days.get("series")
    where = f"{where}.dayFunnels"
    if not isinstance(names, list) or not isinstance(series, list) or len(names) != len(series):
        raise DataError(f"{where}: xValues and series are two lists of one length")
    complete = days.get("isComplete")
    averages = _per_interval(element, "dayAvgTransTimes", len(names))
    medians = _per_interval(element, "dayMedianTransTimes", len(names))
    for place, (name, numbers) in enumerate(zip(names, series, strict=True)):
        counts = _counts(numbers, f"{where}.series[{place}]")
        if len(counts) != steps:
            raise DataError(f"{where}.series[{place}]: {len(counts)} counts for {steps} steps")
        known = isinstance(complete, list) and place < len(complete)
        yield ExpectedInterval(
            name=str(name),
            counts=counts,
            times=tuple(_times(averages[place], medians[place], steps, where)),
            complete=bool(complete[place]) if known else None,  # type: ignore[index]
        )


def _per_interval(element: Mapping[str, Any], key: str, length: int) -> Sequence[Any]:
    found = element.get(key)
    series = found.get("series") if isinstance(found, dict) else None
    return series if isinstance(series, list) and len(series) == length else [None] * length


def _times(averages: object, medians: object, steps: int, where: str) -> Iterator[ExpectedTime]:
    """Yield the time of the whole funnel, then that of each step from the one before."""
    for index in range(steps):
        average, median = (_seconds(values, index, where) for values in (averages, medians))
        if average is not None or median is not None:
            step = index + 1 if index else None
            yield ExpectedTime(step=step, average_seconds=average, median_seconds=median)


def _seconds(values: object, index: int, where: str) -> float | None:
    if not isinstance(values, list) or index >= len(values):
        return None
    value = values[index]
    if value is None:  # as -1: nobody converted
        return None
    if type(value) not in {int, float}:
        raise DataError(f"{where}: a time is no number of milliseconds: {value!r}")
    absent = value == NOBODY or (value == 0 and not index and any(values))
    return None if absent else value / 1000


def _counts(values: object, where: str) -> tuple[int, ...]:
    if not isinstance(values, list) or not values:
        raise DataError(f"{where}: expected a list of counts, got {str(values)[:60]}")
    for value in values:
        whole = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not whole or value < 0 or value != int(value):
            raise DataError(f"{where}: a count is a whole number from 0 on, got {value!r}")
    return tuple(map(int, values))


def _group_name(value: object) -> str:
    """Return the name of a group as a report has it: two values as `pro; DE`."""
    return "; ".join(map(str, value)) if isinstance(value, list) else str(value)
