"""The SELECT of a funnel: which events fit which step, as `sql/select.sql` asks it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from funnelkit.engine.filters import condition
from funnelkit.engine.sqlfiles import read_sql
from funnelkit.engine.units import null_count, unit_key
from funnelkit.events.properties import PropertyType, expression
from funnelkit.events.sql import Parameters, quote_identifier
from funnelkit.model import ANY_EVENT, NONE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from duckdb import DuckDBPyConnection

    from funnelkit.engine.units import UnitKey
    from funnelkit.events.table import EventTable
    from funnelkit.model import EventSelector, Funnel, Property, Step

TICKS = {"second": 1_000_000, "millisecond": 1_000}
"""Microseconds of a tick, by resolution (specification A10)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """The composed SELECT and what its rows mean.

    The columns are unit, us, mask, flags where `flagged`, and label where the funnel is grouped.
    `lacks_user_id` is the flag of step-1 events without a `user_id`; where the file can say it
    without a look at each event, `all_lack_user_id` does instead.
    """

    funnel: Funnel
    sql: str
    values: dict[str, Any]
    us: str
    flagged: bool
    unit: UnitKey
    lacks_user_id: int | None
    all_lack_user_id: bool
    ties: str


def compose(
    funnel: Funnel, table: EventTable, connection: DuckDBPyConnection, *, exact: bool
) -> Query:
    """Return the SELECT of the rows that a funnel needs.

    With `exact` users are told apart by the text of their ids, else by a number (see `UnitKey`).
    """
    bind = Parameters()
    unit = unit_key(str(funnel.unit), table, connection, bind, exact=exact)
    wide = "BIGINT" if max(len(funnel.steps), len(funnel.segments) + 1) > 8 else "UTINYINT"  # noqa: PLR2004 - bits
    flags = [
        " AND ".join(condition(filter_, table, bind) for filter_ in segment.filters) or "true"
        for segment in funnel.segments
    ]
    lacks = None
    if table.user_id is not None and (exact or null_count(table, table.user_id, connection) != 0):
        lacks = len(flags)
        flags.append(f"{quote_identifier(table.user_id)} IS NULL")
    flag_sum = " + ".join(
        f"CASE WHEN {flag} THEN {1 << s} ELSE 0 END" for s, flag in enumerate(flags)
    )
    label = None
    if funnel.group_by is not None:
        by = funnel.group_by.properties[0]
        label = f"CASE WHEN fk_mask & 1 > 0 THEN {label_text(by, table, bind)} END"
    sql = read_sql("select").format(
        unit=unit.sql,
        us=table.microseconds(),
        mask=step_mask(funnel.steps, table, bind, wide=wide),
        flags=f",\n    CAST({flag_sum} AS {wide}) AS flags" if flags else "",
        label=f",\n    {label} AS label" if label else "",
        events=unit.relation,
        relevant=" AND ".join([unit.present, *_relevant(funnel, table, bind)]),
    )
    return Query(
        funnel=funnel,
        sql=sql,
        values=bind.used_in(sql),
        us=table.microseconds(),
        flagged=bool(flags),
        unit=unit,
        lacks_user_id=lacks,
        all_lack_user_id=table.user_id is None,
        ties=_ties(table),
    )


def step_mask(steps: Sequence[Step], table: EventTable, bind: Parameters, *, wide: str) -> str:
    """Return the SQL of the bits of the steps that an event fits (specification A7, A8)."""
    plain: dict[str, int] = {}
    filtered: list[tuple[EventSelector, int]] = []
    for k, step in enumerate(steps):
        for selector in step.events:
            if selector.filters:
                filtered.append((selector, 1 << k))
            else:
                plain[selector.event_type] = plain.get(selector.event_type, 0) | 1 << k
    every = plain.pop(ANY_EVENT, 0)
    column = quote_identifier(table.event_type)
    terms = [f"{every}::{wide}"]
    if plain:
        whens = "".join(
            f" WHEN {bind.bind(name)} THEN {bits | every}::{wide}" for name, bits in plain.items()
        )
        terms = [f"CASE {column}{whens} ELSE {every}::{wide} END"]
    for selector, bit in filtered:
        tests = [condition(filter_, table, bind) for filter_ in selector.filters]
        if selector.event_type != ANY_EVENT:
            tests.insert(0, f"{column} = {bind.bind(selector.event_type)}")
        terms.append(f"CASE WHEN {' AND '.join(tests)} THEN {bit}::{wide} ELSE 0::{wide} END")
    return " | ".join(terms)


def label_text(by: Property, table: EventTable, bind: Parameters) -> str:
    """Return the SQL of the text by which a property's value is grouped; `(none)` where missing.

    Values compare by their text: 3 and "3" are one value, true is `true` (specification A5).
    """
    value = expression(table, by, bind)
    match value.type:
        case PropertyType.MISSING:
            text = "NULL"
        case PropertyType.JSON:
            text = f"fk_label({value.sql})"
        case PropertyType.NUMBER:
            text = f"fk_number_text(CAST({value.sql} AS VARCHAR))"
        case _:
            text = f"CAST({value.sql} AS VARCHAR)"
    return f"coalesce({text}, {bind.bind(NONE)})"


def _relevant(funnel: Funnel, table: EventTable, bind: Parameters) -> Iterator[str]:
    """Yield conditions that leave out events which are too early or too late to play a part."""
    start, end = funnel.period.bounds(funnel.timezone)
    tick = TICKS[funnel.resolution]
    if start is not None:
        yield _at_or_after(start // tick * tick, table, bind)
    if end is not None:
        last = end + funnel.window_microseconds + tick
        yield f"NOT {_at_or_after(last, table, bind)}"


def _at_or_after(us: int, table: EventTable, bind: Parameters) -> str:
    if table.time_kind == "timestamp":  # in this form whole row groups of a file can be left out
        return f"({quote_identifier(table.time)} >= make_timestamp({bind.bind(us)}::BIGINT))"
    return f"({table.microseconds()} >= {bind.bind(us)})"


def _ties(table: EventTable) -> str:
    """Return the order of events at the same microsecond: by ids, then by what they say."""
    ids = (table.event_id, table.uuid, table.insert_id, table.event_type)
    said = (table.event_properties, table.user_properties)
    terms = [quote_identifier(column) for column in ids if column]
    terms += [f"CAST({quote_identifier(column)} AS VARCHAR)" for column in said if column]
    return ", ".join(terms)
