"""Hours of exports: UTC, counted from 1970, written `2024-01-05T14` (specification C1)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from funnelkit.errors import DefinitionError
from funnelkit.specs.times import parse_moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DAY: Final = 24
AVAILABLE_AFTER: Final = 3
"""Data sent between 8 and 9 is available at 11: three hours after its hour began."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_HOUR: Final = re.compile(r"\s*([0-9]{4}-?[0-9]{2}-?[0-9]{2})[T ]([0-9]{2})\s*", re.IGNORECASE)
_MEMBER: Final = re.compile(r"_([0-9]{4}-[0-9]{2}-[0-9]{2})_([0-9]{1,2})#[^/]*$")


def parse_hour(text: str, *, what: str, last: bool = False) -> int:
    """Return the hour of `2024-01-05T14`; of a date its first hour, or its last.

    Raises:
        DefinitionError: the text is neither, or there is no such hour.
    """
    found = _HOUR.fullmatch(text)
    moment = parse_moment(found[1] if found else text, what=what)
    if isinstance(moment, datetime):
        raise DefinitionError(
            f"{what} {text!r}: exports come in whole hours of UTC, and both ends are included; "
            "write a date or an hour, as in 2024-01-05 or 2024-01-05T14"
        )
    hour = int(found[2]) if found else (DAY - 1 if last else 0)
    if hour >= DAY:
        raise DefinitionError(f"{what} {text!r} does not exist: hours are 00 to 23")
    return first_hour(moment) + hour


def first_hour(day: date) -> int:
    """Return the first hour of a day."""
    return (day - _EPOCH.date()).days * DAY


def hour_of(moment: datetime) -> int:
    """Return the hour in which a moment lies."""
    return (moment - _EPOCH) // timedelta(hours=1)


def last_available(now: datetime) -> int:
    """Return the last hour whose events Amplitude has made available for export by now."""
    return hour_of(now) - AVAILABLE_AFTER


def moment_of(hour: int) -> datetime:
    """Return the beginning of an hour."""
    return _EPOCH + timedelta(hours=hour)


def write_hour(hour: int) -> str:
    """Return `2024-01-05T14`, as `parse_hour` reads it."""
    return f"{moment_of(hour):%Y-%m-%dT%H}"


def write_hours(hours: Iterable[int]) -> str:
    """Return `2024-01-05T14, 2024-01-06T00 to 2024-01-06T23`."""
    spans = ((run[0], run[-1]) for run in runs(hours))
    return ", ".join(
        write_hour(first) if first == last else f"{write_hour(first)} to {write_hour(last)}"
        for first, last in spans
    )


def query_hour(hour: int) -> str:
    """Return `20240105T14`, as the Export API takes it."""
    return f"{moment_of(hour):%Y%m%dT%H}"


def runs(hours: Iterable[int]) -> Iterator[range]:
    """Yield hours that follow each other, together, in order."""
    ordered = sorted(set(hours))
    starts = [0, *(i for i, (a, b) in enumerate(pairwise(ordered), 1) if b > a + 1)]
    for start, end in pairwise([*starts, len(ordered)]):
        if start < end:
            yield range(ordered[start], ordered[end - 1] + 1)


def hour_of_member(name: str) -> int | None:
    """Return the hour of `187520/187520_2020-01-25_17#1.json.gz`; None for another name."""
    found = _MEMBER.search(name)
    if found is None or int(found[2]) >= DAY:
        return None
    try:
        return first_hour(date.fromisoformat(found[1])) + int(found[2])
    except ValueError:
        return None
