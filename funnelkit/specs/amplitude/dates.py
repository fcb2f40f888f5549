"""Date ranges: `Last 30 Days`, seconds since 1970, `YYYYMMDD` (specification A4, B2, B3)."""

from __future__ import annotations

import re
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from funnelkit.errors import DefinitionError, UnsupportedError
from funnelkit.model import Funnel, Period
from funnelkit.model.period import instant
from funnelkit.specs.amplitude.objects import compact, needed, whole
from funnelkit.specs.problems import text
from funnelkit.specs.text import format_period

if TYPE_CHECKING:
    from funnelkit.specs.problems import Table

TODAY: Final = Period(last=0)
YESTERDAY: Final = Period(last=0, offset=1)
NOW: Final = "now"

_LAST: Final = re.compile(r"last ([1-9][0-9]{0,4}) days?", re.IGNORECASE)
_DAY: Final = re.compile(r"[0-9]{8}")
_SECOND: Final = timedelta(seconds=1)
_MICROSECONDS: Final = 1_000_000
_LATEST: Final = 253_402_300_799 - 86_400  # a day before the year 10000


def read_range(value: object) -> Period:
    """Return the period of `Last 30 Days`, `Today` or `Yesterday`."""
    words = " ".join(text(value).split())
    found = _LAST.fullmatch(words)
    if found:
        return Period(last=int(found[1]))
    period = {"today": TODAY, "yesterday": YESTERDAY}.get(words.casefold())
    if period is None:
        raise DefinitionError(
            f"a funnel can look back whole days only: Last 30 Days, Today, Yesterday; got {words!r}"
        )
    return period


def read_epochs(table: Table, timezone: str) -> Period:
    """Return the period of `start` and `end`, seconds since 1970, both inclusive.

    Where they are the first and the last second of a day in the time zone, they are days. Without
    an end, or with the end "now", the period is open.
    """
    first = needed(table, "start", _epoch)
    ends = table.values.get("end", NOW) != NOW
    last = table.read("end", _epoch, None) if ends else None
    zone = ZoneInfo(timezone)
    start: date | datetime | None = None if first is None else _moment(first, zone)
    end: date | datetime | None = None
    if last is not None:
        end = _moment(last + 1, zone)
        if not isinstance(end, datetime):
            end -= timedelta(days=1)
    return Period(start, end)


def read_day(value: object) -> date:
    """Return the day of `YYYYMMDD`."""
    written = text(value)
    if not (written.isascii() and _DAY.fullmatch(written)):
        raise DefinitionError(f"a day is written YYYYMMDD, as 20240131; got {written!r}")
    try:
        return date(int(written[:4]), int(written[4:6]), int(written[6:]))
    except ValueError as error:
        raise DefinitionError(f"{written!r} does not exist: {error}") from None


def chart_dates(funnel: Funnel) -> dict[str, Any]:
    """Return `range`, or `start` and perhaps `end`.

    Raises:
        UnsupportedError: the chart definition has no words for the period.
    """
    period = funnel.period
    if period == TODAY:
        return {"range": "Today"}
    if period == YESTERDAY:
        return {"range": "Yesterday"}
    if period.last is not None and period == Period(last=period.last):
        return {"range": f"Last {period.last} Days"}
    if period.start is None or period != Period(period.start, period.end):
        raise UnsupportedError(
            "a chart has the last days (--last 30d), or a first day and perhaps a last one "
            f"(--from, --to), without an offset or days left out; got {_shown(period)}"
        )
    first, last = period.bounds(funnel.timezone)
    dates = {"start": first} if last is None else {"start": first, "end": last - _MICROSECONDS}
    if any(microseconds % _MICROSECONDS for microseconds in dates.values() if microseconds):
        raise UnsupportedError(f"a chart's dates are whole seconds; got {_shown(period)}")
    return {name: (value or 0) // _MICROSECONDS for name, value in dates.items()}


def api_dates(funnel: Funnel) -> list[tuple[str, str]]:
    """Return `start` and `end` as the API has them.

    Raises:
        UnsupportedError: the period is not from one day to another.
    """
    period = funnel.period
    start, end = period.start, period.end
    # A timestamp is a date, too.
    if type(start) is not date or type(end) is not date or period != Period(start, end):
        raise UnsupportedError(
            f"the API needs a first and a last day (--from, --to); got {_shown(period)}"
        )
    return [("start", f"{start:%Y%m%d}"), ("end", f"{end:%Y%m%d}")]


def _shown(period: Period) -> str:
    if period == Period():
        return "no dates"
    if period == Period(period.start, period.end):
        return format_period(period)
    default = Period()
    return ", ".join(
        f"{name} = {getattr(period, name)}"
        for name in (field.name for field in fields(Period))
        if getattr(period, name) != getattr(default, name)
    )


def _epoch(value: object) -> int:
    if isinstance(value, str):
        raise DefinitionError(
            f"a date is in seconds since 1970 (the end may be {NOW}); got {value!r}"
        )
    seconds = whole(value)
    if not 0 <= seconds <= _LATEST:
        raise DefinitionError(f"{compact(value)} seconds since 1970 is no date; milliseconds?")
    return seconds


def _moment(seconds: int, zone: ZoneInfo) -> date | datetime:
    """Return the day that begins there, or else the instant."""
    moment = datetime.fromtimestamp(seconds, UTC)
    day = moment.astimezone(zone).date()
    return day if instant(day, zone) == seconds * _MICROSECONDS else moment
