"""A report as text for a terminal of 80 columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelkit.render.definition import definition, events_read
from funnelkit.render.words import (
    LINE,
    bar,
    count,
    duration,
    fit,
    hanging,
    percent,
    visible,
    width,
)
from funnelkit.result.tables import tables_across, tables_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from funnelkit.result import FunnelResult, Series, StepResult
    from funnelkit.result.tables import TextTable

BAR = 52
INDENT = 3
GAP = 2
LEAST_WORDS = 10
LEAST_GROUP = 12


def report_table(result: FunnelResult) -> str:
    """Return the report: the definition with its defaults, then each series with bars."""
    return "\n".join(_lines(result)) + "\n"


def _lines(result: FunnelResult) -> Iterator[str]:
    if result.funnel.name:
        yield visible(result.funnel.name)
    for heading, words in definition(result.funnel):
        yield from hanging(heading, words)
    yield from hanging("events", events_read(result.events))
    unit = f"{result.funnel.noun}s"
    for segment in result.segments:
        yield ""
        if len(result.segments) > 1 or result.funnel.segments:
            yield visible(segment.name)
        yield from _series(segment, unit)
        if segment.groups:
            yield ""
            yield from _groups(segment, unit)
        for table in tables_of(segment, result):
            yield ""
            yield from text_table(table)
    for table in tables_across(result):
        yield ""
        yield from text_table(table)


def text_table(table: TextTable) -> Iterator[str]:
    """Yield the title, the rows in columns, and the notes, all in 80 columns.

    The words in the first column give way to the numbers.
    """
    blank = " " * INDENT
    yield from hanging("", table.title, indent=INDENT)
    if table.heads:
        rows = [tuple(map(visible, row)) for row in (table.heads, *table.rows)]
        widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
        rest = INDENT + sum(each + GAP for each in widths[1:])
        widths[0] = min(widths[0], max(LEAST_WORDS, LINE - rest))
        for row in rows:
            line = blank + fit(row[0], widths[0])
            for k, cell in enumerate(row[1:], 1):
                drawing = table.bars and k == len(row) - 1
                line += " " * GAP + (cell if drawing else f"{cell:>{widths[k]}}")
            yield line.rstrip()
    for note in table.notes:
        yield from hanging("", note, indent=INDENT)


def _series(series: Series, unit: str) -> Iterator[str]:
    numbers = max(len(unit), *(len(count(step.count)) for step in series.steps)) + 2
    lost = max(len("lost"), *(len(count(step.drop_off)) for step in series.steps)) + 2
    shares = [step.conversion_from_start for step in series.steps]
    shares += [step.conversion_from_previous for step in series.steps]
    rate = max(len("of start"), *(len(percent(share)) for share in shares)) + 1
    excluded = 0
    if series.steps[0].excluded_drop_off is not None:
        excluded = max(len("excl."), *(len(count(_excluded(step))) for step in series.steps)) + 2
    average, median = (
        max(7, *(len(duration(seconds)) for seconds in times)) + 1
        for times in zip(
            *((s.average_seconds, s.median_seconds) for s in series.steps), strict=True
        )
    )
    name = LINE - 3 - numbers - lost - excluded - 2 * rate - average - median
    yield (
        f"   {'step':{name}}{unit:>{numbers}}{'of start':>{rate}}{'of prev.':>{rate}}"
        f"{'lost':>{lost}}{'excl.' if excluded else '':>{excluded}}"
        f"{'average':>{average}}{'median':>{median}}"
    )
    for step in series.steps:
        line = (
            f"{step.step:>2} {fit(step.event, name)}{count(step.count):>{numbers}}"
            f"{percent(step.conversion_from_start):>{rate}}"
        )
        if step.step > 1:
            line += (
                f"{percent(step.conversion_from_previous):>{rate}}{count(step.drop_off):>{lost}}"
                f"{count(_excluded(step)) if excluded else '':>{excluded}}"
                f"{duration(step.average_seconds):>{average}}"
                f"{duration(step.median_seconds):>{median}}"
            )
        yield line
        yield f"   {bar(step.conversion_from_start, BAR)}".rstrip()
    times = ""
    if series.average_seconds is not None:
        mean, middle = duration(series.average_seconds), duration(series.median_seconds)
        times = f", in {mean} on average, median {middle} (converters only)"
    yield f"   conversion {percent(series.conversion)}{times}"


def _excluded(step: StepResult) -> int:
    return step.excluded_drop_off or 0


def _groups(segment: Series, unit: str) -> Iterator[str]:
    """Yield a line per group; of more steps than fit, the first and the last ones."""
    longest = max(len(count(group.counts[0])) for group in segment.groups)
    column = max(9, longest + GAP)
    most = (LINE - INDENT - LEAST_GROUP - 11) // column
    steps = range(1, len(segment.steps) + 1)
    shown = steps if len(steps) <= most else [1, *steps[1 - most :]]
    name = max(LEAST_GROUP, LINE - 10 - column * len(shown) - 9)
    heads = "".join(f"{f'step {k}':>{column}}" for k in shown)
    yield f"   {fit(f'{unit} by value', name)}{heads}{'converted':>11}"
    for group in segment.groups:
        numbers = "".join(f"{count(group.counts[k - 1]):>{column}}" for k in shown)
        yield f"   {fit(group.name, name)}{numbers}  {percent(group.conversion):>9}"
