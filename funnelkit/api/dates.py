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
    """Return when the events happened, where the definition asks for it."""
    if not (funnel.period.is_relative or funnel.measures.interval or funnel.measures.by_age):
        return None
    return extent_in(table, data_end, timezone=funnel.timezone)


def extent_in(
    table: EventTable, data_end: str | date | datetime | None, *, timezone: str
) -> Extent | None:
    """Return when the events happened; None where there is none."""
    from funnelkit.engine.chart import Extent
    from funnelkit.engine.select import time_range
    from funnelkit.model import Period
    from funnelkit.specs.times import parse_moment

    found = time_range(table)
    if found is None:
        return None
    stated = parse_moment(data_end) if isinstance(data_end, str) else data_end
    end = None if stated is None else Period(end=stated).bounds(timezone)[1]
    return Extent(first=found[0], last=found[1], data_end=found[1] if end is None else end)


def dated(funnel: Funnel, extent: Extent | None) -> Funnel:
    """Return the funnel with dates for a relative period: today is the day on which data end."""
    from dataclasses import replace

    from funnelkit.engine.intervals import local_day

    if not funnel.period.is_relative or extent is None:
        return funnel
    today = local_day(extent.data_end, funnel.timezone)
    return replace(funnel, period=funnel.period.resolved(today))
