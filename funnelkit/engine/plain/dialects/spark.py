"""Spark SQL 4 and later: properties as JSON text, read as VARIANT."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelkit.engine.plain.dialects.dialect import NUMBER, Dialect, Item
from funnelkit.errors import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Callable

_NUMBERS = "('BIGINT', 'DECIMAL', 'DOUBLE', 'FLOAT')"


class Spark(Dialect):
    """A VARIANT knows of each value what it is, which get_json_object forgets."""

    name = "spark"
    title = "Spark SQL"
    text_type = "STRING"
    quotes = "`"
    escapes = True
    note = "Times without a zone are taken for UTC only if spark.sql.session.timeZone is UTC."

    def position(self, text: str, part: str) -> str:
        """Return where a part begins in a text, from 1; 0 where it does not stand in it."""
        return f"instr({text}, {part})"

    def microseconds(self, column: str) -> str:
        """Return a column of times as whole microseconds since 1970 UTC."""
        return f"unix_micros(CAST({column} AS TIMESTAMP))"

    def number_in(self, text: str) -> str:
        """Return the number that a text is, NULL where it is none."""
        pattern = self.literal(NUMBER.removesuffix("$") + r"\z")  # here $ is before a newline, too
        return f"CASE WHEN {text} RLIKE {pattern} THEN CAST({text} AS DOUBLE) END"

    def value(self, column: str, name: str) -> str:
        """Return the JSON value under a name."""
        if set(name) & set("\"'\\"):
            raise UnsupportedError(
                f"plain SQL for Spark cannot reach the property {name!r}: a path knows no quotes "
                "and no backslashes in a name"
            )
        path = self.literal(f'$["{name}"]')
        return f"variant_get(parse_json({column}), {path}, 'variant')"

    def any_item(self, value: str, test: Callable[[Item], str]) -> str:
        """Return the condition that an item of a value passes a test."""
        kind = "schema_of_variant(item)"
        item = Item(
            text=self.json_text("item"),
            string="CAST(item AS STRING)",
            number="try_cast(item AS DOUBLE)",
            is_text=f"{kind} = 'STRING'",
            is_number=f"split({kind}, '[(]')[0] IN {_NUMBERS}",
            is_boolean=f"{kind} = 'BOOLEAN'",
        )
        return f"exists({_items(value)}, item -> coalesce({test(item)}, false))"

    def missing(self, value: str) -> str:
        """Return the condition that a value has no item."""
        return f"size({_items(value)}) = 0"

    def json_text(self, value: str) -> str:
        """Return the text of a whole value; a whole number bears no fraction."""
        number = f"try_cast({value} AS DOUBLE)"
        whole = f"{number} = floor({number}) AND abs({number}) < 1e21"
        return (
            f"CASE WHEN schema_of_variant({value}) = 'DOUBLE' AND {whole} THEN "
            f"CAST(CAST({number} AS DECIMAL(38, 0)) AS STRING) ELSE CAST({value} AS STRING) END"
        )


def _items(value: str) -> str:
    found = (
        f"CASE WHEN schema_of_variant({value}) LIKE 'ARRAY<%' "
        f"THEN CAST({value} AS ARRAY<VARIANT>) ELSE array({value}) END"
    )
    return f"filter({found}, item -> item IS NOT NULL AND NOT is_variant_null(item))"
