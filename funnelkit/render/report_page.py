"""A report as a page of HTML to send."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelkit.charts.chart import chart_of
from funnelkit.charts.report import PICTURES, parts_of
from funnelkit.charts.words import converted, whole_time
from funnelkit.render.cells import group_cells, step_cells
from funnelkit.render.definition import definition, events_read
from funnelkit.render.page import (
    Reproduction,
    figure,
    listed,
    page,
    pairs,
    reproduction,
    section,
    table,
    text,
)
from funnelkit.result.tables import tables_across, tables_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from funnelkit.result import FunnelResult
    from funnelkit.result.tables import TextTable


def report_page(result: FunnelResult, made: Reproduction) -> str:
    """Return the report as one file: what was asked, pictures, tables, and how to get it again.

    Raises:
        DefinitionError: the extra `charts` is missing.
    """
    steps = result.funnel.steps
    title = result.funnel.name or f"Funnel: {steps[0].label} to {steps[-1].label}"
    if len(steps) == 1:
        title = result.funnel.name or f"Funnel: {steps[0].label}"
    return page(title, list(_lead(result)), _sections(result, made))


def _lead(result: FunnelResult) -> Iterator[str]:
    for segment in result.segments:
        name = f"{segment.name}: " if len(result.segments) > 1 else ""
        times = whole_time(segment)
        yield f"{name}{converted(segment, result.funnel)}{', ' + times if times else ''}."


def _sections(result: FunnelResult, made: Reproduction) -> Iterator[str]:
    if result.warnings:
        yield section("Warnings", listed(result.warnings))
    asked = [*definition(result.funnel), ("events", events_read(result.events))]
    yield section("Definition", pairs(asked))
    charts = (chart_of([part]) for view in PICTURES for part in parts_of(result, view))
    yield section("Charts", *map(figure, charts))
    yield section("Tables", *_tables(result))
    if result.notes:
        yield section("Notes", listed(result.notes))
    yield reproduction(made, result.events)


def _tables(result: FunnelResult) -> Iterator[str]:
    several = len(result.segments) > 1
    for segment in result.segments:
        yield table(segment.name, *step_cells(segment), words=(0, 1))
        if segment.groups:
            yield table(f"{segment.name}, by value", *group_cells(segment, result.funnel))
        for view in tables_of(segment, result):
            yield from _view(view, segment.name if several else "")
    for view in tables_across(result):
        yield from _view(view, "")


def _view(view: TextTable, name: str) -> Iterator[str]:
    title = f"{name}: {view.title}" if name else view.title
    if view.heads:
        last = len(view.heads) - 1
        if view.bars:  # the pictures above draw them better
            rows = [row[:last] for row in view.rows]
            yield table(title, view.heads[:last], rows)
        else:
            yield table(title, view.heads, view.rows)
    else:
        yield f"<p>{text(title)}</p>"
    for note in view.notes:
        yield f'<p class="quiet">{text(note)}</p>'
