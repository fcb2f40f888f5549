"""A report as text for a terminal of 80 columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelkit.render.definition import definition, events_read
from funnelkit.render.words import LINE, bar, count, duration, fit, hanging, percent, visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from funnelkit.result import FunnelResult, Series

BAR = 52


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


def _series(series: Series, unit: str) -> Iterator[str]:
    numbers = max(len(unit), *(len(count(step.count)) for step in series.steps)) + 2
    lost = max(len("lost"), *(len(count(step.drop_off)) for step in series.steps)) + 2
    shares = [step.conversion_from_start for step in series.steps]
    shares += [step.conversion_from_previous for step in series.steps]
    rate = max(len("of start"), *(len(percent(share)) for share in shares)) + 1
    name = LINE - 3 - numbers - lost - 2 * rate - 8 - 8
    yield (
        f"   {'step':{name}}{unit:>{numbers}}{'of start':>{rate}}{'of prev.':>{rate}}"
        f"{'lost':>{lost}}{'average':>8}{'median':>8}"
    )
    for step in series.steps:
        line = (
            f"{step.step:>2} {fit(step.event, name)}{count(step.count):>{numbers}}"
            f"{percent(step.conversion_from_start):>{rate}}"
        )
        if step.step > 1:
            line += (
                f"{percent(step.conversion_from_previous):>{rate}}{count(step.drop_off):>{lost}}"
                f"{duration(step.average_seconds):>8}{duration(step.median_seconds):>8}"
            )
        yield line
        yield f"   {bar(step.conversion_from_start, BAR)}".rstrip()
    times = ""
    if series.average_seconds is not None:
        average, median = duration(series.average_seconds), duration(series.median_seconds)
        times = f", in {average} on average, median {median} (converters only)"
    yield f"   conversion {percent(series.conversion)}{times}"


def _groups(segment: Series, unit: str) -> Iterator[str]:
    steps = len(segment.steps)
    name = max(12, 80 - 10 - 9 * steps - 9)
    heads = "".join(f"{f'step {k}':>9}" for k in range(1, steps + 1))
    yield f"   {fit(f'{unit} by value', name)}{heads}{'converted':>11}"
    for group in segment.groups:
        numbers = "".join(f"{count(step.count):>9}" for step in group.steps)
        yield f"   {fit(group.name, name)}{numbers}  {percent(group.conversion):>9}"
