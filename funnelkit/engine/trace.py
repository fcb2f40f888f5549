"""The events of one user as the chart sees them, and what the kernel made of them."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from funnelkit.engine.answer import matched
from funnelkit.engine.entering import may_enter
from funnelkit.engine.intervals import moment
from funnelkit.engine.labels import label_text
from funnelkit.engine.lookup import users_of
from funnelkit.engine.names import names_of
from funnelkit.engine.query import CloseLook, compose
from funnelkit.engine.reasons import Reasons, Row
from funnelkit.engine.select import list_rows
from funnelkit.engine.sqlfiles import read_sql
from funnelkit.engine.units import user_key
from funnelkit.errors import DataError, did_you_mean
from funnelkit.events.connection import connect, data_errors
from funnelkit.events.sql import Parameters, quote_identifier
from funnelkit.model import Property
from funnelkit.result.trace import Attempt, Trace, TracedEvent, UnitTrace
from funnelkit.specs.text import format_property

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from duckdb import DuckDBPyConnection

    from funnelkit.engine.chart import Chart, Question
    from funnelkit.engine.query import Query
    from funnelkit.events.table import EventTable
    from funnelkit.model import Funnel


def trace(
    chart: Chart,
    question: Question,
    table: EventTable,
    *,
    who: str,
    held: str | None = None,
    variant: str | None = None,
) -> Trace:
    """Return all that a user did, and why he counts as he does in the answer to a question.

    Everything goes through the kernel that the report asks. `held` picks the units that have this
    value among those that the funnel holds; `who` is as in `users_of`.

    Raises:
        DataError: nobody has the id or the value, or the events cannot be read.
    """
    properties = tuple(mentioned(chart.funnel))
    with closing(connect()) as connection, data_errors("cannot read the events"):
        connection.execute(read_sql("properties")).fetchall()
        users = users_of(chart.funnel, table, who, connection)
        look = _look(table, users, properties)
        query = compose(chart.funnel, table, connection, exact=True, closely=look)
        order = f" ORDER BY unit, us, {query.ties}"
        lines = connection.execute(query.sql + order, query.values).fetchall()
        named = _named(query, table, connection)
        events = _events_of(users, table, connection)
    units = []
    for unit, found in groupby(lines, key=lambda line: line[0]):
        names = named[unit]
        if isinstance(chart.funnel.unit, Property) and names[0][1] != who:
            continue
        if held is None or held in [text for _, text in names]:
            one = _Unit(chart, question, query, list(found), properties)
            units.append(replace(one.trace(), names=names))
    if not units:
        values = [text for names in named.values() for _, text in names]
        hint = "" if held is None else did_you_mean(held, values)
        what = f"no event with the held value {held!r}" if held is not None else "no event"
        raise DataError(f"of {who!r} there is {what} that can take part.{hint}")
    return Trace(
        funnel=chart.funnel,
        user=who,
        segment=question.name,
        variant=variant,
        events=events,
        units=tuple(units),
        notes=table.notes,
    )


def mentioned(funnel: Funnel) -> Iterator[Property]:
    """Yield the properties that the definition asks for, each once."""
    filters = [f for selector in funnel.selectors() for f in selector.filters]
    filters += [f for segment in funnel.segments for f in segment.filters]
    found = [each.property for each in (*filters, *funnel.event_filters)]
    found += funnel.group_by.properties if funnel.group_by else ()
    found += funnel.hold
    found += [funnel.unit] if isinstance(funnel.unit, Property) else []
    found += [funnel.measures.sum_of] if funnel.measures.sum_of else []
    yield from dict.fromkeys(found)


def _look(table: EventTable, users: tuple[str, ...], properties: Sequence[Property]) -> CloseLook:
    bind = Parameters()
    texts = (label_text(prop, table, bind) for prop in properties)
    event_type = f"CAST({quote_identifier(table.event_type)} AS VARCHAR)"
    return CloseLook(users=users, columns=(event_type, *texts), bind=bind)


def _events_of(users: tuple[str, ...], table: EventTable, connection: DuckDBPyConnection) -> int:
    """Return how many events the users have, whether they can take part or not."""
    bind = Parameters()
    user = user_key(table, connection, exact=True)
    sql = (
        f"SELECT count(*) FROM {table.relation(bind)} "
        f"WHERE coalesce({user}, '') IN (SELECT unnest({bind.bind(list(users))}))"
    )
    ((found,),) = connection.execute(sql, bind.used_in(sql)).fetchall()
    return int(found)


def _named(
    query: Query, table: EventTable, connection: DuckDBPyConnection
) -> dict[str, tuple[tuple[str, str], ...]]:
    """Return what sets each unit apart, by its key: (name, text) of all that it has."""
    names = names_of(query, table, connection)
    sql = names.sql()
    found = connection.execute(sql, query.bind.used_in(sql)).fetchall()
    return {
        unit: tuple(
            (column.name, moment(value).isoformat() if column.kind == "time" else str(value))
            for column, value in zip(names.columns, values, strict=True)
            if value is not None
        )
        for unit, *values in found
    }


@dataclass(frozen=True, slots=True)
class _Unit:
    """The lines of a close look at one unit."""

    chart: Chart
    question: Question
    query: Query
    lines: list[tuple[Any, ...]]
    properties: tuple[Property, ...]

    def trace(self) -> UnitTrace:
        """Return the trace, without names."""
        known = len(self.query.columns)
        parts = [number for number, line in enumerate(self.lines) if line[known]]
        kept = list_rows(self.query, [self.lines[number][:known] for number in parts])
        (bucket,) = kept.buckets
        rules, entry = self.query.rules, self.question.whole
        steps = rules.steps

        def conversions(found: Any) -> list[tuple[int, ...]]:
            """Return the numbers of the lines that fill the steps, for each line of an answer."""
            return [
                tuple(
                    parts[row] for row in found.rows[line * steps : (line + 1) * steps] if row >= 0
                )
                for line in range(len(found.reach))
            ]

        chosen = conversions(matched(bucket, entry, rules))
        tried = chosen
        if rules.count_by == "uniques":
            entries = self._entry_ticks(bucket)
            tried = conversions(matched(bucket, replace(entry, inner=entries[1:]), rules))
        reasons = Reasons(self.chart.funnel, rules, entry, [self._row(line) for line in self.lines])
        return UnitTrace(
            names=(),
            events=tuple(self._events(chosen, reasons)),
            attempts=tuple(self._attempts(tried, chosen, reasons)),
            verdict=self._verdict(chosen, reasons),
        )

    def _entry_ticks(self, bucket: Any) -> tuple[int, ...]:
        """Return the ticks in which the kernel sees an entry."""
        entry, tick = self.question.whole, self.query.rules.tick
        segment = 0 if entry.segment is None else 1 << entry.segment
        start, end = entry.edges
        ticks = [
            us // tick * tick
            for row, us in enumerate(bucket.us)
            if may_enter(bucket.us, bucket.mask, bucket.flags, row, segment, start, end)
        ]
        return tuple(dict.fromkeys(ticks))

    def _row(self, line: tuple[Any, ...]) -> Row:
        known = len(self.query.columns)
        return Row(
            us=line[1],
            mask=line[2],
            flags=line[3] if self.query.flagged else 0,
            event_type=line[known + 1],
            part=line[known],
        )

    def _events(self, chosen: Sequence[tuple[int, ...]], reasons: Reasons) -> Iterator[TracedEvent]:
        known, steps = len(self.query.columns), range(self.query.rules.steps)
        totals = self.query.rules.count_by == "totals"
        place = {
            number: (path, step)
            for path, filled in enumerate(chosen, 1)
            for step, number in enumerate(filled, 1)
        }
        for number, line in enumerate(self.lines):
            row = reasons.rows[number]
            path, step = place.get(number, (None, None))
            bars = 0 if self.query.rules.every else reasons.bars(number)
            texts = map(str, line[known + 2 :])
            yield TracedEvent(
                time=moment(row.us - self.query.rules.added),
                event_type=row.event_type,
                properties=tuple(
                    (format_property(prop), text)
                    for prop, text in zip(self.properties, texts, strict=True)
                ),
                fits=tuple(k + 1 for k in steps if row.mask >> k & 1),
                fills=() if step is None else (step,),
                path=path if totals else None,
                bars=tuple((k + 1, k + 2) for k in steps[:-1] if bars >> k & 1),
                note=reasons.no_entry(number),
            )

    def _attempts(
        self,
        tried: Sequence[tuple[int, ...]],
        chosen: Sequence[tuple[int, ...]],
        reasons: Reasons,
    ) -> Iterator[Attempt]:
        rules = self.query.rules
        taken: dict[int, int] = {}
        if rules.count_by == "totals":
            taken = {number: path for path, filled in enumerate(chosen, 1) for number in filled}
        for filled in tried:
            ticks = [reasons.tick(number) for number in filled]
            is_span = rules.order == "any" and rules.settings.any_order_window == "span"
            yield Attempt(
                entered=moment(reasons.rows[filled[0]].us - rules.added),
                window_over=moment(reasons.window_over(min(ticks) if is_span else ticks[0])),
                steps=len(filled),
                events=tuple(number + 1 for number in filled),
                counts=filled in chosen,
                stopped=reasons.stopped(filled, taken),
            )

    def _verdict(self, chosen: Sequence[tuple[int, ...]], reasons: Reasons) -> str:
        """Say how the unit counts."""
        noun, last = self.chart.funnel.noun, self.query.rules.steps
        if self.query.rules.count_by == "totals":
            converted = sum(len(filled) == last for filled in chosen)
            return f"{len(chosen)} paths, {converted} of them converted"
        if not chosen:
            return f"is not counted: {self._no_entry(reasons)}"
        reach = len(chosen[0])
        if reach < self.chart.least_steps:
            return f"is not counted: fewer than {self.chart.least_steps} steps were done"
        steps = "step 1" if reach == 1 else f"steps 1 to {reach}"
        end = "converted" if reach == last else f"lost before step {reach + 1}"
        return f"counts as a {noun} in {steps}: {end}"

    def _no_entry(self, reasons: Reasons) -> str:
        notes = [reasons.no_entry(row) for row in range(len(reasons.rows))]
        told = list(dict.fromkeys(note for note in notes if note is not None))
        label = self.chart.funnel.steps[0].label
        if not told:
            return reasons.never_came(0)
        return f"no event of step 1, {label}, is an entry: {' or '.join(told)}"
