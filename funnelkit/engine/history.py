"""Events with what is known of their users at other times: first seen, how often, in which cohort.

These are the conditions that look beyond the event itself: new users, Historical Count, "performed
event", cohorts (specification A8, A9, A11h). Each is a window over the events of a user, and costs
a sort; a funnel without them is read as it lies.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from funnelkit.errors import DataError
from funnelkit.events.columns import IDS
from funnelkit.events.sql import quote_identifier
from funnelkit.model import NEW_USER_EVENT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from funnelkit.engine.events_sql import EventConditions
    from funnelkit.events.sql import Parameters
    from funnelkit.events.table import EventTable
    from funnelkit.model import Cohort, Funnel, Performed, Segment

LOOK_BACK = 365 * 86_400 * 1_000_000
"""Microseconds before the range in which instances of a Historical Count are counted (A11h)."""

SIGNS = {
    "is": "=", "is not": "<>",
    "less": "<", "less or equal": "<=", "greater": ">", "greater or equal": ">=",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class History:
    """The events of a funnel, and conditions on what their users did at other times.

    `base` is the FROM item of all events, `user` the SQL key of an event's user, `us` its time,
    `ties` the order at equal times.
    """

    funnel: Funnel
    table: EventTable
    conditions: EventConditions
    bind: Parameters
    user: str
    us: str
    ties: str
    base: str

    def relation(self) -> str:
        """Return the FROM item: the files, with a column for each condition that needs one."""
        base = found = self.base
        if self._asks_for_first():
            found = (
                f"(SELECT * FROM {base} LEFT JOIN (SELECT {self.user} AS fk_first_user, "
                f"min({self.us}) AS fk_first FROM {base} GROUP BY ALL) "
                f"ON {self.user} = fk_first_user)"
            )
        if self.funnel.event_filters:
            passes = self.conditions.passes(self.funnel.event_filters)
            found = f"(SELECT * FROM {found} WHERE {passes})"
        if columns := [*self._instances(), *self._performed()]:
            found = f"(SELECT *, {', '.join(columns)} FROM {found})"
        return found

    def looks_around(self) -> bool:
        """Tell whether any condition on an event looks at others of its user."""
        counted = any(step.historical_count for step in self.funnel.steps)
        performed = any(segment.performed for segment in self.funnel.segments)
        return self._asks_for_first() or counted or performed

    def nth_time(self, step: int) -> str:
        """Return the condition that an event is the n-th that a step asks for, inside the range."""
        count = self.funnel.steps[step].historical_count
        assert count is not None  # noqa: S101 - asked for such steps only
        fits = self._counted(step)
        return f"{fits} AND fk_nth_{step} {SIGNS[count.op]} {count.count} AND {self.in_range()}"

    def is_new(self) -> str:
        """Return the condition that the event's user is new, as the funnel asks (A8)."""
        new = self.in_range("fk_first")
        if self.funnel.users == "new on first day":
            new += f" AND {on_first_day(self.funnel, self.us, self.bind)}"
        return new

    def at_an_open_time(self) -> Iterator[str]:
        """Yield the conditions that the time of an event is not left out of the range (A4)."""
        period = self.funnel.period
        if period.without_weekdays:
            from funnelkit.model.period import WEEKDAYS

            days = ", ".join(str(WEEKDAYS.index(day) + 1) for day in period.without_weekdays)
            yield f"isodow({local(self.funnel, self.us, self.bind)}) NOT IN ({days})"
        start, end = period.from_time, period.to_time
        time = f"CAST({local(self.funnel, self.us, self.bind)} AS TIME)"
        after = None if start is None else f"{time} >= TIME '{start.isoformat()}'"
        before = None if end is None else f"{time} < TIME '{end.isoformat()}'"
        if start is not None and end is not None and start > end:
            yield f"({after} OR {before})"
        else:
            yield from (test for test in (after, before) if test)

    def passes(self, segment: Segment, number: int) -> Iterator[str]:
        """Yield the conditions of segment `number` on the user of an event."""
        for i, performed in enumerate(segment.performed):
            yield f"fk_performed_{number}_{i} {performed.op} {performed.count}"
        for cohort in segment.cohorts:
            yield self._is_in(cohort)

    def in_range(self, us: str | None = None) -> str:
        """Return the condition that a time lies in the range of dates."""
        start, end = self.funnel.period.bounds(self.funnel.timezone)
        us = us or self.us
        tests = [] if start is None else [f"{us} >= {self.bind.bind(start)}"]
        tests += [] if end is None else [f"{us} < {self.bind.bind(end)}"]
        return " AND ".join(tests) or "true"

    def _asks_for_first(self) -> bool:
        is_new = any(each.event_type == NEW_USER_EVENT for each in self.funnel.selectors())
        return is_new or self.funnel.users != "active"

    def _counted(self, step: int) -> str:
        start, _ = self.funnel.period.bounds(self.funnel.timezone)
        fits = self.conditions.fits(self.funnel.steps[step].events)
        if start is None:
            return fits
        return f"{fits} AND {self.us} >= {self.bind.bind(start - LOOK_BACK)}"

    def _instances(self) -> Iterator[str]:
        for step, asked in enumerate(self.funnel.steps):
            if asked.historical_count is not None:
                fits = self._counted(step)
                yield (
                    f"row_number() OVER (PARTITION BY {self.user}, ({fits}) "
                    f"ORDER BY {self.us}, {self.ties}) AS fk_nth_{step}"
                )

    def _performed(self) -> Iterator[str]:
        for number, segment in enumerate(self.funnel.segments):
            for i, performed in enumerate(segment.performed):
                yield f"{self._times(performed)} AS fk_performed_{number}_{i}"

    def _times(self, performed: Performed) -> str:
        """Return the SQL of how often the user of an event did another one."""
        fits = self.conditions.fits(performed.events)
        over = f"PARTITION BY {self.user}"
        if performed.ever:
            over += f" ORDER BY {self.us}"  # up to and with equal times
        elif performed.within is None:
            fits += f" AND {self.in_range()}"
        else:
            within = performed.within // timedelta(microseconds=1)
            over += f" ORDER BY {self.us} RANGE BETWEEN {within} PRECEDING AND CURRENT ROW"
        return f"count(*) FILTER (WHERE {fits}) OVER ({over})"

    def _is_in(self, cohort: Cohort) -> str:
        found = has_id_of(read_cohort(cohort), self.table, self.bind)
        return found if cohort.inside else f"NOT {found}"


def on_first_day(funnel: Funnel, us: str, bind: Parameters) -> str:
    """Return the condition that an event is on the day of its user's first one."""
    first = local(funnel, "fk_first", bind)
    return f"CAST({local(funnel, us, bind)} AS DATE) = CAST({first} AS DATE)"


def local(funnel: Funnel, us: str, bind: Parameters) -> str:
    """Return the SQL of a time, in microseconds, on the clocks of the project's time zone."""
    return f"timezone({bind.bind(funnel.timezone)}, make_timestamptz({us}))"


def has_id_of(ids: list[str], table: EventTable, bind: Parameters) -> str:
    """Return the condition that any id of an event is one of these."""
    columns = [column for role in IDS if (column := getattr(table, role))]
    wanted = bind.bind(ids)
    texts = (f"CAST({quote_identifier(column)} AS VARCHAR)" for column in columns)
    tests = (f"coalesce({text} IN (SELECT unnest({wanted})), false)" for text in texts)
    return f"({' OR '.join(tests)})"


def read_cohort(cohort: Cohort) -> list[str]:
    """Return the ids of a cohort's file, blanks around them left out.

    A CSV file whose header names id columns, as `funnelkit users -o` writes it, has in each row the
    first of them that is filled; any other file has one id per line.

    Raises:
        DataError: the file cannot be read, or has no id.
    """
    try:
        text = Path(cohort.path).read_text("utf-8-sig")
        found = list(_ids(text))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"cannot read the cohort {cohort.path}: {reason}") from None
    ids = list(dict.fromkeys(one for one in found if one))
    if not ids:
        raise DataError(
            f"the cohort {cohort.path} has no id: expected one per line, or a CSV file with a "
            f"column {', '.join(IDS[:-1])} or {IDS[-1]}"
        )
    return ids


def _ids(text: str) -> Iterator[str]:
    lines = text.splitlines()
    header = [name.strip() for name in next(csv.reader(lines[:1]), [])]
    columns = [header.index(name) for name in IDS if name in header]
    if not columns:
        yield from (line.strip() for line in lines)
        return
    for row in csv.reader(lines[1:]):
        filled = (row[column].strip() for column in columns if column < len(row))
        yield next(filter(None, filled), "")
