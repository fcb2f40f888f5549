"""Ids that stand for another one in the end: merges, followed to where they lead (A13, C3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelkit.errors import DataError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MOST_ROUNDS = 64
"""Each doubles how far merges are followed."""


def follow(connection: DuckDBPyConnection, merges: str) -> int:
    """Create the temporary table `fk_final` (amplitude_id, final); return the number of its rows.

    `merges` is a table with amplitude_id, merged_amplitude_id and merge_time. Of an id that was
    merged several times the last merge counts.

    Raises:
        DataError: merges go in a circle.
    """
    connection.execute(
        "CREATE TEMP TABLE fk_final AS SELECT amplitude_id, "
        "arg_max(merged_amplitude_id, (coalesce(merge_time, TIMESTAMP '0001-01-01'), "
        f"merged_amplitude_id)) AS final FROM {merges} "
        "WHERE amplitude_id <> merged_amplitude_id GROUP BY amplitude_id"
    ).fetchall()
    for _ in range(MOST_ROUNDS):
        ahead = connection.execute(
            "SELECT count(*) FROM fk_final JOIN fk_final AS next "
            "ON fk_final.final = next.amplitude_id"
        ).fetchall()[0][0]
        if not ahead:
            break
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE fk_final AS "
            "SELECT fk_final.amplitude_id, coalesce(next.final, fk_final.final) AS final "
            "FROM fk_final LEFT JOIN fk_final AS next ON fk_final.final = next.amplitude_id"
        ).fetchall()
    else:
        circle = connection.execute(
            "SELECT min(amplitude_id) FROM fk_final "
            "WHERE final IN (SELECT amplitude_id FROM fk_final)"
        ).fetchall()[0][0]
        raise DataError(
            f"the merged users go in a circle: amplitude_id {circle} leads back to itself"
        )
    return int(connection.execute("SELECT count(*) FROM fk_final").fetchall()[0][0])
