"""ClickHouse: properties as JSON in a String column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelkit.engine.plain.dialects.dialect import NUMBER, Dialect, Item

if TYPE_CHECKING:
    from collections.abc import Callable

_NUMBERS = "('Int64', 'UInt64', 'Double')"


class ClickHouse(Dialect):
    """JSON values travel as their text, as JSONExtractRaw returns it."""

    name = "clickhouse"
    title = "ClickHouse"
    text_type = "Nullable(String)"
    quotes = "`"
    escapes = True

    def lower(self, sql: str) -> str:
        """Return a text in small letters, all alphabets alike."""
        return f"lowerUTF8({sql})"

    def position(self, text: str, part: str) -> str:
        """Return where a part begins in a text, from 1; 0 where it does not stand in it."""
        return f"position({text}, {part})"

    def microseconds(self, column: str) -> str:
        """Return a column of times as whole microseconds since 1970 UTC."""
        return f"toUnixTimestamp64Micro(toDateTime64({column}, 6))"

    def number_in(self, text: str) -> str:
        """Return the number that a text is, NULL where it is none."""
        return f"CASE WHEN match({text}, '{NUMBER}') THEN toFloat64OrNull({text}) END"

    def value(self, column: str, name: str) -> str:
        """Return the JSON value under a name, as text; empty where there is none."""
        return f"JSONExtractRaw(ifNull({column}, ''), {self.literal(name)})"

    def any_item(self, value: str, test: Callable[[Item], str]) -> str:
        """Return the condition that an item of a value passes a test."""
        item = Item(
            text=self.json_text("item"),
            string="JSONExtractString(item)",
            number="JSONExtractFloat(item)",
            is_text="JSONType(item) = 'String'",
            is_number=f"JSONType(item) IN {_NUMBERS}",
            is_boolean="JSONType(item) = 'Bool'",
        )
        return f"arrayExists(item -> ifNull({test(item)}, false), {_items(value)})"

    def missing(self, value: str) -> str:
        """Return the condition that a value has no item."""
        return f"empty({_items(value)})"

    def json_text(self, value: str) -> str:
        """Return the text of a whole value; a whole number bears no fraction."""
        return (
            f"CASE JSONType({value}) WHEN 'String' THEN JSONExtractString({value}) "
            f"WHEN 'Double' THEN toString(JSONExtractFloat({value})) ELSE {value} END"
        )


def _items(value: str) -> str:
    found = f"if(JSONType({value}) = 'Array', JSONExtractArrayRaw({value}), [{value}])"
    return f"arrayFilter(item -> item NOT IN ('', 'null'), {found})"
