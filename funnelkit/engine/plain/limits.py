"""What the plain statement cannot say: refused by name, never ignored."""

from __future__ import annotations

from dataclasses import MISSING, Field, fields, is_dataclass
from typing import TYPE_CHECKING, Any, Final

from funnelkit.errors import UnsupportedError
from funnelkit.model import (
    NEW_USER_EVENT,
    SESSION_ID,
    CustomEvent,
    EventSelector,
    Filter,
    Funnel,
    GroupBy,
    Period,
    Property,
    Segment,
    Settings,
    Step,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_SAID: Final[dict[type, frozenset[str]]] = {
    Funnel: frozenset({
        "steps", "name", "segments", "period", "timezone", "window", "order", "unit", "hold",
        "group_by", "resolution", "event_filters", "custom_events", "inactive_events", "settings",
    }),
    Step: frozenset({"events"}),
    EventSelector: frozenset({"event_type", "filters"}),
    CustomEvent: frozenset({"name", "events"}),
    Filter: frozenset({"property", "op", "values"}),
    Property: frozenset({"name", "scope"}),
    Segment: frozenset({"name", "filters"}),
    Period: frozenset({"start", "end"}),
    GroupBy: frozenset({"properties", "step"}),
    Settings: frozenset({
        "step_index", "t_test", "variance", "bins", "percentages", "complete_interval",
        "group_ranking", "api_any_order_window",
    }),
}  # fmt: skip
"""The fields that the statement says, or that change nothing which it shows."""

_REASONS: Final = {
    "count_by": "totals: pairing events one by one needs a loop",
    "users": "new users: their first event may lie outside the table's date range",
    "exclusions": "excluded events: each path must be tried on its own",
    "optional_step": "an optional step: ask for each of its two funnels",
    "compared_events": "compared events: ask for a funnel with each of them",
    "measures": "times, intervals, frequencies and sums: it only counts",
    "steps.historical_count": "a historical count",
    "segments.performed": "segments by performed events",
    "segments.cohorts": "segments by cohorts: the statement reads no file of ids",
    "period.last": "the last days: give dates",
    "period.offset": "an offset of the last days: give dates",
    "period.complete": "complete days only: give dates",
    "period.without_weekdays": "a period without some days of the week",
    "period.from_time": "a period by the time of day",
    "period.to_time": "a period by the time of day",
    "group_by.limit": "a limit of groups: the statement gives them all",
}


def check_plain(funnel: Funnel) -> None:
    """Raise `UnsupportedError` with everything in the definition that the statement cannot say."""
    if found := list(dict.fromkeys([*_unsaid(funnel), *_unsayable(funnel)])):
        raise UnsupportedError(f"the plain SQL statement cannot express {'; '.join(found)}")


def _unsaid(record: Any, path: str = "") -> Iterator[str]:
    """Yield the fields that were set and that nobody taught the statement, whatever they are."""
    said = next((_SAID[kind] for kind in type(record).__mro__ if kind in _SAID), frozenset())
    for field in fields(record):
        value = getattr(record, field.name)
        where = f"{path}.{field.name}" if path else field.name
        if field.name not in said:
            if value != _default(field):
                yield _REASONS.get(where, where.replace("_", " "))
            continue
        for part in value if isinstance(value, tuple) else (value,):
            if is_dataclass(part):
                yield from _unsaid(part, where)


def _default(field: Field[Any]) -> Any:
    if field.default_factory is not MISSING:
        return field.default_factory()
    return field.default


def _unsayable(funnel: Funnel) -> Iterator[str]:
    """Yield the values of said fields that the statement cannot say."""
    if funnel.order == "any":
        yield "any order: every order of the steps must be tried"
    if isinstance(funnel.unit, Property):
        yield f"the values of {funnel.unit.name!r} as the unit: the items of a list are each one"
    if any(prop != SESSION_ID for prop in funnel.hold):
        yield "a held property other than the session id: the items of a list are each held"
    if funnel.group_by is not None and funnel.group_by.step > 1:
        yield "groups by the event of a later step than the first"
    if any(selector.event_type == NEW_USER_EVENT for selector in funnel.selectors()):
        yield "the event New User: it depends on a user's first event ever"
