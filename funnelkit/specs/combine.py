"""A funnel, of another one and of what was said about it, as `readers` read it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from funnelkit.errors import DefinitionError
from funnelkit.model import SESSION_ID, Funnel, Measures, Period, Settings
from funnelkit.model.funnel import LONGEST_WINDOW
from funnelkit.specs.steps import apply_where

if TYPE_CHECKING:
    from collections.abc import Mapping

    from funnelkit.model import GroupBy, Step

_FIELDS: Final = {
    "steps": "steps", "segments": "segments", "timezone": "timezone", "window": "window",
    "order": "order", "count_by": "count_by", "unit": "unit", "users": "users", "hold": "hold",
    "exclude": "exclusions", "resolution": "resolution", "optional_step": "optional_step",
    "compare_event": "compared_events", "inactive_events": "inactive_events",
    "name": "name",
}  # fmt: skip
"""The keys that are fields of a funnel just as they are."""

_MEASURES: Final = {
    "interval": "interval", "time_to_convert": "time_to_convert", "bins": "bins",
    "frequency": "frequency", "sum": "sum_of", "by_age": "by_age",
}  # fmt: skip


def combine(said: Mapping[str, Any], *, base: Funnel | None = None) -> Funnel:
    """Return `base` with what was said, or a new funnel of it; there, `steps` are mandatory.

    What was said takes the place of what was there. Only custom events and settings are added to
    those of `base`, and `where_every_event` to its filters. Filters of steps are not read here:
    see `filtered`.

    Raises:
        DefinitionError: something does not go together.
    """
    changes = {_FIELDS[key]: value for key, value in said.items() if key in _FIELDS}
    if said.get("window") == "session":  # specification A3: the held Session ID
        held = changes.get("hold", base.hold if base else ())
        changes |= {
            "window": LONGEST_WINDOW,
            "hold": held if SESSION_ID in held else (*held, SESSION_ID),
        }
    changes["period"] = _period(said, base.period if base else Period())
    changes["group_by"] = _group_by(said, base.group_by if base else None)
    changes["measures"] = _measures(said, base.measures if base else Measures())
    settings = base.settings if base else Settings()
    changes["settings"] = replace(settings, **said.get("settings", {}))
    filters = base.event_filters if base else ()
    changes["event_filters"] = (*filters, *said.get("where_every_event", ()))
    custom = {event.name: event for event in (base.custom_events if base else ())}
    new = said.get("custom_events", ())
    names = {event.name for event in new}
    kept = (event for name, event in custom.items() if name not in names)
    changes["custom_events"] = (*kept, *new)
    return Funnel(**changes) if base is None else replace(base, **changes)


def filtered(steps: tuple[Step, ...], said: Mapping[str, Any]) -> tuple[Step, ...]:
    """Return the steps with the filters that were said for one of them, or for all.

    Raises:
        DefinitionError: a filter is meant for a step that is not there.
    """
    every = said.get("where_every_step", ())
    return tuple(step.where(*every) for step in apply_where(steps, said.get("where", ())))


def _period(said: Mapping[str, Any], before: Period) -> Period:
    changes: dict[str, Any] = {}
    if "from" in said or "to" in said:  # dates take the place of the last days
        changes |= {"last": None, "offset": 0}
    if "last" in said:
        changes |= {"start": None, "end": None}
    keys = {"from": "start", "to": "end", "last": "last", "offset": "offset"}
    keys |= {"exclude_incomplete": "complete", "exclude_weekday": "without_weekdays"}
    changes |= {field: said[key] for key, field in keys.items() if key in said}
    if "time_of_day" in said:
        changes["from_time"], changes["to_time"] = said["time_of_day"]
    return replace(before, **changes)


def _group_by(said: Mapping[str, Any], before: GroupBy | None) -> GroupBy | None:
    chosen: GroupBy | None = said.get("group_by", before)
    if "group_limit" not in said:
        return chosen
    if chosen is None:
        raise DefinitionError("a limit of groups needs a property to group by")
    return replace(chosen, limit=said["group_limit"])


def _measures(said: Mapping[str, Any], before: Measures) -> Measures:
    changes = {field: said[key] for key, field in _MEASURES.items() if key in said}
    if "bins" in changes:
        changes.setdefault("time_to_convert", True)
    return replace(before, **changes)
