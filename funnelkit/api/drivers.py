"""What those who went on did more often than those who did not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from funnelkit.api.dates import dated, extent_in
from funnelkit.api.sources import events_read, resolve
from funnelkit.errors import DataError, DefinitionError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date, datetime
    from typing import Unpack

    from funnelkit.engine.drivers import Drivers
    from funnelkit.events.table import EventTable
    from funnelkit.model import Funnel, Property
    from funnelkit.result import DriversResult
    from funnelkit.specs.define import Definition


def drivers(
    events: Any,
    *,
    between: tuple[int, int] = (1, 2),
    by: str | Property | None = None,
    limit: int | None = 20,
    funnel: Funnel | str | None = None,
    data_end: str | date | datetime | None = None,
    columns: Mapping[str, str] | str | None = None,
    **definition: Unpack[Definition],
) -> DriversResult:
    """Return which events converters did more often between two steps than drop-offs did.

    Amplitude's conversion drivers (specification A11j): events after a unit's step `between[0]`,
    and before step `between[1]` of converters, or the end of the window of drop-offs, of each
    unit's chosen conversion. Rates per hour at risk are compared at equal times since the step.
    What is found is an association, not a cause (`docs/drivers.md`).

    Args:
        events: as for `report`.
        between: the earlier and the later step, from 1.
        by: a property whose values are told apart, too: `"query"`.
        limit: so many rows are returned, the best evidence first; None returns all.
        funnel: as for `report`.
        data_end: up to when there would be events if there were any; by default the last event.
        columns: as for `report`.
        definition: the other arguments of `report`: `steps`, `where`, `window` …; groups and
            measures play no part.

    Returns:
        A row for each event type, or each value, that anybody did between the steps.

    Raises:
        DefinitionError: the definition is wrong, or has no events between steps.
        DataError: the events cannot be read, or there are none.
    """
    from dataclasses import replace

    from funnelkit.engine.chart import Chart
    from funnelkit.engine.drivers import HOUR, check, find_drivers
    from funnelkit.events.sources import open_events
    from funnelkit.model import Measures
    from funnelkit.result import DriversResult
    from funnelkit.specs.define import define
    from funnelkit.specs.steps import parse_property

    pair = _pair(between)
    if limit is not None and limit < 1:
        raise DefinitionError(f"a limit is at least 1; got {limit}")
    prop = parse_property(by) if isinstance(by, str) else by
    chosen, file_columns, _ = resolve(funnel, definition)
    defined = define(funnel=chosen, **definition)
    check(defined, pair)
    asked = replace(defined, group_by=None, measures=Measures())
    with open_events(events, columns=columns or file_columns) as table:
        extent = extent_in(table, data_end, timezone=asked.timezone)
        if extent is None:
            raise DataError("there is no event, so there is nothing to compare")
        asked = dated(asked, extent)
        chart = Chart(asked, extent)
        # The last event itself is seen; an end that was stated is exclusive.
        end = extent.data_end + (data_end is None)
        found = find_drivers(chart, pair, table, by=prop, data_end=end)
        rows = found.rows if limit is None else found.rows[:limit]
        return DriversResult(
            funnel=asked,
            between=pair,
            by=prop,
            segment=chart.questions()[0].name,
            rows=rows,
            any_event=found.any_event,
            converters=found.converters.units,
            drop_offs=found.drop_offs.units,
            drop_offs_cut=found.cut,
            converter_hours=found.converters.total / HOUR,
            drop_off_hours=found.drop_offs.total / HOUR,
            equal_times_seconds=found.equal_times / 1_000_000,
            candidates=found.between.total,
            compared=sum(row.p_value is not None for row in found.rows),
            rows_left_out=found.between.total - len(rows),
            step_events_left_out=found.between.own_events,
            events=events_read(
                events, table, found.step_rows, extent=None if data_end is None else extent
            ),
            warnings=tuple(_warnings(defined, table, found, prop)),
            notes=table.notes,
        )


def _pair(between: Any) -> tuple[int, int]:
    steps = tuple(between) if isinstance(between, (tuple, list)) else ()
    if len(steps) != 2 or not all(type(step) is int for step in steps):  # noqa: PLR2004 - a pair
        raise DefinitionError(f"between takes two steps, like (1, 2); got {between!r}")
    return steps[0], steps[1]


def _warnings(
    funnel: Funnel, table: EventTable, found: Drivers, by: Property | None
) -> Iterator[str]:
    """Say what may be wrong with the question, or is missing from the answer."""
    from dataclasses import replace

    from funnelkit.engine.doubts import doubts
    from funnelkit.model import GroupBy

    asked = funnel if by is None else replace(funnel, group_by=GroupBy((by,)))
    yield from doubts(asked, table, found.step_rows.seen)
    if funnel.group_by is not None:
        yield "the drivers are those of all groups together"
    for side, what in ((found.converters, "converter"), (found.drop_offs, "drop-off")):
        if not side.units:
            yield f"there is no {what}, so there is nobody to compare with"
    if found.between.total > len(found.rows):
        yield (
            f"of {found.between.total:,} candidates the {len(found.rows):,} that most "
            f"{funnel.noun}s did are compared"
        )
