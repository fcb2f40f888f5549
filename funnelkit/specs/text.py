"""Records of `model`, written as text that reads back as the same record."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from funnelkit.model import NONE
from funnelkit.specs.quoting import quote

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, timedelta

    from funnelkit.model import EventSelector, Filter, Period, Property, Segment, Step

# Stricter than the grammar: what looks unusual is quoted.
_BARE_EVENT: Final = re.compile(r"(?:\[[\w .:/&-]+\] ?)?\w(?: ?[\w.:/()&%#@$*+?!-])*")
_BARE_WORD: Final = re.compile(r"[\w.:/@%+*$#-]+")
_BARE_SEGMENT: Final = re.compile(r"\w(?: ?[\w./()&%#@$*+?!<>=,-])*")
_KEYWORDS: Final = {"and", "in", "none", "not", "null", "or", "set", "than", "to"}
_USER_PREFIXES: Final = ("user.", "gp:")

_ONE: Final = {"less": "<", "less or equal": "<=", "greater": ">", "greater or equal": ">="}
_SEVERAL: Final = {**_ONE, "is": "in", "is not": "not in"}


def format_steps(steps: Iterable[Step]) -> str:
    """Return the steps as one text, first step first."""
    return " > ".join(map(format_step, steps))


def format_step(step: Step) -> str:
    """Return one step: its events, joined by `|`, each with its filters in brackets."""
    return " | ".join(map(_event, step.events))


def format_filters(filters: Iterable[Filter]) -> str:
    """Return the filters, joined by `and`; nothing for no filter."""
    return " and ".join(map(format_filter, filters))


def format_filter(condition: Filter) -> str:
    """Return one filter: symbols where everybody knows them, else Amplitude's words."""
    values = [_value(value) for value in condition.values]
    several = len(values) > 1
    operator = (_SEVERAL if several else _ONE).get(condition.op, condition.op)
    right = f"({', '.join(values)})" if several else values[0]
    return f"{format_property(condition.property)} {operator} {right}"


def format_property(prop: Property) -> str:
    """Return `feature` or `user.plan`, the name in quotes where it needs them."""
    if prop.scope == "user":
        return "user." + _word(prop.name)
    if prop.name.casefold().startswith(_USER_PREFIXES):
        return quote(prop.name)
    return _word(prop.name)


def format_segment(segment: Segment) -> str:
    """Return `NAME: filter`, the name in quotes where it needs them."""
    bare = _BARE_SEGMENT.fullmatch(segment.name) and segment.name != "gp"
    name = segment.name if bare else quote(segment.name)
    return f"{name}: {format_filters(segment.filters)}".rstrip(" ")


def format_window(window: timedelta) -> str:
    """Return a duration as `times.parse_window` reads it: days and smaller, what is zero left out.

    >>> from datetime import timedelta
    >>> format_window(timedelta(days=7)), format_window(timedelta(minutes=90))
    ('7d', '1h30m')
    """
    minutes, seconds = divmod(window.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    fraction = f".{window.microseconds:06}".rstrip("0").rstrip(".")
    parts = [(window.days, "d"), (hours, "h"), (minutes, "m")]
    text = "".join(f"{amount}{unit}" for amount, unit in parts if amount)
    return text + f"{seconds}{fraction}s" if seconds or fraction or not text else text


def format_moment(moment: date | datetime) -> str:
    """Return a date or a timestamp in ISO 8601, as `times.parse_moment` reads it."""
    text = moment.isoformat()
    if isinstance(moment, datetime) and moment.tzinfo is UTC:
        return text.removesuffix("+00:00") + "Z"
    return text


def format_period(period: Period) -> str:
    """Return `FROM..TO` as `times.parse_range` reads it; an open end is empty."""
    sides = (period.start, period.end)
    return "..".join("" if side is None else format_moment(side) for side in sides)


def _event(selector: EventSelector) -> str:
    name = selector.event_type
    text = name if _BARE_EVENT.fullmatch(name) else quote(name)
    return f"{text}[{format_filters(selector.filters)}]" if selector.filters else text


def _value(value: str) -> str:
    return NONE if value == NONE else _word(value)


def _word(text: str) -> str:
    bare = _BARE_WORD.fullmatch(text) and text.casefold() not in _KEYWORDS
    return text if bare else quote(text)
