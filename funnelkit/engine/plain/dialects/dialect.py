"""What a database does in a way of its own: the little that the statement leaves to its dialect."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from funnelkit.errors import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from funnelkit.engine.plain.conditions import Value

NUMBER: Final = r"^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,3})?$"
"""Text that is a number, as a regular expression."""

_SIMPLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ESCAPES: Final = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One value of a property, as SQL: its text, itself as a number, and what it is.

    `text` is that of any value; `string` means something where `is_text` holds, and `number` where
    `is_number` does. A kind that is known without a look at the data is `true` or `false`.
    """

    text: str
    string: str
    number: str
    is_text: str
    is_number: str
    is_boolean: str


class Dialect(ABC):
    """How a database writes names and texts, and how it reaches into JSON.

    What these methods return is SQL. `value` is SQL too: the JSON value of a property, NULL where
    an event lacks it. A value is a list, or stands for a list of itself; null is no item.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    text_type: ClassVar[str]
    quotes: ClassVar[str] = '"'
    escapes: ClassVar[bool] = False
    note: ClassVar[str] = ""
    """What the reader must see to, in a sentence."""

    def quote(self, name: str) -> str:
        """Return a name between quotes, whatever it holds."""
        return self.quotes + name.replace(self.quotes, 2 * self.quotes) + self.quotes

    def identifier(self, name: str) -> str:
        """Return a name as it is if it can stand so, else between quotes."""
        return name if _SIMPLE.fullmatch(name) else self.quote(name)

    def literal(self, text: str) -> str:
        """Return a text as a literal."""
        if "\0" in text:
            raise UnsupportedError(f"{self.title} knows no text with a NUL in it: {text!r}")
        if not self.escapes:
            return "'" + text.replace("'", "''") + "'"
        return "'" + "".join(_ESCAPES.get(letter, letter) for letter in text) + "'"

    def as_text(self, sql: str) -> str:
        """Return a value as text."""
        return f"CAST({sql} AS {self.text_type})"

    def lower(self, sql: str) -> str:
        """Return a text in small letters."""
        return f"lower({sql})"

    def lowered(self, text: str) -> str:
        """Return the literal of a text in small letters, by the database's own rules."""
        literal = self.literal(text)
        return self.literal(text.lower()) if text.isascii() else self.lower(literal)

    def position(self, text: str, part: str) -> str:
        """Return where a part begins in a text, from 1; 0 where it does not stand in it."""
        return f"strpos({text}, {part})"

    def by_letters(self, text: str) -> str:
        """Return a text so that < and > compare it code point by code point."""
        return text

    def glob(self, text: str, pattern: str) -> str:  # noqa: ARG002 - for those that can
        """Return the condition that a text matches a glob."""
        raise UnsupportedError(
            f"glob match {pattern!r} cannot be said in plain SQL for {self.title}: "
            "regular expressions differ from one database to the next"
        )

    def column(self, value: Value) -> Item:
        """Return the value of a column of texts."""
        return Item(
            text=value.sql,
            string=value.sql,
            number="NULL",
            is_text="true",
            is_number="false",
            is_boolean="false",
        )

    @abstractmethod
    def microseconds(self, column: str) -> str:
        """Return a column of times as whole microseconds since 1970 UTC."""

    @abstractmethod
    def number_in(self, text: str) -> str:
        """Return the number that a text is, NULL where it is none."""

    @abstractmethod
    def value(self, column: str, name: str) -> str:
        """Return the JSON value that a column of properties has under a name."""

    @abstractmethod
    def any_item(self, value: str, test: Callable[[Item], str]) -> str:
        """Return the condition that an item of a value passes a test; never NULL."""

    @abstractmethod
    def missing(self, value: str) -> str:
        """Return the condition that a value has no item; never NULL."""

    @abstractmethod
    def json_text(self, value: str) -> str:
        """Return the text of a whole value: a text itself, of anything else its JSON."""
