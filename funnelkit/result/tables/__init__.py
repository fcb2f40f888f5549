"""The views of a report as small tables of text, for people: each format lays out the same ones.

What was not asked for makes no table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelkit.result.tables.ab import ab_table
from funnelkit.result.tables.age import age_tables
from funnelkit.result.tables.counterparts import counterpart_tables
from funnelkit.result.tables.frequency import frequency_tables
from funnelkit.result.tables.intervals import interval_tables
from funnelkit.result.tables.sums import sum_tables
from funnelkit.result.tables.text_table import TextTable
from funnelkit.result.tables.times import time_tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from funnelkit.result.report import FunnelResult
    from funnelkit.result.series import Series

__all__ = ["TextTable", "tables_across", "tables_of"]


def tables_of(segment: Series, result: FunnelResult) -> Iterator[TextTable]:
    """Yield the views of one segment and its groups."""
    funnel = result.funnel
    yield from sum_tables(segment, funnel)
    yield from interval_tables(segment, funnel)
    yield from time_tables(segment, funnel)
    yield from frequency_tables(segment, funnel)
    yield from age_tables(segment, funnel)


def tables_across(result: FunnelResult) -> Iterator[TextTable]:
    """Yield the views that set series side by side."""
    if result.ab is not None:
        yield ab_table(result.ab, result.funnel)
    yield from counterpart_tables(result.compared_to)
