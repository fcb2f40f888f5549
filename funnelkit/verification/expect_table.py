"""What a funnel file expects: the table `[expect]`, read into numbers and terms.

[expect]
counts = [1177, 638, 448]
series = { 2026-05-01 = [40, 21, 15], 2026-05-02 = [38, 20, 14] }
groups = { pro = [600, 400, 300], "(none)" = [577, 238, 148] }
times = { whole = { average = "21m 12s", median = 1240 }, "1 to 2" = { average = 320.5 } }
segments.mobile = { counts = [...], series = { ... } }
from = "checkout.response.json"        # a saved answer of Amplitude's instead
missing_users = { step = 2, users = 3, reason = "bots were removed later" }
warn_over = 0
fail_over = "1%"
settle = "14d"
fetched_at = 2026-06-20
known_difference = { reason = "...", until = 2026-12-31 }
allow = ["sampled"]
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from funnelkit.errors import DefinitionError
from funnelkit.specs.problems import Table, shown, text, texts
from funnelkit.specs.readers import READERS
from funnelkit.specs.times import parse_moment, parse_window
from funnelkit.verification.expected import (
    DOUBTS,
    MEDIAN_TOLERANCE,
    MILLISECOND,
    AmplitudeAnswer,
    Expectation,
    ExpectedInterval,
    ExpectedSeries,
    ExpectedTime,
)
from funnelkit.verification.settling import instant_of
from funnelkit.verification.terms import (
    SETTLE,
    Allowance,
    KnownDifference,
    Terms,
    Threshold,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from funnelkit.specs.problems import Problems

T = TypeVar("T")
NUMBER_KEYS: Final = ("counts", "series", "groups", "times")
TERM_KEYS: Final = (
    "missing_users", "extra_users", "warn_over", "fail_over", "settle", "known_difference", "allow",
)  # fmt: skip
EXPECT_KEYS: Final = (
    *NUMBER_KEYS, "segments", "interval", "from", "chart", "median_within", "fetched_at", *TERM_KEYS
)  # fmt: skip

_PAIR: Final = re.compile(r"\s*(\d{1,2})\s*(?:to|>|-)\s*(\d{1,2})\s*")
_SHARE: Final = re.compile(r"\s*(\d+(?:\.\d+)?)\s*%\s*")
_UNIT_SECONDS: Final = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a table says: numbers (None if it has none), files of numbers, a chart, and terms.

    `fetched_at` is when the numbers were read, for files that do not say it themselves.
    """

    numbers: Expectation | None
    files: tuple[str, ...]
    chart: str | None
    terms: Terms
    fetched_at: datetime | None = None


def read_expect(
    values: object, *, source: str, path: tuple[str, ...], problems: Problems
) -> Expected:
    """Return what the table under `path` expects; what is wrong is added to `problems`."""
    table = Table(values, known=EXPECT_KEYS, path=path, problems=problems)
    within = table.read("median_within", _share, MEDIAN_TOLERANCE)
    whole = _series(table, within)
    named = [
        replace(_series(one, within), name=name)
        for name, one in _tables(table, "segments", known=NUMBER_KEYS)
    ]
    segments = (*([whole] if _says_anything(whole) else []), *named)
    if named and _says_anything(whole):
        problems.add(path, "give the numbers of the segments, or those of the whole; not both")
    numbers = None
    fetched = table.read("fetched_at", lambda value: instant_of(_moment(value)), None)
    if segments:
        numbers = Expectation(
            segments=segments,
            source=source,
            interval=table.read("interval", READERS["interval"], None),
            answer=AmplitudeAnswer(fetched_at=fetched),
        )
    return Expected(
        numbers=numbers,
        files=table.read("from", texts, ()),
        chart=table.read("chart", text, None),
        terms=_terms(table),
        fetched_at=fetched,
    )


def _says_anything(series: ExpectedSeries) -> bool:
    return bool(series.counts or series.intervals or series.groups or series.times)


def _series(table: Table, within: float) -> ExpectedSeries:
    return ExpectedSeries(
        counts=table.read("counts", read_counts, ()),
        intervals=tuple(
            ExpectedInterval(name=name, counts=counts)
            for name, counts in _entries(table, "series", read_counts)
        ),
        groups=tuple(
            ExpectedSeries(name=name, counts=counts)
            for name, counts in _entries(table, "groups", read_counts)
        ),
        times=tuple(
            time
            for name, one in _tables(table, "times", known=("average", "median"))
            if (time := _time(name, one, within)) is not None
        ),
    )


def read_counts(value: object) -> tuple[int, ...]:
    """Return counts: a list of whole numbers, or a text with commas between them.

    Raises:
        DefinitionError: it is something else, a number is negative, or they rise.
    """
    parts: list[Any] = value if isinstance(value, list) else []
    if isinstance(value, str):
        parts = [int(part) if part.strip().isdecimal() else part for part in value.split(",")]
    if not parts:
        raise DefinitionError(f"expected a list of counts, one for each step, got {shown(value)}")
    for part in parts:
        if type(part) is not int or part < 0:
            raise DefinitionError(f"expected a count, got {shown(part)}")
    ExpectedSeries(counts=tuple(parts))
    return tuple(parts)


def _time(name: str, table: Table, within: float) -> ExpectedTime | None:
    step: int | None = None
    if name != "whole":
        pair = _PAIR.fullmatch(name)
        if pair is None or int(pair[2]) != int(pair[1]) + 1:
            table.problems.add(table.path, f"a time is of whole, or as in '1 to 2'; got {name!r}")
            return None
        step = int(pair[2])
    nothing = (None, MILLISECOND)
    average, cut_to = table.read("average", _seconds, nothing)
    median, of_median = table.read("median", _seconds, nothing)
    return ExpectedTime(
        step=step,
        average_seconds=average,
        median_seconds=median,
        cut_to=max(cut_to, of_median),
        median_within=within,
    )


def _seconds(value: object) -> tuple[float, float]:
    """Return seconds, and the unit to which they were cut: that of a text's last part."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0:
        return float(value), MILLISECOND
    if isinstance(value, str):
        seconds = parse_window(value, what="time").total_seconds()
        fraction = "." in value
        return seconds, MILLISECOND if fraction else float(_UNIT_SECONDS[value.strip()[-1]])
    raise DefinitionError(f"expected seconds, or a time as in '21m 12s', got {shown(value)}")


def _terms(table: Table) -> Terms:
    allowances = (
        *_allowances(table, "missing_users", missing=True),
        *_allowances(table, "extra_users", missing=False),
    )
    known = None
    for _, one in _single(table, "known_difference", ("reason", "until")):
        reason = one.read("reason", text, "")
        until = one.read("until", _day, None)
        if until is None and "until" not in one.values:
            one.problems.add(one.path, "it needs until = 2026-12-31: no difference is for ever")
        known = _made(one, partial(KnownDifference, reason=reason, until=until or date.max))
    settle = table.read("settle", lambda value: parse_window(text(value), what="settle"), SETTLE)
    found = _made(
        table,
        lambda: Terms(
            allowances=tuple(allowances),
            warn_over=table.read("warn_over", _threshold, Threshold()),
            fail_over=table.read("fail_over", _threshold, Threshold()),
            settle=settle,
            known_difference=known,
            allow=table.read("allow", _allow, ()),
        ),
    )
    return found or Terms()


def _allowances(table: Table, key: str, *, missing: bool) -> Iterator[Allowance]:
    for _, one in _single(table, key, ("step", "users", "reason")):
        step, users = one.read("step", _whole, 0), one.read("users", _whole, 0)
        reason = one.read("reason", text, "")
        found = _made(
            one,
            partial(Allowance, step=step, users=users, missing=missing, reason=reason),
        )
        if found is not None:
            yield found


def _made(table: Table, make: Callable[[], T]) -> T | None:
    try:
        return make()
    except DefinitionError as error:
        table.problems.add(table.path, str(error))
        return None


def _single(table: Table, key: str, known: tuple[str, ...]) -> Iterator[tuple[int, Table]]:
    """Yield the table under `key`, or each of a list of them."""
    value = table.values.get(key, [])
    for number, one in enumerate(value if isinstance(value, list) else [value]):
        yield number, Table(one, known=known, path=(*table.path, key), problems=table.problems)


def _tables(table: Table, key: str, *, known: tuple[str, ...]) -> Iterator[tuple[str, Table]]:
    below = Table(
        table.values.get(key, {}), known=None, path=(*table.path, key), problems=table.problems
    )
    for name, value in below.values.items():
        yield name, Table(value, known=known, path=(*below.path, name), problems=table.problems)


def _entries(table: Table, key: str, reader: Callable[[object], T]) -> Iterator[tuple[str, T]]:
    below = Table(
        table.values.get(key, {}), known=None, path=(*table.path, key), problems=table.problems
    )
    for name in below.values:
        found = below.read(name, reader, None)
        if found is not None:
            yield name, found


def _threshold(value: object) -> Threshold:
    if type(value) is int and value >= 0:
        return Threshold(users=value)
    share = _SHARE.fullmatch(value) if isinstance(value, str) else None
    if share is not None:
        return Threshold(share=float(share[1]) / 100)
    raise DefinitionError(f"expected a number of users, or a share as in '1%', got {shown(value)}")


def _share(value: object) -> float:
    share = _SHARE.fullmatch(value) if isinstance(value, str) else None
    if share is None:
        raise DefinitionError(f"expected a share as in '5%', got {shown(value)}")
    return float(share[1]) / 100


def _allow(value: object) -> tuple[str, ...]:
    found = texts(value)
    for name in found:
        check_doubt(name)
    return found


def check_doubt(name: str) -> None:
    """Raise `DefinitionError` unless `name` is a doubt that can be put up with."""
    from funnelkit.model.choices import check_choice

    check_choice("what is allowed", name, DOUBTS)


def _whole(value: object) -> int:
    if type(value) is int:
        return value
    raise DefinitionError(f"expected a whole number, got {shown(value)}")


def _moment(value: object) -> date:
    return value if isinstance(value, date) else parse_moment(text(value))


def _day(value: object) -> date:
    found = _moment(value)
    if type(found) is not date:
        raise DefinitionError(f"expected a day as in 2026-12-31, got {shown(value)}")
    return found
