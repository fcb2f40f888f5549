"""A funnel as a table of plain values, as it stands in TOML and JSON files and in reports."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, TypeVar

from funnelkit.errors import DefinitionError, UnsupportedError
from funnelkit.model import ANY_EVENT, EventSelector, Funnel, GroupBy, Period, Segment, Step
from funnelkit.specs.problems import Problems, Table, shown, text, texts
from funnelkit.specs.steps import (
    apply_where,
    parse_filters,
    parse_property,
    parse_steps,
    parse_where,
)
from funnelkit.specs.text import (
    format_filters,
    format_moment,
    format_property,
    format_step,
    format_window,
)
from funnelkit.specs.times import parse_moment, parse_window

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from funnelkit.model import Filter
    from funnelkit.specs.steps import Where

FUNNEL_KEYS: Final = (
    "steps", "where", "where_every_step", "segments", "from", "to", "timezone", "window",
    "order", "count_by", "unit", "group_by", "resolution",
)  # fmt: skip
"""The keys of a funnel, in the order in which they are written."""

T = TypeVar("T")
_DERIVED: Final = ("name", "window_is_default")
_ANYTHING: Final = Funnel(steps=(Step((EventSelector(ANY_EVENT),)),))


def funnel_to_dict(funnel: Funnel) -> dict[str, Any]:
    """Return the whole definition as JSON values, every default spelt out.

    `steps` holds one text a step, `segments` maps names to filters, `window` is the one in force.
    `funnel_from_dict` reads it back.
    """
    start, end = funnel.period.start, funnel.period.end
    return {
        "name": funnel.name,
        "steps": [format_step(step) for step in funnel.steps],
        "segments": {one.name: format_filters(one.filters) for one in funnel.segments},
        "from": None if start is None else format_moment(start),
        "to": None if end is None else format_moment(end),
        "timezone": funnel.timezone,
        "window": format_window(funnel.conversion_window),
        "window_is_default": funnel.window is None,
        "order": "this",
        "count_by": "uniques",
        "unit": funnel.unit,
        "group_by": None
        if funnel.group_by is None
        else format_property(funnel.group_by.properties[0]),
        "resolution": funnel.resolution,
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


def read_funnel(table: Table, *, name: str | None, timezone: str = "UTC") -> Funnel | None:
    """Return the funnel of `table`, or None after noting what is wrong; `timezone` is the default.

    `where` filters step 1, or step 3 as `3: filter`; `where_every_step` filters all steps.
    """
    before = len(table.problems)
    steps = table.read("steps", _steps, None)
    if table.is_table and "steps" not in table.values:
        table.problems.add(table.path, 'a funnel needs steps = "A > B"')
    where = table.read("where", _wheres, ())
    every = table.read("where_every_step", _filters, ())
    fields: dict[str, Any] = {
        "name": name,
        "segments": _segments(table),
        "period": Period(table.read("from", _moment, None), table.read("to", _moment, None)),
        "timezone": table.read("timezone", checked("timezone", text), timezone),
        "window": table.read("window", checked("window", _window), None),
        "unit": table.read("unit", checked("unit", text), "user"),
        "group_by": table.read(
            "group_by", lambda value: GroupBy((parse_property(text(value)),)), None
        ),
        "resolution": table.read("resolution", checked("resolution", text), "second"),
    }
    table.read("order", _only("this"), "")
    table.read("count_by", _only("uniques"), "")
    if steps is None:
        return None
    try:
        steps = apply_where(tuple(step.where(*every) for step in steps), where)
    except DefinitionError as error:
        table.problems.add((*table.path, "where"), str(error))
    if len(table.problems) > before:
        return None
    try:
        return Funnel(steps=steps, **fields)
    except DefinitionError as error:  # the period ends before it starts
        table.problems.add(table.path, str(error))
        return None


def checked(field: str, reader: Callable[[object], Any]) -> Callable[[object], Any]:
    """Return a reader that also lets the record `Funnel` check the value of its field."""

    def read(value: object) -> Any:
        found = reader(value)
        replace(_ANYTHING, **{field: found})
        return found

    return read


def _steps(value: object) -> tuple[Step, ...]:
    steps = parse_steps(list(texts(value)) if isinstance(value, list) else text(value))
    return replace(_ANYTHING, steps=steps).steps


def _wheres(value: object) -> tuple[Where, ...]:
    return tuple(_each(parse_where, texts(value)))


def _filters(value: object) -> tuple[Filter, ...]:
    return tuple(chain.from_iterable(_each(parse_filters, texts(value))))


def _segments(table: Table) -> tuple[Segment, ...]:
    segments = Table(
        table.values.get("segments", {}),
        known=None,
        path=(*table.path, "segments"),
        problems=table.problems,
    )
    return tuple(Segment(name, segments.read(name, _everybody, ())) for name in segments.values)


def _everybody(value: object) -> tuple[Filter, ...]:
    return () if value == "" else _filters(value)


def _each(reader: Callable[[str], T], several: tuple[str, ...]) -> list[T]:
    """Return what `reader` makes of each text; raise one error for all that are wrong."""
    found, wrong = [], []
    for one in several:
        try:
            found.append(reader(one))
        except DefinitionError as error:
            wrong.append(str(error))
    if wrong:
        raise DefinitionError("\n".join(wrong))
    return found


def _moment(value: object) -> date | datetime:
    if isinstance(value, str):
        return parse_moment(value)
    if isinstance(value, date):  # as is a datetime; TOML has both
        return value
    raise DefinitionError(f"expected a date, got {shown(value)}")


def _window(value: object) -> object:
    # A bare number is the likely mistake, and `parse_window` knows what to say.
    return parse_window(str(value) if type(value) is int else text(value))


def _only(supported: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        if value != supported:
            raise UnsupportedError(f"only {supported!r} can be computed, got {shown(value)}")
        return supported

    return read
