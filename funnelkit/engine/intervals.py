"""The intervals of conversion over time, as instants (specification A11c).

Their starts are computed once, here: a local `date_trunc` would merge the two hours of 01:00 when
clocks go back, and some midnights do not exist.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from funnelkit.errors import DefinitionError
from funnelkit.model.period import instant

if TYPE_CHECKING:
    from datetime import date

    from funnelkit.model import Interval

MOST_INTERVALS = 100_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIXED = {"5min": timedelta(minutes=5), "hour": timedelta(hours=1)}


def interval_starts(interval: Interval, timezone: str, *, first: int, last: int) -> tuple[int, ...]:
    """Return the instants at which the intervals that touch [first, last) begin, ascending.

    All are microseconds since 1970 UTC; the first start may lie before `first`. Days, weeks (from
    Monday) and months are those of the time zone; shorter intervals begin at whole multiples of
    their length after local midnight.

    Raises:
        DefinitionError: there would be more than 100,000 intervals.
    """
    zone = ZoneInfo(timezone)
    day = (_EPOCH + timedelta(microseconds=first)).astimezone(zone).date()
    if interval == "week":
        day -= timedelta(days=day.weekday())
    elif interval == "month":
        day = day.replace(day=1)
    found: list[int] = []
    while (start := instant(day, zone)) < last:
        following = _next(day, interval)
        length = _FIXED.get(interval)
        if length is None:
            found.append(start)
        else:
            step = length // timedelta(microseconds=1)
            found += range(start, instant(following, zone), step)
        if len(found) > MOST_INTERVALS:
            raise DefinitionError(
                f"the dates hold more than {MOST_INTERVALS:,} intervals of one {interval}: give "
                "--from and --to"
            )
        day = following
    if interval in _FIXED:
        # Whole days were listed: leave out what does not touch the range.
        after = [start for start in found if start > first and start < last]
        before = [start for start in found if start <= first]
        found = [*before[-1:], *after]
    return tuple(found)


def interval_end(start: int, interval: Interval, timezone: str) -> int:
    """Return the instant at which the interval that begins at `start` ends."""
    zone = ZoneInfo(timezone)
    following = instant(_next(local_day(start, timezone), interval), zone)
    length = _FIXED.get(interval)
    if length is None:
        return following
    return min(start + length // timedelta(microseconds=1), following)


def _next(day: date, interval: Interval) -> date:
    if interval == "month":
        return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return day + timedelta(days=7 if interval == "week" else 1)


def interval_name(start: int, interval: Interval, timezone: str) -> str:
    """Return the local day of an interval's start, with the time for those shorter than a day."""
    moment = (_EPOCH + timedelta(microseconds=start)).astimezone(ZoneInfo(timezone))
    if interval in _FIXED:
        return moment.isoformat(timespec="minutes")
    return moment.date().isoformat()


def local_day(us: int, timezone: str) -> date:
    """Return the day of an instant, in microseconds, in a time zone."""
    return moment(us).astimezone(ZoneInfo(timezone)).date()


def moment(us: int) -> datetime:
    """Return an instant in UTC."""
    return _EPOCH + timedelta(microseconds=us)
