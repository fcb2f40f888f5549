"""PostgreSQL 13 and later: properties as jsonb, json or text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelkit.engine.plain.dialects.dialect import NUMBER, Dialect, Item

if TYPE_CHECKING:
    from collections.abc import Callable

_NOT_NULL = "'$[*] ? (@.type() != \"null\")'"  # a path opens a list, and takes a value for one


class Postgres(Dialect):
    """Numbers are compared exactly, texts by their bytes; `contains` folds as the locale does."""

    name = "postgres"
    title = "PostgreSQL"
    text_type = "text"

    def by_letters(self, text: str) -> str:
        """Return a text so that < and > do not follow the rules of a language."""
        return f'({text}) COLLATE "C"'

    def microseconds(self, column: str) -> str:
        """Return a column of times as whole microseconds since 1970 UTC."""
        return f"CAST(extract(epoch FROM {column}) * 1000000 AS bigint)"

    def number_in(self, text: str) -> str:
        """Return the number that a text is, NULL where it is none."""
        return f"CASE WHEN {text} ~ '{NUMBER}' THEN CAST({text} AS numeric) END"

    def value(self, column: str, name: str) -> str:
        """Return the JSON value under a name."""
        return f"CAST({column} AS jsonb) -> {self.literal(name)}"

    def any_item(self, value: str, test: Callable[[Item], str]) -> str:
        """Return the condition that an item of a value passes a test."""
        item = Item(
            text=self.json_text("item"),
            string="item #>> '{}'",
            number="CASE WHEN jsonb_typeof(item) = 'number' THEN CAST(item AS numeric) END",
            is_text="jsonb_typeof(item) = 'string'",
            is_number="jsonb_typeof(item) = 'number'",
            is_boolean="jsonb_typeof(item) = 'boolean'",
        )
        items = f"jsonb_path_query({value}, {_NOT_NULL}) AS item"
        return f"EXISTS (SELECT 1 FROM {items} WHERE {test(item)})"

    def missing(self, value: str) -> str:
        """Return the condition that a value has no item."""
        return f"NOT coalesce(jsonb_path_exists({value}, {_NOT_NULL}), false)"

    def json_text(self, value: str) -> str:
        """Return the text of a whole value; a whole number bears no fraction, a list no blanks."""
        number = f"CAST(trim_scale(CAST({value} AS numeric)) AS text)"
        items = f"jsonb_array_elements({value}) WITH ORDINALITY AS listed (one, place)"
        several = f"SELECT string_agg(CAST(one AS text), ',' ORDER BY place) FROM {items}"
        return (
            f"CASE jsonb_typeof({value}) WHEN 'number' THEN {number} "
            f"WHEN 'array' THEN '[' || ({several}) || ']' ELSE {value} #>> '{{}}' END"
        )
