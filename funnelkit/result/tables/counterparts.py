"""Series beside an earlier period or a group (specification A11g)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from funnelkit.result.percent import percent
from funnelkit.result.tables.intervals import MOST_ROWS, clock
from funnelkit.result.tables.text_table import TextTable
from funnelkit.result.words import change, count, points

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from funnelkit.result.counterparts import Counterpart, StepDifference

ARITHMETIC = (
    "The differences are Amplitude's arithmetic; funnelkit compare says what they show, and what "
    "they cannot."
)
INCOMPLETE = "* incomplete: conversions can still follow after the end of the data"


def counterpart_tables(compared: Sequence[Counterpart]) -> Iterator[TextTable]:
    """Yield the steps and intervals of each segment beside its like, and a row for each group."""
    tables = [*_tables(compared)]
    for table in tables[:-1]:
        yield table
    for table in tables[-1:]:
        yield replace(table, notes=(*table.notes, ARITHMETIC))


def _tables(compared: Sequence[Counterpart]) -> Iterator[TextTable]:
    for segment, period in dict.fromkeys((one.segment, one.period) for one in compared):
        same = [one for one in compared if (one.segment, one.period) == (segment, period)]
        dates = same[0].dates
        for one in same:
            if one.group is None:
                yield from _whole(one, f"{one.name}, {dates}")
        groups = [one for one in same if one.group is not None]
        if groups:
            other = "then" if dates else "other"
            title = f"groups of {segment}, {other}: {dates or groups[0].name}"
            yield _groups(groups, title, other)


def _whole(one: Counterpart, title: str) -> Iterator[TextTable]:
    rows = [(f"{step.step} {step.event}", *_cells(step)) for step in one.steps]
    yield TextTable(title=title, heads=_heads("step"), rows=tuple(rows))
    if one.intervals:
        shown = one.intervals[-MOST_ROWS:]
        yield TextTable(
            title=f"{one.name} over time, by position",
            heads=_heads("interval"),
            rows=tuple(
                (clock(each.name) + ("" if each.complete else " *"), *_cells(each.steps[-1]))
                for each in shown
            ),
            notes=() if all(each.complete for each in shown) else (INCOMPLETE,),
        )


def _groups(groups: Sequence[Counterpart], title: str, other: str) -> TextTable:
    rows = tuple((one.group or "", *_cells(one.steps[-1])) for one in groups)
    return TextTable(title=title, heads=_heads("group", other), rows=rows)


def _heads(first: str, other: str = "then") -> tuple[str, ...]:
    return (first, "count", other, "of start", other, "points", "relative")


def _cells(step: StepDifference) -> tuple[str, ...]:
    return (
        count(step.count),
        count(step.compared_count),
        percent(step.conversion),
        percent(step.compared_conversion),
        points(step.difference),
        change(step.relative_difference),
    )
