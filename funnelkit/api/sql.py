"""A funnel as one statement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from funnelkit.api.sources import resolve

if TYPE_CHECKING:
    from collections.abc import Mapping

    from funnelkit.model import Funnel


def sql(
    events: Any,
    *,
    funnel: Funnel | str | None = None,
    columns: Mapping[str, str] | str | None = None,
    **definition: Any,
) -> str:
    """Return the funnel as one DuckDB statement that a person can read, change and run.

    It counts what `report` counts, in another way, on Parquet files.

    Args:
        events: Parquet: a path, a glob, a folder, several of them.
        funnel: as for `report`.
        columns: as for `report`.
        definition: the other arguments of `report`.

    Raises:
        UnsupportedError: the funnel cannot be said so, or the events are no Parquet files.
        DefinitionError: the definition is wrong.
        DataError: the events cannot be read.
    """
    from funnelkit.engine.plain_sql import plain_sql
    from funnelkit.errors import UnsupportedError
    from funnelkit.events.sources import open_events
    from funnelkit.events.table import literally
    from funnelkit.specs.define import define

    chosen, file_columns, _ = resolve(funnel)
    defined = define(funnel=chosen, **definition)
    with open_events(events, columns=columns or file_columns) as table:
        read_in_place = set(literally(table.labels))
        if copied := [
            label
            for file, label in zip(table.files, table.labels, strict=True)
            if file not in read_in_place
        ]:
            raise UnsupportedError(
                f"{', '.join(copied)} is not Parquet: funnelkit reads a temporary copy of it, "
                "which the statement could not find"
            )
        return plain_sql(defined, table)
