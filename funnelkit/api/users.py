"""Who is behind a bar."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from funnelkit.api.dates import dated, extent_of
from funnelkit.api.sources import resolve

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime
    from typing import Unpack

    from funnelkit.model import Funnel
    from funnelkit.result.people import UserList
    from funnelkit.specs.define import Definition


def users(
    events: Any,
    *,
    reached: int | None = None,
    lost_before: int | None = None,
    segment_name: str | None = None,
    variant: str | None = None,
    group: str | tuple[str, ...] | None = None,
    in_interval: str | date | datetime | None = None,
    funnel: Funnel | str | None = None,
    data_end: str | date | datetime | None = None,
    columns: Mapping[str, str] | str | None = None,
    **definition: Unpack[Definition],
) -> UserList:
    """Return everybody behind a bar of the chart that `report` makes of the same arguments.

    There are as many as the bar counts, in every mode: users, sessions, pairs with a held value,
    or paths where totals are counted.

    Args:
        events: as for `report`.
        reached: the bar of those who got to this step (1-based) or further.
        lost_before: the bar of those who did not get to this step, but to the one before it.
        segment_name: the name of the series; may be left out where there is one.
        variant: "with B" or "without B" of an optional step, or the compared event.
        group: the group as the report calls it, or the tuple of its values;
            "Did not reach step" is one, too.
        in_interval: the day or the instant at which an interval begins: its bar of conversion over
            time.
        funnel: as for `report`.
        data_end: as for `report`.
        columns: as for `report`.
        **definition: the other arguments of `report`.

    Returns:
        One line for each, with the names, when each step was done, and the group.

    Raises:
        DefinitionError: the definition is wrong, or the chart has no such bar.
        DataError: the events cannot be read.
    """
    from funnelkit.engine.bars import choose_bar
    from funnelkit.engine.people import people
    from funnelkit.events.sources import open_events
    from funnelkit.specs.define import define

    chosen, file_columns, _ = resolve(funnel, definition)
    defined = define(funnel=chosen, **definition)
    with open_events(events, columns=columns or file_columns) as table:
        extent = extent_of(defined, table, data_end)
        bar = choose_bar(
            dated(defined, extent),
            extent,
            reached=reached,
            lost_before=lost_before,
            segment=segment_name,
            variant=variant,
            group=group,
            interval=in_interval,
        )
        return people(bar, table)
