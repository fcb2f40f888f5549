"""DuckDB: Parquet files of any shape, or a table with properties as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelkit.engine.filters import glob_pattern
from funnelkit.engine.plain.dialects.dialect import NUMBER, Dialect, Item
from funnelkit.events.properties import PropertyType

if TYPE_CHECKING:
    from collections.abc import Callable

    from funnelkit.engine.plain.conditions import Value

_NUMBERS = "('BIGINT', 'UBIGINT', 'HUGEINT', 'DOUBLE')"


class DuckDB(Dialect):
    """Every operator; columns of files have types of their own."""

    name = "duckdb"
    title = "DuckDB"
    text_type = "VARCHAR"

    def literal(self, text: str) -> str:
        """Return a text as a literal; a NUL, which would end the statement, is spelt out."""
        parts = ["'" + part.replace("'", "''") + "'" for part in text.split("\0")]
        return parts[0] if len(parts) == 1 else f"({' || chr(0) || '.join(parts)})"

    def glob(self, text: str, pattern: str) -> str:
        """Return the condition that a text matches a glob."""
        return f"regexp_full_match({text}, {self.literal(glob_pattern(pattern))})"

    def column(self, value: Value) -> Item:
        """Return the value of a column of texts, numbers or booleans."""
        match value.type:
            case PropertyType.NUMBER:
                return Item(
                    text=_number_text(f"CAST({value.sql} AS VARCHAR)", value.sql),
                    string="NULL",
                    number=value.sql,
                    is_text="false",
                    is_number="true",
                    is_boolean="false",
                )
            case PropertyType.BOOLEAN:
                return Item(
                    text=f"CAST({value.sql} AS VARCHAR)",
                    string="NULL",
                    number="NULL",
                    is_text="false",
                    is_number="false",
                    is_boolean="true",
                )
            case _:
                return super().column(value)

    def microseconds(self, column: str) -> str:
        """Return a column of times as whole microseconds since 1970 UTC."""
        return f"epoch_us({column})"

    def number_in(self, text: str) -> str:
        """Return the number that a text is, NULL where it is none."""
        return f"CASE WHEN regexp_matches({text}, '{NUMBER}') THEN TRY_CAST({text} AS DOUBLE) END"

    def value(self, column: str, name: str) -> str:
        """Return the JSON value under a name; the pointer is exact whatever the name holds."""
        pointer = self.literal("/" + name.replace("~", "~0").replace("/", "~1"))
        return f"json_extract({column}, {pointer})"

    def any_item(self, value: str, test: Callable[[Item], str]) -> str:
        """Return the condition that an item of a value passes a test."""
        item = Item(
            text=self.json_text("item"),
            string="json_extract_string(item, '$')",
            number="TRY_CAST(item AS DOUBLE)",
            is_text="json_type(item) = 'VARCHAR'",
            is_number=f"json_type(item) IN {_NUMBERS}",
            is_boolean="json_type(item) = 'BOOLEAN'",
        )
        return f"len(list_filter({_items(value)}, lambda item: {test(item)})) > 0"

    def missing(self, value: str) -> str:
        """Return the condition that a value has no item."""
        return f"len({_items(value)}) = 0"

    def json_text(self, value: str) -> str:
        """Return the text of a whole value; a whole number bears no fraction."""
        number = _number_text(f"CAST({value} AS VARCHAR)", f"TRY_CAST({value} AS DOUBLE)")
        return (
            f"CASE json_type({value}) WHEN 'VARCHAR' THEN json_extract_string({value}, '$') "
            f"WHEN 'DOUBLE' THEN {number} ELSE CAST({value} AS VARCHAR) END"
        )


def _items(value: str) -> str:
    items = f"json_extract({value}, '$[*]')"
    found = f"CASE json_type({value}) WHEN 'ARRAY' THEN {items} ELSE [{value}] END"
    return f"list_filter({found}, lambda item: json_type(item) <> 'NULL')"


def _number_text(text: str, number: str) -> str:
    whole = f"{number} = trunc({number}) AND abs({number}) < 1e21"
    return f"CASE WHEN {whole} THEN CAST(CAST({number} AS HUGEINT) AS VARCHAR) ELSE {text} END"
