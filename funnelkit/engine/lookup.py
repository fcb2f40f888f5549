"""The user that an id names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelkit.engine.units import held_values, id_columns, user_key
from funnelkit.errors import DataError
from funnelkit.events.sql import Parameters, quote_identifier
from funnelkit.model import Property

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from funnelkit.events.table import EventTable
    from funnelkit.model import Funnel

ALIKE = 0.7
"""How like two ids are, by Jaro and Winkler, for one to be suggested for the other."""


def users_of(
    funnel: Funnel, table: EventTable, who: str, connection: DuckDBPyConnection
) -> tuple[str, ...]:
    """Return the exact keys of the users whose events decide about `who`.

    `who` is an id of a user, the one by which he is counted before any other id; or, where the
    funnel counts the values of a property, such a value: then it is everybody who ever had it.

    Raises:
        DataError: nobody has the id; the text names the nearest. Or several users have it.
    """
    if isinstance(funnel.unit, Property):
        return _users_with(funnel.unit, table, who, connection)
    bind = Parameters()
    columns = id_columns(table, connection, exact=True)
    ids = [f"CAST({quote_identifier(column)} AS VARCHAR)" for column in columns]
    wanted = bind.bind(who)
    is_own = f"coalesce({', '.join(ids)}) = {wanted}"
    has_any = " OR ".join(f"{each} = {wanted}" for each in ids)
    sql = (
        f"SELECT {user_key(table, connection, exact=True)} AS key, bool_or({is_own}) "
        f"FROM {table.relation(bind)} WHERE {has_any} GROUP BY 1 ORDER BY 1"
    )
    found = connection.execute(sql, bind.used_in(sql)).fetchall()
    own = [key for key, is_own in found if is_own]
    if own:
        return (own[0],)  # the first is the one by the best id
    if len(found) == 1:
        return (found[0][0],)
    if found:
        raise DataError(
            f"{len(found)} users have the id {who!r}: ask for one of them, by "
            f"{' or '.join(columns[:-1])}"
        )
    raise DataError(f"no event has the user {who!r}.{_nearest(table, ids, who, connection)}")


def _users_with(
    prop: Property, table: EventTable, who: str, connection: DuckDBPyConnection
) -> tuple[str, ...]:
    bind = Parameters()
    values = held_values(prop, table, bind, missing=False)
    user = user_key(table, connection, exact=True)
    sql = (
        f"SELECT DISTINCT coalesce({user}, '') FROM {table.relation(bind)} "
        f"WHERE list_contains({values}, {bind.bind(who)})"
    )
    found = connection.execute(sql, bind.used_in(sql)).fetchall()
    if not found:
        raise DataError(f"no event has the value {who!r} of {prop.name!r}")
    return tuple(key for (key,) in found)


def _nearest(table: EventTable, ids: list[str], who: str, connection: DuckDBPyConnection) -> str:
    bind = Parameters()
    wanted = bind.bind(who)
    every = ", ".join(ids)
    sql = (
        f"SELECT id FROM (SELECT DISTINCT unnest([{every}]) AS id FROM {table.relation(bind)}) "
        f"WHERE jaro_winkler_similarity(id, {wanted}) >= {ALIKE} "
        f"ORDER BY jaro_winkler_similarity(id, {wanted}) DESC, id LIMIT 3"
    )
    found = connection.execute(sql, bind.used_in(sql)).fetchall()
    return f" Did you mean {' or '.join(repr(each) for (each,) in found)}?" if found else ""
