"""A funnel as one statement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from funnelkit.api.sources import resolve
from funnelkit.errors import DefinitionError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from funnelkit.engine.plain.dialects.dialect import Dialect
    from funnelkit.model import Funnel

DEFAULT_TABLE = "events"


def sql(
    events: Any = None,
    *,
    funnel: Funnel | str | None = None,
    columns: Mapping[str, str] | str | None = None,
    dialect: str = "duckdb",
    table: str | None = None,
    as_dbt_model: bool = False,
    **definition: Any,
) -> str:
    """Return the funnel as one SQL statement that a person can read, change and run.

    It counts what `report` counts, in another way: on Parquet files in DuckDB, or on a table with
    the columns of Amplitude's export in any of the dialects.

    Args:
        events: Parquet: a path, a glob, a folder, several of them. None for a table.
        funnel: as for `report`.
        columns: as for `report`; of a table, the columns whose names differ.
        dialect: duckdb, postgres, clickhouse, spark, snowflake or bigquery.
        table: the table, `"NAME"` or `"SCHEMA.NAME"`; "events" by default.
        as_dbt_model: wrap the statement for dbt: `table` is a model, or `"SOURCE.NAME"`.
        definition: the other arguments of `report`.

    Raises:
        UnsupportedError: the funnel cannot be said so, or the events are no Parquet files.
        DefinitionError: the definition is wrong.
        DataError: the events cannot be read.
    """
    from funnelkit.engine.plain.dialects import find_dialect
    from funnelkit.engine.plain.sources import Warehouse, relation
    from funnelkit.engine.plain.statement import plain_sql
    from funnelkit.specs.define import define

    chosen, file_columns, _ = resolve(funnel, definition)
    defined = define(funnel=chosen, **definition)
    spoken = find_dialect(dialect)
    if events is not None:
        if table is not None or as_dbt_model or dialect != "duckdb":
            raise DefinitionError(
                "files are read by DuckDB alone: give either events, or a table, a dialect or "
                "--as-dbt-model"
            )
        return _on_files(defined, events, columns or file_columns, spoken)
    if table is None and dialect == "duckdb" and not as_dbt_model:
        raise DefinitionError("give the events: Parquet files, or --table NAME")
    roles = _roles(columns or file_columns)
    name = DEFAULT_TABLE if table is None else table
    if not as_dbt_model:
        return plain_sql(defined, Warehouse(relation(name, spoken), spoken, roles), spoken)
    from funnelkit.engine.plain.dbt import HOLE, dbt_model

    return dbt_model(plain_sql(defined, Warehouse(HOLE, spoken, roles), spoken), name)


def sql_warnings(
    events: Any,
    *,
    funnel: Funnel | str | None = None,
    columns: Mapping[str, str] | str | None = None,
    **definition: Any,
) -> tuple[str, ...]:
    """Return what a funnel asks of Parquet files in vain: names that are not there.

    The arguments are those of `sql`, which returns a statement and nothing else.
    """
    from funnelkit.engine.doubts import doubts_of_names
    from funnelkit.events.sources import open_events
    from funnelkit.specs.define import define

    chosen, file_columns, _ = resolve(funnel, definition)
    defined = define(funnel=chosen, **definition)
    with open_events(events, columns=columns or file_columns) as table:
        return tuple(doubts_of_names(defined, table))


def _roles(columns: Mapping[str, str] | str | None) -> Mapping[Any, str]:
    from funnelkit.events.columns import check_mapping, parse_columns

    if isinstance(columns, str):
        return parse_columns(columns)
    return check_mapping(columns or {})


def _on_files(
    funnel: Funnel, events: Any, columns: Mapping[str, str] | str | None, dialect: Dialect
) -> str:
    """Return the statement on Parquet files where they lie."""
    from funnelkit.engine.plain.sources import Files
    from funnelkit.engine.plain.statement import plain_sql
    from funnelkit.events.sources import open_events
    from funnelkit.events.table import literally

    with open_events(events, columns=columns) as table:
        read_in_place = set(literally(table.labels))
        if not table.buckets and (
            copied := [
                label
                for file, label in zip(table.files, table.labels, strict=True)
                if file not in read_in_place
            ]
        ):
            raise UnsupportedError(
                f"{', '.join(copied)} is not Parquet: funnelkit reads a temporary copy of it, "
                "which the statement could not find"
            )
        statement = plain_sql(funnel, Files(table, dialect), dialect)
    zone = "SET TimeZone = 'UTC'; -- the times are text\n\n" if table.time_kind == "text" else ""
    return f"{zone}{statement.rstrip()};\n"
