"""Why an event is no entry, and why an attempt went no further, in words.

How far an attempt gets is the kernel's answer alone; this only looks at the rows for what stood in
the way of the next step.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from funnelkit.engine.intervals import moment
from funnelkit.model.period import WEEKDAYS
from funnelkit.specs.text import format_window

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from funnelkit.engine.entry import Entry
    from funnelkit.engine.rules import Rules
    from funnelkit.model import Funnel


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An event as the kernel sees it, and its type; `part` tells whether the kernel does."""

    us: int
    mask: int
    flags: int
    event_type: str
    part: bool


@dataclass(frozen=True, slots=True)
class Reasons:
    """The events of one unit, `rows` in the order of time, and what is asked of them."""

    funnel: Funnel
    rules: Rules
    entry: Entry
    rows: Sequence[Row]

    def tick(self, row: int) -> int:
        """Return the second (or millisecond) of a row, in microseconds."""
        return self.rows[row].us // self.rules.tick * self.rules.tick

    def window_over(self, tick: int) -> int:
        """Return the last tick that lies in the window that begins with a tick."""
        return tick + self.entry.window // self.rules.tick * self.rules.tick

    def bars(self, row: int) -> int:
        """Return the pairs of steps that a row bars, as bits."""
        if self.rules.every:
            return -1
        if not self.rules.is_strict:
            return 0
        return self.rows[row].flags >> self.rules.shift & ((1 << (self.rules.steps - 1)) - 1)

    def no_entry(self, row: int) -> str | None:
        """Say why an event that fits step 1 is no entry; None where it is one, or does not fit."""
        event = self.rows[row]
        if event.mask & 1 == 0:
            return None
        start, *_, end = self.entry.edges
        if event.us < start:
            return "before the dates"
        if event.us >= end:
            return "after the dates"
        if self.entry.segment is None or event.flags >> self.entry.segment & 1:
            return None
        if self._is_left_out(event.us):
            return "on a day or at a time that is left out"
        named = [f"not in the segment {s.name}" for s in self.funnel.segments[self.entry.segment :]]
        words = named[:1]
        if self.funnel.users != "active":
            words.append("the user is not new")
        return " or ".join(words)

    def _is_left_out(self, us: int) -> bool:
        period = self.funnel.period
        clock = moment(us - self.rules.added).astimezone(ZoneInfo(self.funnel.timezone))
        if WEEKDAYS[clock.weekday()] in period.without_weekdays:
            return True
        start, end, now = period.from_time, period.to_time, clock.time()
        if start is not None and end is not None and start > end:
            return end <= now < start
        return (start is not None and now < start) or (end is not None and now >= end)

    def stopped(self, filled: Sequence[int], taken: dict[int, int]) -> str | None:
        """Say why a conversion that fills these rows went no further; None where it is complete.

        `taken` tells which path each row is in, where paths are counted.
        """
        if len(filled) == self.rules.steps:
            return None
        if self.rules.order == "any":
            return self._stopped_in_any_order(filled)
        return next(self._obstacles(filled, taken))

    def _obstacles(self, filled: Sequence[int], taken: dict[int, int]) -> Iterator[str]:
        """Yield what keeps the next step from being filled, what came closest first."""
        step = len(filled)
        label = self._label(step)
        coming = [row for row in range(len(self.rows)) if self.rows[row].mask >> step & 1]
        last = self.tick(filled[-1])
        over = self.window_over(self.tick(filled[0]))
        inside = [row for row in coming if last < self.tick(row) <= over]
        for row in inside:
            for barring in self._between(last, self.tick(row), step - 1):
                yield f"{self._barred(barring)}, before {label} at {self.clock(row)}"
        if inside:
            yield f"{label}: {self._taken(inside, taken)}"
        if same := [row for row in coming if self.tick(row) == last]:
            yield f"{label}: {self._same_tick(same, filled, taken)}"
        if late := [row for row in coming if self.tick(row) > over]:
            gap = words_of(self.tick(late[0]) - over)
            yield f"{label} came {gap} after the window, at {self.clock(late[0])}"
        if coming:
            yield f"{label} came only before step {step}, last at {self.clock(coming[-1])}"
        yield self.never_came(step)

    def _stopped_in_any_order(self, filled: Sequence[int]) -> str:
        return "; ".join(self._missing(step, filled) for step in self._next_steps(filled))

    def _next_steps(self, filled: Sequence[int]) -> Iterator[int]:
        if self.rules.settings.any_order_steps == "listed":
            yield len(filled)
            return
        done = 0
        for row in filled:
            done |= self.rows[row].mask
        yield from (step for step in range(self.rules.steps) if done >> step & 1 == 0)

    def _missing(self, step: int, filled: Sequence[int]) -> str:
        label = self._label(step)
        coming = [row for row in range(len(self.rows)) if self.rows[row].mask >> step & 1]
        if not coming:
            return self.never_came(step)
        free = [row for row in coming if row not in filled and self.rows[row].part]
        if not free and any(row in filled for row in coming):
            return f"{label}: the only event that fits it fills another step"
        if not free:
            return f"{label} came only too far from the dates, at {self.clock(coming[0])}"
        ticks = [self.tick(row) for row in filled]
        nearest = min(free, key=lambda row: self._span(ticks, row))
        span = self._span(ticks, nearest)
        at = f"{label} at {self.clock(nearest)}"
        if span > self.entry.window // self.rules.tick * self.rules.tick:
            return f"{at} is too far from the other steps: {words_of(span)} are not in the window"
        low, high = min([*ticks, self.tick(nearest)]), max([*ticks, self.tick(nearest)])
        used = {*ticks, self.tick(nearest)}
        for row in range(len(self.rows)):
            if low < self.tick(row) < high and self.tick(row) not in used and self.bars(row):
                return f"{at}: {self._barred(row)}"
        return f"{label}: {self._as_one(nearest)}"

    def _span(self, ticks: Sequence[int], row: int) -> int:
        if self.rules.settings.any_order_window == "around step 1":
            return abs(self.tick(row) - ticks[0])
        every = [*ticks, self.tick(row)]
        return max(every) - min(every)

    def _between(self, after: int, before: int, pair: int) -> list[int]:
        """Return the rows strictly between two ticks that bar a pair of steps."""
        return [
            row
            for row in range(len(self.rows))
            if after < self.tick(row) < before and self.bars(row) >> pair & 1
        ]

    def _barred(self, row: int) -> str:
        what = "interrupted" if self.rules.order == "exact" else "excluded"
        if self.rules.order == "exact" and self.rules.covered:
            what = "interrupted or excluded"
        return f"{what} by {self.rows[row].event_type} at {self.clock(row)}"

    def _taken(self, rows: Sequence[int], taken: dict[int, int]) -> str:
        for row in rows:
            if row in taken:
                return f"the event at {self.clock(row)} is in path {taken[row]}"
        return self._as_one(rows[0])

    def _same_tick(self, rows: Sequence[int], filled: Sequence[int], taken: dict[int, int]) -> str:
        free = [row for row in rows if row not in filled]
        if free:
            return self._taken(free, taken)
        step = filled.index(rows[0]) + 1
        return f"the event that fits it, at {self.clock(rows[0])}, fills step {step}"

    def _as_one(self, row: int) -> str:
        unit = self.funnel.resolution
        return f"the event at {self.clock(row)} and another of its {unit} count as one"

    def never_came(self, step: int) -> str:
        """Say that no event fits a step (from 0), be it for the step's filters alone."""
        types = {each.event_type for each in self.funnel.members(self.funnel.steps[step].events)}
        if any(row.event_type in types for row in self.rows):
            return f"{self._label(step)} never came as the step asks"
        return f"{self._label(step)} never came"

    def _label(self, step: int) -> str:
        return f"step {step + 1}, {self.funnel.steps[step].label}"

    def clock(self, row: int) -> str:
        """Return the time of a row in words."""
        return self._time(self.rows[row].us - self.rules.added)

    def _time(self, us: int) -> str:
        local = moment(us).astimezone(ZoneInfo(self.funnel.timezone))
        fraction = f"{local:.%f}".rstrip("0").rstrip(".")
        return f"{local:%Y-%m-%d %H:%M:%S}{fraction} {local:%Z}"


def words_of(us: int) -> str:
    """Return a time in words: `3s`, `1h30m`, `0.25s`."""
    return format_window(timedelta(microseconds=us))
