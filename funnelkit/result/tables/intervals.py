"""Conversion over time (specification A11c)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelkit.result.percent import percent
from funnelkit.result.tables.text_table import TextTable
from funnelkit.result.words import bar, count, sparkline

if TYPE_CHECKING:
    from collections.abc import Iterator

    from funnelkit.model import Funnel, Interval
    from funnelkit.result.series import Series
    from funnelkit.result.views import IntervalResult

BAR = 12
MOST_ROWS = 100
MOST_MARKS = 30
WORDS: dict[Interval, str] = {
    "5min": "5 minutes", "hour": "hour", "day": "day", "week": "week", "month": "month"
}  # fmt: skip


def interval_tables(segment: Series, funnel: Funnel) -> Iterator[TextTable]:
    """Yield a row per interval; and for groups a row for each, with a line of blocks."""
    interval = funnel.measures.interval
    if interval is None or not segment.intervals:
        return
    yield _by_interval(segment, funnel, WORDS[interval])
    if segment.groups:
        yield _by_group(segment, WORDS[interval])


def clock(name: str) -> str:
    """Return the name of an interval as a person reads it: without the offset of its time zone."""
    return name[: len("2026-05-04T13:00")].replace("T", " ")


def _by_interval(segment: Series, funnel: Funnel, word: str) -> TextTable:
    shown = segment.intervals[-MOST_ROWS:]
    most = _most(segment.intervals)
    last = len(segment.steps)
    notes = []
    if len(shown) < len(segment.intervals):
        notes.append(
            f"the last {len(shown)} of {count(len(segment.intervals))}; csv and json have all"
        )
    if funnel.count_by == "uniques":
        notes.append(f"a {funnel.noun} counts in each interval in which it entered")
    if not all(interval.complete for interval in shown):
        notes.append("incomplete: conversions can still follow after the end of the data")
    return TextTable(
        title=f"conversion over time, by {word} of entry",
        heads=(word, f"{funnel.noun}s", f"step {last}", "converted", ""),
        rows=tuple(
            (
                clock(interval.name) + ("" if interval.complete else " (incomplete)"),
                count(interval.series.counts[0]),
                count(interval.series.counts[-1]),
                percent(interval.series.conversion),
                bar((interval.series.conversion or 0) / most if most else 0, BAR),
            )
            for interval in shown
        ),
        bars=True,
        notes=tuple(notes),
    )


def _by_group(segment: Series, word: str) -> TextTable:
    groups = [group for group in segment.groups if group.values]
    most = max((_most(group.intervals) for group in groups), default=0)
    shown = segment.intervals[-MOST_MARKS:]
    return TextTable(
        title=f"conversion over time of each group, {clock(shown[0].name)} to "
        f"{clock(shown[-1].name)}",
        heads=("group", "converted", f"a mark per {word}, up to {percent(most)}"),
        rows=tuple(
            (
                group.name,
                percent(group.conversion),
                sparkline(
                    [interval.series.conversion for interval in group.intervals[-MOST_MARKS:]],
                    most,
                ),
            )
            for group in groups
        ),
        bars=True,
    )


def _most(intervals: tuple[IntervalResult, ...]) -> float:
    return max((interval.series.conversion or 0 for interval in intervals), default=0)
