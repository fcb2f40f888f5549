"""A report as Markdown, for a pull request or a wiki page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelkit.render.cells import group_cells, step_cells
from funnelkit.render.definition import definition, events_read
from funnelkit.render.words import percent, visible
from funnelkit.result.tables import tables_across, tables_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from funnelkit.result import FunnelResult
    from funnelkit.result.tables import TextTable


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
        yield from table(*step_cells(segment))
        if segment.groups:
            yield ""
            heads, rows = group_cells(segment, result.funnel)
            yield from table([escape(head) for head in heads], rows)
        for view in tables_of(segment, result):
            yield from _view(view)
    for view in tables_across(result):
        yield from _view(view)


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
