"""Events to rows: the only place where a funnel reads data, and it reads it once.

Small inputs come as lists, without any library but DuckDB; large ones as a stream of Arrow batches
that is grouped by unit on the way (see `partition.py`).
"""

from __future__ import annotations

import re
from contextlib import closing
from typing import TYPE_CHECKING, Any

from funnelkit.engine.bucket import NO_ROWS, Bucket
from funnelkit.engine.labels import UnnumberedError
from funnelkit.engine.merged import in_buckets
from funnelkit.engine.query import compose
from funnelkit.engine.rows import StepRows
from funnelkit.engine.sqlfiles import read_sql
from funnelkit.events.connection import connect, data_errors
from funnelkit.events.sql import Parameters

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from duckdb import DuckDBPyConnection

    from funnelkit.engine.entrants import Entrants
    from funnelkit.engine.entry import Asked, Entry
    from funnelkit.engine.query import Query
    from funnelkit.events.table import EventTable
    from funnelkit.model import Funnel

_MACRO = re.compile(r"\bfk_\w+\(")

SMALL = 150_000
"""Up to this many events everything goes through lists and the standard library."""


def select(
    funnel: Funnel,
    table: EventTable,
    *,
    only: Sequence[Asked] = (),
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
    with closing(connect()) as connection, data_errors("cannot read the events"):
        query = compose(funnel, table, connection, exact=small)
        if _MACRO.search(query.sql):
            connection.execute(read_sql("properties")).fetchall()
        if small:
            return _read_lists(query, connection)
        try:
            return _read_arrays(in_buckets(query, table, connection), connection, only)
        except UnnumberedError:
            query = compose(funnel, table, connection, exact=False, numbered=False)
            return _read_arrays(in_buckets(query, table, connection), connection, only)


def _read_lists(query: Query, connection: DuckDBPyConnection) -> StepRows:
    order = " ORDER BY unit, us"
    if query.rules.must_settle:
        order += f", {query.ties}"
    return list_rows(query, connection.execute(query.sql + order, query.values).fetchall())


def list_rows(query: Query, found: Sequence[tuple[Any, ...]]) -> StepRows:
    """Return the lines of a query with `exact` keys, which are in the order of (unit, us)."""
    columns: dict[str, list[Any]] = {name: [] for name in query.columns}
    if found:
        columns = dict(zip(query.columns, map(list, zip(*found, strict=True)), strict=True))
    unit, mask = columns["unit"], columns["mask"]
    flags = columns.get("flags", mask)
    starts = [row for row in range(len(unit)) if row == 0 or unit[row] != unit[row - 1]]
    codes: dict[str, int] = {}
    coded = None
    if "label" in columns:
        coded = [
            -1 if text is None else codes.setdefault(text, len(codes)) for text in columns["label"]
        ]
    bucket = Bucket(
        units=[unit[start] for start in starts],
        starts=[*starts, len(unit)],
        us=columns["us"],
        mask=mask,
        flags=flags,
        label=coded,
        amount=columns.get("amount"),
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
    steps = query.rules.steps
    return StepRows(
        rules=query.rules,
        buckets=buckets or [NO_ROWS],
        labels=labels,
        seen=tuple(bool(seen >> k & 1) for k in range(steps)),
        step_one=step_one,
        step_one_without_user_id=lacking,
        unit_name=query.unit.name,
        answers=answers or {},
    )


def _read_arrays(query: Query, connection: DuckDBPyConnection, only: Sequence[Asked]) -> StepRows:
    from funnelkit.engine.stream import Stream

    stream = Stream(query, connection)
    answers: dict[Entry, Entrants] = {}
    buckets: list[Bucket] = []
    if only:
        answers = stream.answers(only)
    else:
        buckets = stream.buckets()
    return _rows(
        query,
        buckets,
        stream.labels,
        seen=stream.seen,
        step_one=stream.step_one,
        lacking=stream.step_one if query.all_lack_user_id else stream.lacking,
        answers=answers,
    )


def time_range(table: EventTable) -> tuple[int, int] | None:
    """Return the first and the last event's time in microseconds; None where there is no event."""
    if table.ends is not None:
        return table.ends
    bind = Parameters()
    ends = f"{table.microseconds('min')}, {table.microseconds('max')}"
    with closing(connect()) as connection, data_errors("cannot read the events"):
        found = connection.execute(
            f"SELECT {ends} FROM {table.relation(bind)}", bind.values
        ).fetchall()
    first, last = found[0]
    return None if first is None else (first, last)
