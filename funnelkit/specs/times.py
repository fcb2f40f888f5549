"""Windows, moments and periods: `7d`, `2020-04-02T09:17:23`, `2020-04-01..2020-04-30`."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final

from funnelkit.errors import DefinitionError
from funnelkit.model import Period

_UNITS: Final = ("weeks", "days", "hours", "minutes", "seconds")
_DURATION: Final = re.compile(
    r"\s*(?:([0-9]+)w)?\s*(?:([0-9]+)d)?\s*(?:([0-9]+)h)?\s*(?:([0-9]+)m)?"
    r"\s*(?:([0-9]+(?:\.[0-9]{1,6})?)s)?\s*"
)
_WORDY: Final = re.compile(r"\s*([0-9]+)\s*(w|d|h|m|s)[a-z]*\s*", re.IGNORECASE)
_DATE: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})|([0-9]{4})([0-9]{2})([0-9]{2})")
_TIME: Final = re.compile(
    r"([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,6}))?)?"
    r"\s*(?:(Z)|([+-])([0-9]{2}):?([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{6}))?)?)?",
    re.IGNORECASE,
)
_MOMENT: Final = "2020-04-02, 20200402, 2020-04-02T09:17:23 or 2020-04-02T09:17:23+02:00"


def parse_window(text: str, *, what: str = "window") -> timedelta:
    """Return the duration of `7d`, `90s` or `1h30m`: weeks, days, hours, minutes, seconds.

    Units come largest first, each at most once; only seconds may have a fraction.

    Raises:
        DefinitionError: a unit is missing or unknown, or the duration is far too long.
    """
    parts = _DURATION.fullmatch(text)
    if parts is None or not any(parts.groups()):
        raise DefinitionError(f"{what} {text!r} is no duration: {_duration_hint(text)}")
    amounts = {unit: part or "0" for unit, part in zip(_UNITS, parts.groups(), strict=True)}
    whole, _, fraction = amounts.pop("seconds").partition(".")
    microseconds = int(fraction.ljust(6, "0"))
    try:
        counts = {unit: int(amount) for unit, amount in amounts.items()}
        return timedelta(**counts, seconds=int(whole), microseconds=microseconds)
    except (OverflowError, ValueError):  # int() refuses thousands of digits
        raise DefinitionError(f"{what} {text[:40]!r} is longer than any calendar") from None


def parse_moment(text: str, *, what: str = "date") -> date | datetime:
    """Return a `date` for a day, a `datetime` for a timestamp, with its offset if it has one.

    Read are `2020-04-02`, `20200402`, and a date with a time after `T` or a blank: hours and
    minutes, perhaps seconds with a fraction, perhaps `Z` or an offset.

    Raises:
        DefinitionError: the text is none of these, or there is no such day or hour.
    """
    day, time = text.strip(), None
    found = _DATE.match(day)
    rest = day[found.end() :] if found else ""
    if rest[:1] in {"T", "t", " "}:
        time = _TIME.fullmatch(rest[1:].strip(" "))
    if found is None or (rest and time is None):
        raise DefinitionError(f"{what} {text!r} cannot be read; write {_MOMENT}")
    try:
        first = date(*(int(part) for part in found.groups() if part))
        return first if time is None else _datetime(first, time)
    except ValueError as error:
        raise DefinitionError(f"{what} {text!r} does not exist: {error}") from None


def parse_period(start: str | None, end: str | None) -> Period:
    """Return the period of `--from` and `--to`; None leaves an end open.

    Raises:
        DefinitionError: one of the texts is no date and no timestamp.
    """
    return Period(
        None if start is None else parse_moment(start, what="from"),
        None if end is None else parse_moment(end, what="to"),
    )


def parse_range(text: str) -> Period:
    """Return the period of `FROM..TO`; a missing side is open.

    Raises:
        DefinitionError: there are not two sides, or one is no date and no timestamp.
    """
    sides = [side.strip() or None for side in text.split("..")]
    if len(sides) != 2:  # noqa: PLR2004
        raise DefinitionError(
            f"{text!r} is no period; write FROM..TO, as in 2020-04-01..2020-04-30"
        )
    return parse_period(*sides)


def _datetime(day: date, time: re.Match[str]) -> datetime:
    hour, minute, second, fraction, zulu, sign, *offset = time.groups()
    zone: timezone | None = UTC if zulu else None
    if sign:
        hours, minutes, seconds, micros = (int(part or 0) for part in offset)
        if minutes > 59 or seconds > 59:  # noqa: PLR2004
            raise ValueError("an offset has at most 59 minutes")
        shift = timedelta(hours=hours, minutes=minutes, seconds=seconds, microseconds=micros)
        zone = timezone(-shift if sign == "-" else shift)
    return datetime(
        *(day.year, day.month, day.day),
        *(int(hour), int(minute), int(second or 0), int((fraction or "").ljust(6, "0"))),
        tzinfo=zone,
    )


def _duration_hint(text: str) -> str:
    known = "write 30d, 12h, 30m, 90s or 2w"
    if re.fullmatch(r"\s*[0-9]+\s*", text):
        return f"a unit is missing; for days write {text.strip()}d"
    if "mo" in text.lower() or text.strip().endswith(("M", "y")):
        return f"months and years have no fixed length; {known}"
    wordy = _WORDY.fullmatch(text)
    return f"write {wordy[1]}{wordy[2].lower()}" if wordy else f"{known}; or 1h30m, largest first"
