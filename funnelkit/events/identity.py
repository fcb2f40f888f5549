"""Who did it: Amplitude IDs for events that have none, by Amplitude's rules (specification A13)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelkit.packaged import read_sql

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def resolve(connection: DuckDBPyConnection, people: str) -> None:
    """Create the temporary tables `fk_ids` (place, id) and `fk_joined` (a merge a row).

    `people` is a table of all events with the columns place, user_id, device_id and given: the
    order of arrival, the ids, and the amplitude_id that Amplitude gave, if it did. Ids that are
    made up here are negative and depend on nothing but the text of the user or device id that they
    began with (62 bits of its MD5).
    """
    for statement in read_sql("identity").format(people=people).split(";\n"):
        if statement.strip():
            connection.execute(statement).fetchall()


def matters(connection: DuckDBPyConnection) -> bool:
    """Tell, after `resolve`, whether any device was used both by somebody known and by nobody."""
    found = connection.execute(
        "SELECT count(*) FROM fk_devices WHERE known_at IS NOT NULL AND anonymous_at IS NOT NULL"
    ).fetchall()
    return bool(found[0][0])
