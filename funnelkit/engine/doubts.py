"""What may be wrong with a question: it asks for what the data do not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelkit.engine.history import has_id_of, read_cohort
from funnelkit.engine.intervals import moment
from funnelkit.engine.missing import (
    ask,
    asked_in_vain,
    held_in_vain,
    of_type,
    unknown_properties,
)
from funnelkit.engine.select import time_range
from funnelkit.errors import did_you_mean
from funnelkit.events.sql import Parameters, quote_identifier
from funnelkit.model import PSEUDO_EVENTS
from funnelkit.specs.text import format_period, format_property

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from funnelkit.events.table import EventTable
    from funnelkit.model import EventSelector, Funnel


def doubts(funnel: Funnel, table: EventTable, seen: Sequence[bool]) -> Iterator[str]:
    """Yield a sentence for everything that a funnel without variants asks for in vain.

    `seen` tells for each step whether any event fits it. The period is not relative.
    """
    yield from undone_steps(funnel, table, seen)
    yield from unknown_events(funnel, table)
    yield from unknown_properties(funnel, table)
    yield from strangers(funnel, table)


def doubts_of_names(funnel: Funnel, table: EventTable) -> Iterator[str]:
    """Yield what `doubts` can tell by names, where the steps' events are not read."""
    known = {*event_types(table), *PSEUDO_EVENTS}
    yield from doubts(
        funnel,
        table,
        [
            any(selector.event_type in known for selector in funnel.members(step.events))
            for step in funnel.steps
        ],
    )


def undone_steps(funnel: Funnel, table: EventTable, seen: Sequence[bool]) -> Iterator[str]:
    """Yield a sentence for each step that no event fits, with the nearest names in the data.

    Where the dates lie outside the data, the only sentence says that.
    """
    if all(seen):
        return
    if outside := _dates_outside(funnel, table):
        yield outside
        return
    known = event_types(table)
    for number, (step, done) in enumerate(zip(funnel.steps, seen, strict=True), 1):
        if done:
            continue
        for selector in funnel.members(step.events):
            name = selector.event_type
            if name not in PSEUDO_EVENTS and name not in known:
                hint = did_you_mean(name, known)
                yield f"step {number}: no event of the type {name!r} was read.{hint}"
            else:
                yield f"step {number}: {_why_undone(selector, funnel, table)}"


def unknown_events(funnel: Funnel, table: EventTable) -> Iterator[str]:
    """Yield a sentence for each event that is no step, is asked for, and cannot happen.

    Nobody did it; or no event of its type has a property that is held, or that its filters ask for.
    """
    asked = [
        *(("excluded", exclusion.events) for exclusion in funnel.exclusions),
        *(
            (f"asked for by the segment {segment.name!r}", performed.events)
            for segment in funnel.segments
            for performed in segment.performed
        ),
    ]
    inactive = dict.fromkeys(funnel.inactive_events)
    if not asked and not inactive:
        return
    known = event_types(table)
    selectors = [(what, one) for what, events in asked for one in funnel.members(events)]
    names = [(what, selector.event_type) for what, selector in selectors]
    names += [("called inactive", name) for name in inactive]
    for what, name in names:
        if name not in PSEUDO_EVENTS and name not in known:
            hint = did_you_mean(name, known)
            yield f"no event of the type {name!r}, which is {what}, was read.{hint}"
    for what, selector in selectors:
        if selector.event_type in PSEUDO_EVENTS or selector.event_type in known:
            yield from _in_vain(what, selector, funnel, table)


def strangers(funnel: Funnel, table: EventTable) -> Iterator[str]:
    """Yield a sentence for each cohort of whose ids no event has any."""
    cohorts = (cohort for segment in funnel.segments for cohort in segment.cohorts)
    for cohort in dict.fromkeys(cohorts):
        ids = read_cohort(cohort)
        bind = Parameters()
        known = has_id_of(ids, table, bind)
        if not ask(f"SELECT 1 FROM {table.relation(bind)} WHERE {known} LIMIT 1", bind):
            none = "the only id" if len(ids) == 1 else f"none of the {len(ids):,} ids"
            not_in = "is not in" if len(ids) == 1 else "is in"
            which = repr(ids[0]) if len(ids) == 1 else f"the first is {ids[0]!r}"
            yield f"{none} of {cohort.path} {not_in} the events ({which})"


def event_types(table: EventTable) -> list[str]:
    """Return every event type in the data."""
    bind = Parameters()
    column = quote_identifier(table.event_type)
    found = ask(
        f"SELECT DISTINCT {column} FROM {table.relation(bind)} WHERE {column} IS NOT NULL",
        bind,
    )
    return sorted(str(name) for (name,) in found)


def _dates_outside(funnel: Funnel, table: EventTable) -> str:
    start, end = funnel.period.bounds(funnel.timezone)
    if start is None and end is None:
        return ""
    covered = time_range(table)
    if covered is None:
        return ""
    first, last = covered
    if (start is None or start <= last) and (end is None or end > first):
        return ""
    return (
        f"the dates {format_period(funnel.period)} lie outside the data; "
        f"the data runs {_from_to(first, last)}"
    )


def _why_undone(selector: EventSelector, funnel: Funnel, table: EventTable) -> str:
    """Say why no event fits a selector of a type that the data know."""
    what = _a(selector)
    if prop := held_in_vain(selector, funnel, table):
        need = "is held" if prop in funnel.hold else "is what is counted"
        return f"no {what} has {format_property(prop)!r}, which {need}"
    if prop := asked_in_vain(selector, table):
        return f"no {what} has {format_property(prop)!r}, for which the step asks"
    bind = Parameters()
    first, last = ask(
        f"SELECT {table.microseconds('min')}, {table.microseconds('max')} "
        f"FROM {table.relation(bind)} WHERE {of_type(selector, table, bind)}",
        bind,
    )[0]
    start, end = funnel.period.bounds(funnel.timezone)
    if first is not None and (
        (start is not None and last < start)
        or (end is not None and first >= end + funnel.window_microseconds)
    ):
        return f"{what}s lie outside the dates: they happened {_from_to(first, last)}"
    return f"nobody did {selector.event_type!r} as the step asks"


def _in_vain(
    what: str, selector: EventSelector, funnel: Funnel, table: EventTable
) -> Iterator[str]:
    """Say which property keeps an event that is excluded, or asked for, from ever counting."""
    excluded = what == "excluded"
    if excluded and (prop := held_in_vain(selector, funnel, table)):
        need = "held" if prop in funnel.hold else "counted"
        yield (
            f"no {_a(selector)} has {format_property(prop)!r}, so with it {need} it excludes "
            "nothing"
        )
    elif prop := asked_in_vain(selector, table):
        so = "so it excludes nothing" if excluded else f"which is {what}"
        yield f"no {_a(selector)} has {format_property(prop)!r}, {so}"


def _a(selector: EventSelector) -> str:
    return "event" if selector.event_type in PSEUDO_EVENTS else f"{selector.event_type!r} event"


def _from_to(first: int, last: int) -> str:
    ends = (f"{moment(us):%Y-%m-%dT%H:%M:%S}" for us in (first, last))
    start, end = ends
    return f"at {start} UTC" if start == end else f"from {start} to {end} UTC"
