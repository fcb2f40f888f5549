"""A report as Markdown, for a pull request or a wiki page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelkit.render.definition import definition, events_read
from funnelkit.render.words import count, duration, percent, visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from funnelkit.result import FunnelResult, Series

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
        yield from table(STEP_HEADS, [_row(segment, k) for k in range(len(segment.steps))])
        if segment.groups:
            heads = ["group", "", *(f"step {step.step}" for step in segment.steps), "converted"]
            yield ""
            yield from table(
                heads,
                [
                    [g.name, "", *(count(n) for n in g.counts), percent(g.conversion)]
                    for g in segment.groups
                ],
            )


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
