"""The sum of a property over the last step's events (specification A11i)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelkit.result.tables.text_table import TextTable
from funnelkit.result.words import amount, count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from funnelkit.model import Funnel
    from funnelkit.result.series import Series


def sum_tables(segment: Series, funnel: Funnel) -> Iterator[TextTable]:
    """Yield the sum of the segment, and of each of its groups."""
    from funnelkit.specs.text import format_property

    if segment.property_sum is None or funnel.measures.sum_of is None:
        return
    name = format_property(funnel.measures.sum_of)
    last = len(segment.steps)
    title = f"sum of {name} at step {last}: {amount(segment.property_sum)}"
    if not segment.groups:
        yield TextTable(title=title)
        return
    yield TextTable(
        title=title,
        heads=("group", f"step {last}", "sum"),
        rows=tuple(
            (group.name, count(group.counts[-1]), amount(group.property_sum))
            for group in segment.groups
        ),
    )
