"""When step 1 must happen (specification A4)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from funnelkit.errors import DefinitionError
from funnelkit.model.choices import check_choice

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[str, ...] = get_args(Weekday)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """The dates in which step 1 must happen.

    A `date` is a whole day in the project's time zone, at either end. A `datetime` is an instant;
    as an end it is exclusive. A `datetime` without an offset is local to the project's time zone.

    Instead of dates, `last` asks for so many whole days and the day that is not over yet, as "Last
    30 Days" does, moved back by `offset` days. `complete` leaves out the day that is not over.
    `without_weekdays` leaves out days of the week; `from_time` and `to_time` leave out what is not
    between these times of day (across midnight where the first is later).
    """

    start: date | datetime | None = None
    end: date | datetime | None = None
    last: int | None = None
    offset: int = 0
    complete: bool = False
    without_weekdays: tuple[Weekday, ...] = ()
    from_time: time | None = None
    to_time: time | None = None

    def __post_init__(self) -> None:
        for day in self.without_weekdays:
            check_choice("a day of the week", day, WEEKDAYS)
        if len(set(self.without_weekdays)) == len(WEEKDAYS):
            raise DefinitionError("every day of the week is left out")
        if self.last is not None and (self.start is not None or self.end is not None):
            raise DefinitionError(
                "a period is the last days, or from one date to another; not both"
            )
        if self.last is not None and self.last < 0:
            raise DefinitionError(f"the last days are 0 or more; got {self.last}")
        if self.offset < 0 or (self.offset and self.last is None):
            raise DefinitionError("an offset is a number of days that moves the last days back")
        if self.from_time is not None and self.from_time == self.to_time:
            raise DefinitionError(f"no time lies between {self.from_time} and {self.to_time}")

    @property
    def is_relative(self) -> bool:
        """Whether the dates depend on the day on which one asks."""
        return self.last is not None or self.complete

    @property
    def is_broken(self) -> bool:
        """Whether days or times inside the dates are left out."""
        return bool(self.without_weekdays) or (self.from_time or self.to_time) is not None

    def resolved(self, today: date) -> Period:
        """Return the period with dates, for someone who asks on the day `today`."""
        start, end = self.start, self.end
        if self.last is not None:
            end = today - timedelta(days=self.offset)
            start = end - timedelta(days=self.last)
        if self.complete:
            last_whole = today - DAY
            if end is None or _day_of(end) > last_whole:
                end = last_whole
            if start is not None and _day_of(start) > last_whole:
                raise DefinitionError(f"no day of the period is over on {today}")
        return replace(self, start=start, end=end, last=None, offset=0, complete=False)

    def previous(self, timezone: str) -> Period:
        """Return the period of equal length directly before this one (specification A11g).

        Before a number of whole local days there are as many local days, whatever the clocks do in
        between; before anything else there is as much time.

        Raises:
            DefinitionError: an end is open or depends on today, or the calendar ends before.
        """
        start, end = self.start, self.end
        if start is None or end is None or self.is_relative:
            raise DefinitionError("there is a period before only if this one has both its ends")
        try:
            if not isinstance(start, datetime) and not isinstance(end, datetime):
                return replace(self, start=start - (end - start + DAY), end=start - DAY)
            zone = ZoneInfo(timezone)
            first = _local(start, zone)
            last = _local(end if isinstance(end, datetime) else end + DAY, zone)
            days, rest = divmod(last.replace(tzinfo=None) - first.replace(tzinfo=None), DAY)
            if rest or days < 1:  # or the clock went back by all of it
                length = last.astimezone(UTC) - first.astimezone(UTC)
                before = (first.astimezone(UTC) - length).astimezone(zone)
                return replace(self, start=before, end=first)
            return replace(self, start=first - days * DAY, end=first)
        except OverflowError:
            raise DefinitionError(f"no calendar has as much time before {start}") from None

    def bounds(self, timezone: str) -> tuple[int | None, int | None]:
        """Return the half-open range [start, end) in microseconds since 1970 UTC; None is open.

        Raises:
            DefinitionError: the period `is_relative`.
        """
        if self.is_relative:
            raise DefinitionError("the dates of the last days depend on today")
        zone = ZoneInfo(timezone)
        first = None if self.start is None else instant(self.start, zone)
        last = self.end
        if last is not None and not isinstance(last, datetime):
            if last == date.max:
                return first, None
            last += DAY
        return first, None if last is None else instant(last, zone)


def instant(moment: date | datetime, zone: ZoneInfo) -> int:
    """Return microseconds since 1970 UTC; a day begins at its first existing instant."""
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _local(moment: date | datetime, zone: ZoneInfo) -> datetime:
    """Return a moment in a time zone, where adding days keeps the time of the day."""
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    return moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(zone)


def _day_of(moment: date | datetime) -> date:
    return moment.date() if isinstance(moment, datetime) else moment
