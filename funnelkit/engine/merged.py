"""The query of an event store: bucket by bucket, and users that were merged by themselves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from funnelkit.engine.query import compose
from funnelkit.events.sql import quote_identifier
from funnelkit.events.table import literally, read_parquet

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from funnelkit.engine.query import Query
    from funnelkit.events.table import EventTable


ALWAYS = (-(2**63), 2**63)
"""The times of a file without events, which is there for its columns."""


@dataclass(frozen=True, slots=True)
class Merged:
    """Users whose events lie in several buckets of a store, since they were merged later.

    `query` reads the events of those who got the events of others. `others` reads the rest, with
    the ids that they came with; where rows are in order, those of `ids`, which ascend, are to be
    left out.
    """

    query: Query
    others: Query
    ids: tuple[int, ...] = ()


def in_buckets(query: Query, table: EventTable, connection: DuckDBPyConnection) -> Query:
    """Return the query with the buckets of its table, where each has all events of a unit."""
    if not (table.buckets and query.unit.ids):  # the values of a property are in any bucket
        return query
    merged = None
    if table.merges is not None and table.amplitude_id is not None:
        merged = _merged(
            query, table, table.merges, quote_identifier(table.amplitude_id), connection
        )
    return replace(
        query,
        buckets=_needed(query, table),
        merged=merged,
        selections=table.selections,
    )


def _needed(query: Query, table: EventTable) -> tuple[tuple[str, ...], ...]:
    """Return the buckets without files that have nothing at the times that matter.

    So months that nobody asks for are not opened, and what is kept of the others stays right when
    something is imported into those.
    """
    if query.looks_around:
        return table.buckets
    found = []
    for bucket in table.buckets:
        files = [file for file in bucket if query.span.meets(*table.file_ends.get(file, ALWAYS))]
        if any(file in table.file_ends for file in files):
            found.append(tuple(files))
    # Without any bucket all files would be read: the first file of one has columns, and no event.
    return tuple(found) or (table.buckets[0][:1],)


def _merged(
    query: Query, table: EventTable, merges: str, own: str, connection: DuckDBPyConnection
) -> Merged:
    plain = replace(table, merges=None)
    others = compose(query.funnel, plain, connection, exact=False, alike=query)
    file = read_parquet(query.bind.bind(literally([merges])), hive=False)
    stayed = f"coalesce({own} IN (SELECT final FROM {file}), false)"
    query = replace(query, sql=f"{query.sql} AND {stayed}")
    ids = f"SELECT amplitude_id AS id FROM {file} UNION SELECT final FROM {file}"
    if not others.unit.ordered:
        others = replace(others, sql=f"{others.sql} AND NOT coalesce({own} IN ({ids}), false)")
        return Merged(query, others)
    # A condition on a table would have DuckDB mix up the rows.
    found = connection.execute(f"{ids} ORDER BY id", query.bind.used_in(ids)).fetchall()
    return Merged(query, others, tuple(one for (one,) in found))
