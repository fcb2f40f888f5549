"""A funnel as a table of plain values, as it stands in TOML and JSON files and in reports."""

from __future__ import annotations

import os.path
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from funnelkit.errors import DefinitionError
from funnelkit.specs.combine import combine, filtered
from funnelkit.specs.days import format_bins, format_time_of_day
from funnelkit.specs.events import custom_event, used
from funnelkit.specs.problems import Problems, Table, text, texts
from funnelkit.specs.readers import READERS
from funnelkit.specs.settings import choose
from funnelkit.specs.steps import parse_conditions
from funnelkit.specs.text import (
    format_compared_event,
    format_conditions,
    format_events,
    format_exclusion,
    format_filters,
    format_group_by,
    format_moment,
    format_property,
    format_step,
    format_unit,
    format_window,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from funnelkit.model import CustomEvent, Funnel, Segment, Settings

FUNNEL_KEYS: Final = tuple(READERS)
"""The keys of a funnel, in the order in which they are written."""

T = TypeVar("T")
_DERIVED: Final = ("name", "window_is_default")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a file says for all its funnels, and the folder to which its paths are relative.

    With `settings` definitions of Amplitude's are read.
    """

    timezone: str = "UTC"
    custom_events: tuple[CustomEvent, ...] = ()
    inactive_events: tuple[str, ...] = ()
    folder: str = ""
    settings: Settings | None = None


def funnel_to_dict(funnel: Funnel) -> dict[str, Any]:
    """Return the whole definition as JSON values, every default spelt out.

    `steps` holds one text a step, `segments` maps names to conditions, `window` is the one in
    force. `funnel_from_dict` reads it back.
    """
    period, measures = funnel.period, funnel.measures
    return {
        "name": funnel.name,
        "steps": [format_step(step) for step in funnel.steps],
        "segments": {one.name: format_conditions(one) for one in funnel.segments},
        "from": None if period.start is None else format_moment(period.start),
        "to": None if period.end is None else format_moment(period.end),
        "last": _days(period.last),
        "offset": _days(period.offset or None),
        "exclude_incomplete": period.complete,
        "exclude_weekday": [*period.without_weekdays],
        "time_of_day": format_time_of_day(period.from_time, period.to_time),
        "timezone": funnel.timezone,
        "window": format_window(funnel.conversion_window),
        "window_is_default": funnel.window is None,
        "order": funnel.order,
        "count_by": funnel.count_by,
        "unit": format_unit(funnel.unit),
        "users": funnel.users,
        "hold": [*map(format_property, funnel.hold)],
        "exclude": [*map(format_exclusion, funnel.exclusions)],
        **_grouped(funnel),
        "resolution": funnel.resolution,
        "where_every_event": format_filters(funnel.event_filters) or None,
        "optional_step": funnel.optional_step,
        "compare_event": [*map(format_compared_event, funnel.compared_events)],
        "custom_events": {one.name: format_events(one.events) for one in funnel.custom_events},
        "inactive_events": [*funnel.inactive_events],
        "interval": measures.interval,
        "time_to_convert": measures.time_to_convert,
        "bins": None if measures.bins is None else format_bins(measures.bins),
        "frequency": measures.frequency,
        "sum": None if measures.sum_of is None else format_property(measures.sum_of),
        "by_age": measures.by_age,
        "settings": {
            one.name: getattr(funnel.settings, one.name) for one in fields(funnel.settings)
        },
    }


def funnel_from_dict(values: Mapping[str, Any], *, source: str = "the funnel") -> Funnel:
    """Return the funnel of a table with the keys of a funnel file; only `steps` is mandatory.

    Raises:
        DefinitionError: with a line for everything that is wrong; `source` begins each line.
    """
    problems = Problems(source)
    table = Table(dict(values), known=(*FUNNEL_KEYS, *_DERIVED), path=(), problems=problems)
    funnel = read_funnel(table, name=table.read("name", text, None))
    problems.check()
    assert funnel is not None  # noqa: S101 - without a problem there is a funnel
    if table.values.get("window_is_default") is True:
        return replace(funnel, window=None)
    return funnel


def read_funnel(
    table: Table,
    *,
    name: str | None,
    around: Surroundings | None = None,
    base: Funnel | None = None,
) -> Funnel | None:
    """Return the funnel of `table`, or None after noting what is wrong.

    What the table says takes the place of what `base` says, if there is one.

    `where` filters step 1, or step 3 as `3: filter`; `where_every_step` filters all steps. Of the
    custom events of its file the funnel keeps those that it uses.
    """
    around = around or Surroundings()
    before = len(table.problems)
    if table.is_table and base is None and "steps" not in table.values:
        table.problems.add(table.path, 'a funnel needs steps = "A > B"')
    said: dict[str, Any] = {}
    for key, reader in READERS.items():
        if key in table.values:
            value = _TABLES[key](table, around) if key in _TABLES else table.read(key, reader, None)
            said |= {} if value is None else {key: value}
    if base is not None:
        said = {"steps": base.steps, **said}
    if "steps" in said:
        try:
            said["steps"] = filtered(said["steps"], said)
        except DefinitionError as error:
            table.problems.add((*table.path, "where"), str(error))
    if len(table.problems) > before or "steps" not in said:
        return None
    own = said.get("custom_events", ())
    names = {custom.name for custom in own}
    shared = tuple(custom for custom in around.custom_events if custom.name not in names)
    project = {"timezone": around.timezone, "inactive_events": around.inactive_events}
    said = {
        "name": name,
        **(project if base is None else {}),
        **said,
        "custom_events": (*own, *shared),
    }
    try:
        funnel = combine(said, base=base)
    except DefinitionError as error:  # the period ends before it starts
        table.problems.add(table.path, str(error))
        return None
    return replace(funnel, custom_events=(*own, *used(shared, [*funnel.selectors()])))


def read_custom_events(table: Table, _: Surroundings | None = None) -> tuple[CustomEvent, ...]:
    """Return the custom events of the table under the key `custom_events`, in its order."""
    return tuple(
        _entries(table, "custom_events", lambda name, value: custom_event(name, text(value)))
    )


def _segments(table: Table, around: Surroundings) -> tuple[Segment, ...]:
    def read(name: str, value: object) -> Segment:
        segment = parse_conditions(" and ".join(texts(value)), name=name)
        cohorts = (
            replace(cohort, path=os.path.join(around.folder, cohort.path))  # noqa: PTH118 - as it is
            for cohort in segment.cohorts
        )
        return replace(segment, cohorts=tuple(cohorts))

    return tuple(_entries(table, "segments", read))


def _settings(table: Table, _: Surroundings) -> dict[str, str]:
    return dict(_entries(table, "settings", lambda name, value: choose(name, text(value))))


def _entries(table: Table, key: str, reader: Callable[[str, object], T]) -> Iterator[T]:
    """Yield what `reader` makes of each name and value of the table under `key`."""
    below = Table(
        table.values.get(key, {}), known=None, path=(*table.path, key), problems=table.problems
    )
    for name in below.values:
        found = below.read(name, partial(reader, name), None)
        if found is not None:
            yield found


_TABLES: Final[Mapping[str, Callable[[Table, Surroundings], Any]]] = {
    "segments": _segments, "custom_events": read_custom_events, "settings": _settings,
}  # fmt: skip
"""The keys that are tables of their own."""


def _days(days: int | None) -> str | None:
    return None if days is None else f"{days}d"


def _grouped(funnel: Funnel) -> dict[str, Any]:
    """Return the properties, one as a text and two as a list, and the limit that was asked for."""
    if funnel.group_by is None:
        return {"group_by": None, "group_limit": None}
    names = format_group_by(funnel.group_by)
    return {
        "group_by": names[0] if len(names) == 1 else names,
        "group_limit": funnel.group_by.limit,
    }
