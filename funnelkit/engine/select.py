"""Events to rows: the only place where a funnel reads data, and it reads it once.

Small inputs come as lists, without any library but DuckDB; large ones as a stream of Arrow batches
that is grouped by unit on the way (see `partition.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from funnelkit.engine.entrants import join
from funnelkit.engine.filters import condition
from funnelkit.engine.rows import NO_ROWS, Bucket, StepRows, answer
from funnelkit.engine.sqlfiles import read_sql
from funnelkit.engine.units import null_count, unit_key
from funnelkit.events.connection import connect, data_errors
from funnelkit.events.properties import PropertyType, expression
from funnelkit.events.sql import Parameters, quote_identifier
from funnelkit.model import ANY_EVENT, NONE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from duckdb import DuckDBPyConnection

    from funnelkit.engine.entrants import Entrants
    from funnelkit.engine.entry import Entry
    from funnelkit.engine.units import UnitKey
    from funnelkit.events.table import EventTable
    from funnelkit.model import EventSelector, Funnel, Property, Step

SMALL = 150_000
"""Up to this many events everything goes through lists and the standard library."""

TICKS = {"second": 1_000_000, "millisecond": 1_000}


def select(
    funnel: Funnel,
    table: EventTable,
    *,
    only: Sequence[Entry] = (),
    small: bool | None = None,
) -> StepRows:
    """Read every event that fits a step and return them by unit, in time order.

    Events that can be neither entry nor later step of the funnel's period are left in the file.
    Where it is known that `only` these questions will be asked, large inputs are not kept but
    answered as they are read. `small` forces one of the two ways of reading; by default the number
    of events decides.

    Raises:
        DataError: the events cannot be read.
    """
    if small is None:
        small = table.rows <= SMALL
    connection = connect()
    try:
        connection.execute(read_sql("properties")).fetchall()
        with data_errors("cannot read the events"):
            query = _query(funnel, table, connection, small=small)
            if small:
                return _read_lists(query, connection)
            return _read_arrays(query, connection, only)
    finally:
        connection.close()


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


def _query(
    funnel: Funnel, table: EventTable, connection: DuckDBPyConnection, *, small: bool
) -> Query:
    bind = Parameters()
    unit = unit_key(funnel.unit, table, connection, bind, exact=small)
    wide = "BIGINT" if max(len(funnel.steps), len(funnel.segments) + 1) > 8 else "UTINYINT"  # noqa: PLR2004 - bits
    flags = [
        " AND ".join(condition(filter_, table, bind) for filter_ in segment.filters) or "true"
        for segment in funnel.segments
    ]
    lacks = None
    if table.user_id is not None and (small or null_count(table, table.user_id, connection) != 0):
        lacks = len(flags)
        flags.append(f"{quote_identifier(table.user_id)} IS NULL")
    flag_sum = " + ".join(
        f"CASE WHEN {flag} THEN {1 << s} ELSE 0 END" for s, flag in enumerate(flags)
    )
    label = None
    if funnel.group_by is not None:
        label = f"CASE WHEN fk_mask & 1 > 0 THEN {label_text(funnel.group_by, table, bind)} END"
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
        values=bind.values,
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
        window = round(funnel.conversion_window.total_seconds() * 1_000_000)
        yield f"NOT {_at_or_after(end + window + tick, table, bind)}"


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


def _read_lists(query: Query, connection: DuckDBPyConnection) -> StepRows:
    order = " ORDER BY unit, us"
    if query.funnel.group_by is not None:
        order += f", {query.ties}"
    found = connection.execute(query.sql + order, query.values).fetchall()
    columns: list[list[Any]] = [list(column) for column in zip(*found, strict=True)]
    unit, us, mask, *more = columns or [[] for _ in range(5)]
    flags = more[0] if query.flagged else mask
    starts = [row for row in range(len(unit)) if row == 0 or unit[row] != unit[row - 1]]
    codes: dict[str, int] = {}
    coded = None
    if query.funnel.group_by is not None:
        coded = [-1 if text is None else codes.setdefault(text, len(codes)) for text in more[-1]]
    bucket = Bucket(
        units=[unit[start] for start in starts],
        starts=[*starts, len(unit)],
        us=us,
        mask=mask,
        flags=flags,
        label=coded,
    )
    seen = 0
    for bits in mask:
        seen |= bits
    step_one = sum(bits & 1 for bits in mask)
    lacking = step_one if query.all_lack_user_id else 0
    if query.lacks_user_id is not None:
        flag = 1 << query.lacks_user_id
        lacking = sum(bits & 1 for bits, said in zip(mask, flags, strict=True) if said & flag)
    return _rows(query, [bucket], list(codes), seen=seen, step_one=step_one, lacking=lacking)


def _rows(
    query: Query,
    buckets: list[Bucket],
    labels: list[str],
    *,
    seen: int,
    step_one: int,
    lacking: int,
    answers: Mapping[Entry, Entrants] | None = None,
) -> StepRows:
    steps = len(query.funnel.steps)
    return StepRows(
        steps=steps,
        tick=TICKS[query.funnel.resolution],
        buckets=buckets or [NO_ROWS],
        labels=labels,
        seen=tuple(bool(seen >> k & 1) for k in range(steps)),
        step_one=step_one,
        step_one_without_user_id=lacking,
        unit_name=query.unit.name,
        answers=answers or {},
    )


def _read_arrays(query: Query, connection: DuckDBPyConnection, only: Sequence[Entry]) -> StepRows:
    from funnelkit.engine.stream import Stream

    stream = Stream(query, connection)
    answers: dict[Entry, Entrants] = {}
    buckets: list[Bucket] = []
    # Labels are settled when all rows are there, so a grouped funnel keeps them.
    if only and query.funnel.group_by is None:
        steps, tick = len(query.funnel.steps), TICKS[query.funnel.resolution]
        found = stream.each(
            lambda bucket: [answer(bucket, entry, steps=steps, tick=tick) for entry in only]
        )
        if found:
            answers = {entry: join([part[i] for part in found]) for i, entry in enumerate(only)}
    else:
        buckets = stream.buckets()
    return _rows(
        query,
        buckets,
        list(stream.codes),
        seen=stream.seen,
        step_one=stream.step_one,
        lacking=stream.step_one if query.all_lack_user_id else stream.lacking,
        answers=answers,
    )


def time_range(table: EventTable) -> tuple[int, int] | None:
    """Return the first and the last event's time in microseconds; None where there is no event."""
    bind = Parameters()
    us = table.microseconds()
    connection = connect()
    try:
        with data_errors("cannot read the events"):
            found = connection.execute(
                f"SELECT min({us}), max({us}) FROM {table.relation(bind)}",
                bind.values,
            ).fetchall()
    finally:
        connection.close()
    first, last = found[0]
    return None if first is None else (first, last)
