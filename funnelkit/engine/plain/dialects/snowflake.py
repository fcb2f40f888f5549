"""Snowflake: properties as VARIANT. Only the syntax was checked: no test runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelkit.engine.plain.dialects.dialect import NUMBER, Dialect, Item

if TYPE_CHECKING:
    from collections.abc import Callable

_NUMBERS = "('INTEGER', 'DECIMAL', 'DOUBLE')"


class Snowflake(Dialect):
    """Names without quotes are capital ones, as those of Amplitude's export are."""

    name = "snowflake"
    title = "Snowflake"
    text_type = "VARCHAR"
    escapes = True
    note = (
        "Only the syntax of this statement was checked: compare its numbers before you rely on it."
    )

    def position(self, text: str, part: str) -> str:
        """Return where a part begins in a text, from 1; 0 where it does not stand in it."""
        return f"position({part}, {text})"

    def microseconds(self, column: str) -> str:
        """Return a column of times as whole microseconds since 1970 UTC."""
        return f"date_part(epoch_microsecond, {column})"

    def number_in(self, text: str) -> str:
        """Return the number that a text is, NULL where it is none."""
        return f"CASE WHEN regexp_like({text}, '{NUMBER}') THEN try_to_double({text}) END"

    def value(self, column: str, name: str) -> str:
        """Return the JSON value under a name."""
        return f"get({column}, {self.literal(name)})"

    def any_item(self, value: str, test: Callable[[Item], str]) -> str:
        """Return the condition that an item of a value passes a test."""
        item = Item(
            text=self.json_text("item"),
            string="CAST(item AS VARCHAR)",
            number="try_to_double(CAST(item AS VARCHAR))",
            is_text="typeof(item) = 'VARCHAR'",
            is_number=f"typeof(item) IN {_NUMBERS}",
            is_boolean="typeof(item) = 'BOOLEAN'",
        )
        return f"array_size(filter({_items(value)}, item -> {test(item)})) > 0"

    def missing(self, value: str) -> str:
        """Return the condition that a value has no item."""
        return f"array_size({_items(value)}) = 0"

    def json_text(self, value: str) -> str:
        """Return the text of a whole value."""
        return f"CAST({value} AS VARCHAR)"


def _items(value: str) -> str:
    found = (
        f"CASE WHEN {value} IS NULL THEN array_construct() "
        f"WHEN is_array({value}) THEN CAST({value} AS ARRAY) ELSE array_construct({value}) END"
    )
    return f"filter({found}, item -> NOT is_null_value(item))"
