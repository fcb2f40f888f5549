"""A report as Markdown, for a pull request or a wiki page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelkit.render.definition import definition, events_read
from funnelkit.render.words import count, duration, percent, visible
from funnelkit.result.tables import tables_across, tables_of
from funnelkit.specs.text import format_property

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from funnelkit.model import Funnel
    from funnelkit.result import FunnelResult, Series
    from funnelkit.result.tables import TextTable

STEP_HEADS = ("step", "event", "count", "of start", "of previous", "lost", "average", "median")


def report_markdown(result: FunnelResult) -> str:
    """Return the definition as a list and a table per series."""
    return "\n".join(_lines(result)) + "\n"


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a Markdown table; the first two columns are text, the others numbers."""
    yield f"| {' | '.join(heads)} |"
    yield f"|{'|'.join(' --- ' if k < 2 else ' ---: ' for k in range(len(heads)))}|"  # noqa: PLR2004
    for row in rows:
        yield f"| {' | '.join(map(escape, row))} |"


def escape(text: str) -> str:
    """Return data as Markdown that shows it to the letter, on one line."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]<>#|~!" else c for c in visible(text))


def _lines(result: FunnelResult) -> Iterator[str]:
    yield f"## {escape(result.funnel.name or 'Funnel')}"
    yield ""
    for heading, words in definition(result.funnel):
        yield f"- {heading}: {escape(words)}"
    yield f"- events: {escape(events_read(result.events))}"
    for segment in result.segments:
        yield ""
        yield f"### {escape(segment.name)}: {percent(segment.conversion)}"
        yield ""
        yield from _steps(segment)
        if segment.groups:
            yield ""
            yield from _groups(segment, result.funnel)
        for view in tables_of(segment, result):
            yield from _view(view)
    for view in tables_across(result):
        yield from _view(view)


def _steps(series: Series) -> Iterator[str]:
    heads = list(STEP_HEADS)
    rows = [_row(series, k) for k in range(len(series.steps))]
    if series.steps[0].excluded_drop_off is not None:
        place = heads.index("lost") + 1
        heads.insert(place, "excluded")
        for row, step in zip(rows, series.steps, strict=True):
            row.insert(place, count(step.excluded_drop_off or 0) if step.step > 1 else "")
    yield from table(heads, rows)


def _groups(segment: Series, funnel: Funnel) -> Iterator[str]:
    """Yield a line per group; two properties have a column each."""
    names = ("group", "")
    if funnel.group_by is not None and len(funnel.group_by.properties) == len(names):
        first, second = map(format_property, funnel.group_by.properties)
        names = (escape(first), escape(second))
    heads = (*names, *(f"step {step.step}" for step in segment.steps), "converted")
    rows = []
    for group in segment.groups:
        first, second = group.values if len(group.values) == len(names) else (group.name, "")
        rows.append([first, second, *map(count, group.counts), percent(group.conversion)])
    yield from table(heads, rows)


def _view(view: TextTable) -> Iterator[str]:
    yield ""
    yield f"**{escape(view.title)}**"
    if view.heads:
        yield ""
        yield f"| {' | '.join(map(escape, view.heads))} |"
        last = len(view.heads) - 1
        left = {0, last} if view.bars else {0}
        yield f"|{'|'.join(' --- ' if k in left else ' ---: ' for k in range(last + 1))}|"
        for row in view.rows:
            yield f"| {' | '.join(map(escape, row))} |"
    for note in view.notes:
        yield ""
        yield escape(note)


def _row(series: Series, k: int) -> list[str]:
    step = series.steps[k]
    first = [str(step.step), step.event, count(step.count), percent(step.conversion_from_start)]
    if not k:
        return [*first, "", "", "", ""]
    return [
        *first,
        percent(step.conversion_from_previous),
        count(step.drop_off),
        duration(step.average_seconds),
        duration(step.median_seconds),
    ]
