"""A report as HTML, for notebooks."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from funnelkit.result.percent import percent, percentages
from funnelkit.result.tables import tables_across, tables_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from funnelkit.result.report import FunnelResult
    from funnelkit.result.series import Series
    from funnelkit.result.tables import TextTable

HEADS = ("step", "count", "of start", "of previous")
LEFT = ' style="text-align:left"'


def to_html(result: FunnelResult) -> str:
    """Return a table per series, and one per view that was asked for."""
    with percentages(result.funnel.settings.percentages):
        return "".join(_parts(result))


def _parts(result: FunnelResult) -> Iterator[str]:
    for segment in result.segments:
        yield _steps(segment.name, segment)
        for group in segment.groups:
            yield _steps(f"{segment.name}: {group.name}", group)
        several = len(result.segments) > 1
        for table in tables_of(segment, result):
            yield _table(table, f"{segment.name}: {table.title}" if several else table.title)
    for table in tables_across(result):
        yield _table(table, table.title)


def _steps(name: str, series: Series) -> str:
    excluded = any(step.excluded_drop_off is not None for step in series.steps)
    heads = "".join(f"<th>{h}</th>" for h in (*HEADS, *(["excluded"] if excluded else [])))
    rows = []
    for step in series.steps:
        shares = (step.conversion_from_start, step.conversion_from_previous)
        close = (percent(share).replace(" %", "%") for share in shares)
        cells = [escape(step.event), f"{step.count:,}", *close]
        if excluded:
            cells.append(f"{step.excluded_drop_off or 0:,}")
        rows.append(f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    return f"<table><caption>{escape(name)}</caption><tr>{heads}</tr>{''.join(rows)}</table>"


def _table(table: TextTable, title: str) -> str:
    notes = "".join(f"<p>{escape(note)}</p>" for note in table.notes)
    if not table.heads:
        return f"<p>{escape(title)}</p>{notes}"
    rows = "".join(_row(row, "td", bars=table.bars) for row in table.rows)
    heads = _row(table.heads, "th", bars=table.bars)
    return f"<table><caption>{escape(title)}</caption>{heads}{rows}</table>{notes}"


def _row(cells: Sequence[str], tag: str, *, bars: bool) -> str:
    last = len(cells) - 1
    found = (
        f"<{tag}{LEFT if not k or (bars and k == last) else ''}>{escape(cell)}</{tag}>"
        for k, cell in enumerate(cells)
    )
    return f"<tr>{''.join(found)}</tr>"
