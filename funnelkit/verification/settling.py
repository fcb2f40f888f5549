"""When numbers of Amplitude's have settled.

Late uploads raise counts of the past, and merged users lower them. A range can be checked only if
its end, the conversion window and some days to settle lay in the past when the numbers were read.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from funnelkit.model.period import instant

if TYPE_CHECKING:
    from funnelkit.model import Funnel
    from funnelkit.verification.terms import Terms


def settles_at(funnel: Funnel, terms: Terms, *, end: datetime | None = None) -> datetime | None:
    """Return when the numbers of entries up to `end`, or to the end of the dates, have settled.

    None where the dates have no end.
    """
    if end is None:
        _, last = funnel.period.bounds(funnel.timezone)
        if last is None:
            return None
        end = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=last)
    try:
        return end + funnel.conversion_window + terms.settle
    except OverflowError:
        return None


def why_unsettled(
    funnel: Funnel, terms: Terms, fetched_at: datetime | None, *, end: datetime | None = None
) -> str | None:
    """Return why the numbers cannot be checked yet; None where they can.

    Numbers that somebody typed, who does not say when they were read, are taken as they are.
    """
    if fetched_at is None:
        return None
    settled = settles_at(funnel, terms, end=end)
    if settled is None:
        return "the dates have no end, so the numbers never settle: say to = 2026-05-31"
    if settled <= fetched_at:
        return None
    return (
        f"not settled when it was read on {day(fetched_at)}: dates, window and {terms.settle.days} "
        f"days to settle are over on {day(settled)}"
    )


def day(moment: datetime) -> str:
    """Return the day of an instant, in UTC."""
    return moment.astimezone(UTC).date().isoformat()


def instant_of(moment: date | datetime) -> datetime:
    """Return a day or a time, UTC where it has no zone, as an instant."""
    from zoneinfo import ZoneInfo

    microseconds = instant(moment, ZoneInfo("UTC"))
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=microseconds)
