"""When the events happened, and the dates of a period that goes by them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime

    from funnelkit.engine.chart import Extent
    from funnelkit.events.table import EventTable
    from funnelkit.model import Funnel


def extent_of(
    funnel: Funnel, table: EventTable, data_end: str | date | datetime | None
) -> Extent | None:
    """Return when the events happened, where the definition or the stated end asks for it.

    Raises:
        DefinitionError: the data goes on after its stated end.
    """
    asked = funnel.period.is_relative or funnel.measures.interval or funnel.measures.by_age
    if not asked and data_end is None:
        return None
    return extent_in(table, data_end, timezone=funnel.timezone)


def extent_in(
    table: EventTable, data_end: str | date | datetime | None, *, timezone: str
) -> Extent | None:
    """Return when the events happened; None where there is none.

    Raises:
        DefinitionError: the data goes on after its stated end.
    """
    from funnelkit.engine.chart import Extent
    from funnelkit.engine.data_end import stated_end
    from funnelkit.engine.select import time_range
    from funnelkit.specs.times import parse_moment

    found = time_range(table)
    if found is None:
        return None
    stated = parse_moment(data_end) if isinstance(data_end, str) else data_end
    end = stated_end(stated, timezone=timezone, last=found[1])
    return Extent(first=found[0], last=found[1], data_end=found[1] if end is None else end)


def dated(funnel: Funnel, extent: Extent | None) -> Funnel:
    """Return the funnel with dates for a relative period: today is the day on which data end."""
    from dataclasses import replace

    from funnelkit.engine.intervals import local_day

    if not funnel.period.is_relative or extent is None:
        return funnel
    today = local_day(extent.data_end, funnel.timezone)
    return replace(funnel, period=funnel.period.resolved(today))
