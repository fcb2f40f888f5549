"""Days and times of day: `30d`, `sat, sun`, `09:00..17:00`; and bins of times: `0s..1h/10s`."""

from __future__ import annotations

import re
from datetime import time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final, cast

from funnelkit.errors import DefinitionError, did_you_mean
from funnelkit.model import Bins
from funnelkit.model.period import WEEKDAYS
from funnelkit.specs.text import format_window
from funnelkit.specs.times import parse_window

if TYPE_CHECKING:
    from funnelkit.model import Weekday

_DAY: Final = timedelta(days=1)
_SHORT: Final = 3
_CLOCK: Final = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,6}))?)?")
_SECONDS: Final = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)s\s*")


def parse_days(text: str, *, what: str) -> int:
    """Return the number of whole days in `30d` or `2w`.

    Raises:
        DefinitionError: the text is no duration, or not one of whole days.
    """
    duration = parse_window(text, what=what)
    if duration % _DAY:
        raise DefinitionError(f"{what} is a number of whole days, as in 30d; got {text!r}")
    return duration // _DAY


def parse_weekdays(text: str) -> tuple[Weekday, ...]:
    """Return the days of `saturday, sunday`, each perhaps cut to three letters: `sat,sun`.

    Raises:
        DefinitionError: one is no day of the week.
    """
    found: list[Weekday] = []
    for part in text.split(","):
        word = part.strip().casefold()
        days = [day for day in WEEKDAYS if word in {day, day[:_SHORT]}]
        if not days:
            hint = did_you_mean(word, WEEKDAYS) or f" Days are {', '.join(WEEKDAYS)}."
            raise DefinitionError(f"{part.strip()!r} is no day of the week.{hint}")
        found.append(cast("Weekday", days[0]))
    return tuple(found)


def parse_time_of_day(text: str) -> tuple[time | None, time | None]:
    """Return both ends of `09:00..17:00`; a missing side, and 24:00, is the end of the day.

    Raises:
        DefinitionError: there are not two sides, or one is no time of the day.
    """
    sides = [side.strip() for side in text.split("..")]
    if len(sides) != 2 or sides == ["", ""]:  # noqa: PLR2004
        raise DefinitionError(f"time of day {text!r} cannot be read; write 09:00..17:00")
    start, end = sides
    return (
        _clock(start) if start else None,
        _clock(end) if end not in {"", "24:00"} else None,
    )


def format_time_of_day(start: time | None, end: time | None) -> str | None:
    """Return `09:00..17:00` as `parse_time_of_day` reads it; None where neither is given."""
    if start is None and end is None:
        return None
    sides = ("" if side is None else side.isoformat() for side in (start, end))
    return "..".join(side.removesuffix(":00") if side.count(":") > 1 else side for side in sides)


def parse_bins(text: str) -> Bins:
    """Return the bins of `0s..1h/10s`: from one time up to another, in steps.

    Raises:
        DefinitionError: a part is missing or no duration, or there are too many bins.
    """
    parts = re.fullmatch(r"(.*?)\.\.(.*)/(.*)", text, re.DOTALL)
    if parts is None:
        raise DefinitionError(f"bins {text!r} cannot be read; write FROM..TO/SIZE: 0s..1h/10s")
    least, most, size = (_seconds(part) for part in parts.groups())
    return Bins(least, most, size)


def format_bins(bins: Bins) -> str:
    """Return `0s..1h/10s` as `parse_bins` reads it."""
    least, most, size = map(_duration, (bins.least, bins.most, bins.size))
    return f"{least}..{most}/{size}"


def _clock(text: str) -> time:
    parts = _CLOCK.fullmatch(text)
    if parts is None:
        raise DefinitionError(f"time of day {text!r} cannot be read; write 09:00..17:00")
    hour, minute, second, fraction = parts.groups()
    try:
        return time(int(hour), int(minute), int(second or 0), int((fraction or "").ljust(6, "0")))
    except ValueError as error:
        raise DefinitionError(f"time of day {text!r} does not exist: {error}") from None


def _seconds(text: str) -> float:
    # Seconds may have any number of digits here: a bin is a number, not a duration of a calendar.
    if text.strip() == "0":
        return 0.0
    seconds = _SECONDS.fullmatch(text)
    return float(seconds[1]) if seconds else parse_window(text, what="bin").total_seconds()


def _duration(seconds: float) -> str:
    duration = timedelta(seconds=seconds)
    if duration.total_seconds() == seconds:
        return format_window(duration)
    return f"{Decimal(repr(float(seconds))):f}s"
