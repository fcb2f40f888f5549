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
    return replace(query, buckets=table.buckets, merged=merged, selections=table.selections)


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
