"""Why a user counts as he does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from funnelkit.api.dates import dated, extent_of
from funnelkit.api.sources import resolve

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime
    from typing import Unpack

    from funnelkit.model import Funnel
    from funnelkit.result.trace import Trace
    from funnelkit.specs.define import Definition


def trace(
    events: Any,
    *,
    user: str | int,
    held: str | None = None,
    segment_name: str | None = None,
    variant: str | None = None,
    funnel: Funnel | str | None = None,
    data_end: str | date | datetime | None = None,
    columns: Mapping[str, str] | str | None = None,
    **definition: Unpack[Definition],
) -> Trace:
    """Return everything that a user did in a funnel, and why he counts as he does.

    What fills which step is the answer of the engine that makes the report; the words beside it say
    what stood in the way of the next step.

    Args:
        events: as for `report`.
        user: an id of the user; where the values of a property are counted, such a value.
        held: where properties are held or sessions counted: only the unit of this value.
        segment_name: the name of the series; may be left out where there is one.
        variant: "with B" or "without B" of an optional step, or the compared event.
        funnel: as for `report`.
        data_end: as for `report`.
        columns: as for `report`.
        **definition: the other arguments of `report`.

    Raises:
        DefinitionError: the definition is wrong, or it is not said which series is meant.
        DataError: the events cannot be read, or nobody has the id.
    """
    from funnelkit.engine.bars import choose_chart, choose_question
    from funnelkit.engine.trace import trace as trace_user
    from funnelkit.events.sources import open_events
    from funnelkit.specs.define import define

    chosen, file_columns, _ = resolve(funnel, definition)
    defined = define(funnel=chosen, **definition)
    with open_events(events, columns=columns or file_columns) as table:
        extent = extent_of(defined, table, data_end)
        name, chart = choose_chart(dated(defined, extent), extent, variant)
        question = choose_question(chart, segment_name)
        return trace_user(chart, question, table, who=str(user), held=held, variant=name)
