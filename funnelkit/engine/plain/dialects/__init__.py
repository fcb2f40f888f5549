"""The databases for which the statement can be written, one module each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from funnelkit.engine.plain.dialects.bigquery import BigQuery
from funnelkit.engine.plain.dialects.clickhouse import ClickHouse
from funnelkit.engine.plain.dialects.duckdb import DuckDB
from funnelkit.engine.plain.dialects.postgres import Postgres
from funnelkit.engine.plain.dialects.snowflake import Snowflake
from funnelkit.engine.plain.dialects.spark import Spark
from funnelkit.errors import DefinitionError, did_you_mean

if TYPE_CHECKING:
    from funnelkit.engine.plain.dialects.dialect import Dialect

DIALECTS: Final[dict[str, Dialect]] = {
    dialect.name: dialect
    for dialect in (DuckDB(), Postgres(), ClickHouse(), Spark(), Snowflake(), BigQuery())
}


def find_dialect(name: str) -> Dialect:
    """Return the dialect of a name; an unknown one is a `DefinitionError`."""
    if name not in DIALECTS:
        hint = did_you_mean(name, DIALECTS)
        raise DefinitionError(f"a dialect is one of {', '.join(DIALECTS)}; got {name!r}.{hint}")
    return DIALECTS[name]
