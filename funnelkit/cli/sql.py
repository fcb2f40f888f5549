"""`funnelkit sql`: the funnel as a statement that a person can read and run."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from funnelkit.cli import options as opt
from funnelkit.cli.definition import MEASURES, RELATIVE, defines_a_funnel

UNSAID = (
    *MEASURES, *RELATIVE, "exclude", "optional_step", "compare_event", "count_by", "users",
    "group_limit",
)  # fmt: skip
"""What a plain statement cannot say, whatever the funnel."""


class Dialect(StrEnum):
    """The databases for which the statement can be written."""

    duckdb = "duckdb"
    postgres = "postgres"
    clickhouse = "clickhouse"
    spark = "spark"
    snowflake = "snowflake"
    bigquery = "bigquery"


Events = Annotated[
    list[str] | None,
    typer.Argument(metavar="EVENTS...", help="Parquet files, folders or globs; none for a table."),
]
DialectChoice = Annotated[
    Dialect,
    typer.Option(
        "--dialect",
        help="Whose SQL; snowflake and bigquery were never run.",
        rich_help_panel=opt.OUTPUT,
    ),
]
Table = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Without EVENTS: a table with the columns of Amplitude's export. [default of dbt "
        "models and of dialects but duckdb: events]",
        rich_help_panel=opt.OUTPUT,
    ),
]
AsDbtModel = Annotated[
    bool,
    typer.Option(
        "--as-dbt-model",
        help="A model for dbt; --table names a model, or SOURCE.NAME.",
        rich_help_panel=opt.OUTPUT,
    ),
]


@defines_a_funnel(without=UNSAID)
def sql(
    events: Events = None,
    dialect: DialectChoice = Dialect.duckdb,
    table: Table = None,
    as_dbt_model: AsDbtModel = False,  # noqa: FBT002 - Typer takes options by their names
    columns: opt.Columns = None,
    output: opt.Output = None,
    **definition: Any,
) -> None:
    """Print the funnel as one plain SQL statement, values and all.

    It counts what `report` counts, in another way: a second opinion to read, change and run, on
    Parquet files in DuckDB or on a table in a warehouse. What it cannot say is refused by name.
    """
    from funnelkit import api
    from funnelkit.cli.output import check_output, say, write

    check_output(output, events or (), definition)
    statement = api.sql(
        events,
        dialect=dialect.value,
        table=table,
        as_dbt_model=as_dbt_model,
        columns=columns,
        **definition,
    )
    write(statement, output)
    if events:
        found = api.sql_warnings(events, columns=columns, **definition)
        say(f"warning: {warning}" for warning in found)
