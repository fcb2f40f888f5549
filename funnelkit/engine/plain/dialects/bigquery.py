"""BigQuery: properties as JSON. Only the syntax was checked: no test runs it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from funnelkit.engine.plain.dialects.dialect import NUMBER, Dialect, Item

if TYPE_CHECKING:
    from collections.abc import Callable


class BigQuery(Dialect):
    """JSON functions take paths; a list is opened with UNNEST."""

    name = "bigquery"
    title = "BigQuery"
    text_type = "STRING"
    quotes = "`"
    escapes = True
    note = (
        "Only the syntax of this statement was checked: compare its numbers before you rely on it."
    )

    def microseconds(self, column: str) -> str:
        """Return a column of times as whole microseconds since 1970 UTC."""
        return f"unix_micros({column})"

    def number_in(self, text: str) -> str:
        """Return the number that a text is, NULL where it is none."""
        return (
            f"CASE WHEN regexp_contains({text}, '{NUMBER}') THEN SAFE_CAST({text} AS FLOAT64) END"
        )

    def value(self, column: str, name: str) -> str:
        """Return the JSON value under a name."""
        return f"json_query({column}, {self.literal('$.' + json.dumps(name))})"

    def any_item(self, value: str, test: Callable[[Item], str]) -> str:
        """Return the condition that an item of a value passes a test."""
        item = Item(
            text=self.json_text("item"),
            string="json_value(item)",
            number="lax_float64(item)",
            is_text="json_type(item) = 'string'",
            is_number="json_type(item) = 'number'",
            is_boolean="json_type(item) = 'boolean'",
        )
        return f"EXISTS (SELECT 1 FROM {_items(value)} AND {test(item)})"

    def missing(self, value: str) -> str:
        """Return the condition that a value has no item."""
        return f"NOT EXISTS (SELECT 1 FROM {_items(value)})"

    def json_text(self, value: str) -> str:
        """Return the text of a whole value."""
        return f"coalesce(json_value({value}), to_json_string({value}))"


def _items(value: str) -> str:
    found = (
        f"CASE json_type({value}) WHEN 'array' THEN json_query_array({value}) ELSE [{value}] END"
    )
    return f"unnest({found}) AS item WHERE json_type(item) <> 'null'"
