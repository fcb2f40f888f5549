"""The cells of a report's own tables, as text: Markdown and HTML lay out the same ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelkit.render.words import count, duration, percent
from funnelkit.specs.text import format_property

if TYPE_CHECKING:
    from funnelkit.model import Funnel
    from funnelkit.result import Series

STEP_HEADS = ("step", "event", "count", "of start", "of previous", "lost", "average", "median")

Cells = tuple[list[str], list[list[str]]]
"""Heads, and rows of as many cells."""


def step_cells(series: Series) -> Cells:
    """Return a row per step: number and event are words, the others numbers."""
    heads = list(STEP_HEADS)
    rows = [_step(series, k) for k in range(len(series.steps))]
    if series.steps[0].excluded_drop_off is not None:
        place = heads.index("lost") + 1
        heads.insert(place, "excluded")
        for row, step in zip(rows, series.steps, strict=True):
            row.insert(place, count(step.excluded_drop_off or 0) if step.step > 1 else "")
    return heads, rows


def group_cells(segment: Series, funnel: Funnel) -> Cells:
    """Return a row per group; the first two cells are words, as two properties have one each."""
    names = ["group", ""]
    if funnel.group_by is not None and len(funnel.group_by.properties) == len(names):
        names = [format_property(prop) for prop in funnel.group_by.properties]
    heads = [*names, *(f"step {step.step}" for step in segment.steps), "converted"]
    rows = []
    for group in segment.groups:
        first, second = group.values if len(group.values) == len(names) else (group.name, "")
        rows.append([first, second, *map(count, group.counts), percent(group.conversion)])
    return heads, rows


def _step(series: Series, k: int) -> list[str]:
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
