"""The statement, composed of the templates in `sql/plain_*.sql`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from funnelkit.engine.plain.chains import Chains
from funnelkit.engine.plain.conditions import either
from funnelkit.engine.plain.limits import check_plain
from funnelkit.engine.plain.reading import Reading
from funnelkit.engine.plain.runs import Runs
from funnelkit.engine.rules import TICKS
from funnelkit.engine.sqlfiles import read_sql
from funnelkit.errors import UnsupportedError
from funnelkit.model import Step
from funnelkit.specs.text import format_moment, format_window

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from funnelkit.engine.plain.dialects.dialect import Dialect
    from funnelkit.engine.plain.sources import Source
    from funnelkit.model import Funnel

MOST_TERMS: Final = 20_000
"""Conditions on shared seconds beyond which nobody can read or plan the statement."""


def plain_sql(funnel: Funnel, source: Source, dialect: Dialect) -> str:
    """Return one statement that gives a row (step, event, users) for each step of the funnel.

    The counts are those of `report` (specification A0 to A4, A7, A9 and A10), the rule for equal
    seconds included. With segments and groups a row begins with the segment's name and the values
    of the group; all groups are given, however many they are.

    Raises:
        UnsupportedError: the statement cannot say this, or the dialect cannot; or the steps overlap
            so much that it would be too long.
    """
    check_plain(funnel)
    return _Statement(funnel, source, dialect).text()


class _Statement:
    """Fills in the templates."""

    def __init__(self, funnel: Funnel, source: Source, dialect: Dialect) -> None:
        self.funnel = funnel
        self.dialect = dialect
        self.reading = Reading(funnel, source, dialect)
        self.runs = Runs(tuple(Step(events) for events in self.reading.steps))
        self.unit = ["unit", "session"] if self.reading.of_sessions else ["unit"]
        self.keys = ["segment", *self.unit] if funnel.segments else self.unit
        self.groups = [f"group_{n}" for n in range(1, len(self.reading.by) + 1)]
        self.chains = Chains(
            self.runs,
            ", ".join(self.keys),
            funnel.window_microseconds,
            exact=funnel.order == "exact",
        )

    def text(self) -> str:
        funnel, reading = self.funnel, self.reading
        if self.runs.terms() > MOST_TERMS:
            raise UnsupportedError(
                f"plain SQL for these {len(funnel.steps)} steps would need {self.runs.terms():,} "
                "conditions, because one event may fit many of them in the same "
                f"{funnel.resolution}"
            )
        labels = _lines(reading.labels())
        present = reading.present()
        shown = (["segment"] if funnel.segments else []) + self.groups
        note = f"\n--\n-- {self.dialect.note}" if self.dialect.note else ""
        return read_sql("plain_funnel").format(
            **self._words(),
            title=self.dialect.title,
            note=note,
            columns=_lines(reading.columns()),
            properties=reading.properties(),
            events=reading.source.relation,
            relevant=_where(reading.relevant()),
            keys=_lines(self.unit),
            tick=TICKS[funnel.resolution],
            labels=labels,
            present=present,
            segments=self._segments(),
            segmented_keys=_lines(self.keys),
            fills=_lines(self.runs.columns(self._entry())),
            with_segments=" CROSS JOIN segments" if funnel.segments else "",
            fits_any="" if self.chains.exact else _where([self._fits_any()]),
            partition=", ".join(self.keys),
            chain="".join(self.chains.forward()),
            reached=self._grouped() if self.groups else self._furthest(),
            steps=self._steps(),
            counts=_lines([*self._shown(), *self._counts()]),
            counted=self._counted(),
            shown="".join(f"{name}, " for name in shown),
            users=" ".join(f"WHEN {n} THEN users_{n}" for n in self._numbers),
            order_by=", ".join([*shown, "step"]),
        )

    @property
    def _numbers(self) -> range:
        return range(1, len(self.funnel.steps) + 1)

    def _words(self) -> dict[str, str]:
        """Return what the comments say."""
        funnel = self.funnel
        tick = funnel.resolution
        exact = (
            "\n--\n-- Any event between two steps interrupts, unless it shares the "
            f"{tick} of one of them. So all\n-- events are looked at, and the next step follows in "
            f"the very next {tick} with an event."
        )
        return {
            "noun": funnel.noun,
            "order": funnel.order,
            "resolution": tick,
            "interrupted": exact if self.chains.exact else "",
            "period": _period(funnel),
            "window": format_window(funnel.conversion_window),
            "up_to": f"here or in the {tick} before with an event"
            if self.chains.exact
            else "up to here",
            "before": f"in the {tick} before" if self.chains.exact else f"up to the {tick} before",
        }

    def _entry(self) -> str:
        """Return the condition that an event of step 1 may enter; empty without one."""
        start, end = self.funnel.period.bounds(self.funnel.timezone)
        conditions = [] if start is None else [f"us >= {start}"]
        if end is not None:
            conditions.append(f"us < {end}")
        if self.funnel.segments:
            conditions.append(
                either(
                    f"segment = {self.dialect.literal(segment.name)} AND passes_{number}"
                    for number, segment in enumerate(self.funnel.segments, start=1)
                )
            )
        return " AND ".join(conditions)

    def _fits_any(self) -> str:
        return either(f"fits_{n}" for n in self._numbers)

    def _segments(self) -> str:
        names = [self.dialect.literal(segment.name) for segment in self.funnel.segments]
        return (
            f"\nsegments AS (\n{_union((f'{name} AS segment',) for name in names)}\n),"
            if names
            else ""
        )

    def _steps(self) -> str:
        labels = [self.dialect.literal(step.label) for step in self.funnel.steps]
        return _union((f"{n} AS step", f"{name} AS event") for n, name in enumerate(labels, 1))

    def _furthest(self) -> str:
        return read_sql("plain_reach").format(
            noun=self.funnel.noun,
            keys=_lines(self.keys),
            reach=self.chains.reach(),
            last=len(self.funnel.steps),
            partition=", ".join(self.keys),
        )

    def _grouped(self) -> str:
        conditions = ["fits_1", self._entry()]
        conditions += [
            f"(together < {n} OR NOT fits_{n})"
            for n in self._numbers[1:]
            if not self.runs.is_apart(n)
        ]
        same = [f"labelled.{key} = entries.{key}" for key in (*self.unit, "tick")]
        return read_sql("plain_groups").format(
            noun=self.funnel.noun,
            resolution=self.funnel.resolution,
            reach=self.chains.reach(),
            last=len(self.funnel.steps),
            partition=", ".join(self.keys),
            chain="".join(self.chains.backward()),
            together=self.chains.together(),
            columns=_lines(
                [*(f"entries.{key} AS {key}" for key in self.keys), "reach", *self.groups]
            ),
            entry_partition=", ".join(f"entries.{key}" for key in self.keys),
            ties=", ".join(["us", *self.reading.ties()]),
            joined=" AND ".join(same),
            fits_entry=" AND ".join(filter(None, conditions)),
        )

    def _shown(self) -> list[str]:
        """Return what tells the rows of `counted` apart."""
        if self.groups:
            return [*(["segment"] if self.funnel.segments else []), *self.groups]
        return ["segments.segment AS segment"] if self.funnel.segments else []

    def _counts(self) -> Iterator[str]:
        for n in self._numbers:
            yield f"count(CASE WHEN reach >= {n} THEN 1 END) AS users_{n}"

    def _counted(self) -> str:
        """Return what is counted: a segment counts even where nobody passes it."""
        if self.groups:
            return f"reached\n    GROUP BY {', '.join(self._shown())}"
        if self.funnel.segments:
            joined = "segments LEFT JOIN reached ON reached.segment = segments.segment"
            return f"{joined}\n    GROUP BY segments.segment"
        return "reached"


def _period(funnel: Funnel) -> str:
    """Return the range in words."""
    start, end = funnel.period.start, funnel.period.end
    first = "" if start is None else f"from {format_moment(start)}, "
    last = "" if end is None else f"to {format_moment(end)}, "
    return f"{first}{last}in {funnel.timezone} time" if first or last else "at any time"


def _where(conditions: Iterable[str]) -> str:
    found = " AND ".join(conditions)
    return f"\n    WHERE {found}" if found else ""


def _union(rows: Iterable[Iterable[str]]) -> str:
    return " UNION ALL\n".join(f"    SELECT {', '.join(row)}" for row in rows)


def _lines(items: Iterable[str]) -> str:
    """Return the items one a line, with commas between them."""
    return ",\n".join(f"        {item}" for item in items)
