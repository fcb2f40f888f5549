"""Records of `model`, written as text that reads back as the same record."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from funnelkit.errors import fold
from funnelkit.model import NONE, Property
from funnelkit.specs.quoting import quote

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, timedelta

    from funnelkit.model import (
        Cohort,
        ComparedEvent,
        CustomEvent,
        EventSelector,
        Exclusion,
        Filter,
        GroupBy,
        HistoricalCount,
        Performed,
        Period,
        Segment,
        Step,
        Unit,
    )

# Stricter than the grammar: what looks unusual is quoted.
_BARE_EVENT: Final = re.compile(r"(?:\[[\w .:/&-]+\] ?)?\w(?: ?[\w.:/()&%#@$*+?!-])*")
_BARE_EXCLUDED: Final = re.compile(r"(?!.*\bbetween\b)" + _BARE_EVENT.pattern, re.IGNORECASE)
_BARE_MEMBER: Final = re.compile(r"(?!.*[()])" + _BARE_EVENT.pattern)
_BARE_WORD: Final = re.compile(r"[\w.:/@%+*$#-]+")
_BARE_SEGMENT: Final = re.compile(r"\w(?: ?[\w./()&%#@$*+?!<>=,-])*")
_KEYWORDS: Final = {"and", "in", "none", "not", "null", "or", "set", "than", "to"}
_SCOPED: Final = ("user.", "gp:", "group.")
UNIT_WORDS: Final = {"user": "user", "users": "user", "session": "session", "sessions": "session"}
"""What someone may mean by a unit, without case and blanks, and its name."""

_NUMBERED: Final = re.compile(r"\s*[0-9]+\s*:")

_ONE: Final = {"less": "<", "less or equal": "<=", "greater": ">", "greater or equal": ">="}
_SEVERAL: Final = {**_ONE, "is": "in", "is not": "not in"}


def format_steps(steps: Iterable[Step]) -> str:
    """Return the steps as one text, first step first."""
    return " > ".join(map(format_step, steps))


def format_step(step: Step) -> str:
    """Return one step: its events, joined by `|`, each with its filters in brackets.

    A historical count is the last condition of the last event.
    """
    *others, last = step.events
    events = [_event(selector) for selector in others]
    return " | ".join([*events, _event(last, historical=step.historical_count)])


def format_events(events: Iterable[EventSelector]) -> str:
    """Return events of which any one will do."""
    return " | ".join(map(_event, events))


def format_exclusion(exclusion: Exclusion) -> str:
    """Return `EVENT | EVENT between 1 and 2`; without steps where it holds between all."""
    events = " | ".join(_event(event, bare=_BARE_EXCLUDED) for event in exclusion.events)
    if exclusion.between is None:
        return events
    return f"{events} between {exclusion.between[0]} and {exclusion.between[1]}"


def format_custom_event(custom: CustomEvent) -> str:
    """Return `NAME = EVENT | EVENT`."""
    name = custom.name if _BARE_EVENT.fullmatch(custom.name) else quote(custom.name)
    return f"{name} = {format_events(custom.events)}"


def format_compared_event(compared: ComparedEvent) -> str:
    """Return `2: EVENT`, the step in whose place the event stands."""
    return f"{compared.step}: {format_step(compared.event)}"


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
    """Return `feature`, `user.plan` or `group.company`, the name in quotes where it needs them."""
    if prop.scope != "event":
        return f"{prop.scope}.{_word(prop.name)}"
    if prop.name.casefold().startswith(_SCOPED):
        return quote(prop.name)
    return _word(prop.name)


def format_unit(unit: Unit | Property) -> str:
    """Return `user`, `session` or a property; an event property that looks like these is quoted."""
    if not isinstance(unit, Property):
        return unit
    looks_alike = unit.scope == "event" and fold(unit.name) in UNIT_WORDS
    return quote(unit.name) if looks_alike else format_property(unit)


def format_group_by(group_by: GroupBy) -> list[str]:
    """Return each property, after the number of its step where that is not the first."""
    names = map(format_property, group_by.properties)
    return [
        f"{group_by.step}: {name}" if group_by.step > 1 or _NUMBERED.match(name) else name
        for name in names
    ]


def format_segment(segment: Segment) -> str:
    """Return `NAME: condition and condition`, the name in quotes where it needs them."""
    bare = _BARE_SEGMENT.fullmatch(segment.name) and segment.name != "gp"
    name = segment.name if bare else quote(segment.name)
    return f"{name}: {format_conditions(segment)}".rstrip(" ")


def format_conditions(segment: Segment) -> str:
    """Return the conditions of a segment, joined by `and`; nothing for everybody."""
    performed = map(_performed, segment.performed)
    return " and ".join(
        [*map(format_filter, segment.filters), *performed, *map(_cohort, segment.cohorts)]
    )


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


def _event(
    selector: EventSelector,
    *,
    bare: re.Pattern[str] = _BARE_EVENT,
    historical: HistoricalCount | None = None,
) -> str:
    name = selector.event_type
    text = name if bare.fullmatch(name) else quote(name)
    conditions = [*map(format_filter, selector.filters)]
    if historical is not None:
        operator = _ONE.get(historical.op, historical.op)
        conditions.append(f"historical count {operator} {historical.count}")
    return f"{text}[{' and '.join(conditions)}]" if conditions else text


def _performed(performed: Performed) -> str:
    events = " | ".join(_event(event, bare=_BARE_MEMBER) for event in performed.events)
    text = f"performed({events}) {performed.op} {performed.count}"
    if performed.ever:
        return f"{text} ever"
    return text if performed.within is None else f"{text} in {format_window(performed.within)}"


def _cohort(cohort: Cohort) -> str:
    return f"{'' if cohort.inside else 'not '}cohort({_word(cohort.path)})"


def _value(value: str) -> str:
    return NONE if value == NONE else _word(value)


def _word(text: str) -> str:
    bare = _BARE_WORD.fullmatch(text) and text.casefold() not in _KEYWORDS
    return text if bare else quote(text)
