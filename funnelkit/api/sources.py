"""What a function is asked about: a funnel by name, and the events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from funnelkit.engine.chart import Extent
    from funnelkit.engine.rows import StepRows
    from funnelkit.events.table import EventTable
    from funnelkit.model import Funnel
    from funnelkit.result import EventsRead


def resolve(
    funnel: Funnel | str | None, definition: Mapping[str, Any] | None = None
) -> tuple[Funnel | None, Mapping[str, str] | None, tuple[int, ...] | None]:
    """Return the funnel that `"FILE:NAME"` names, with the columns and counts of its file.

    An Amplitude chart or query is read with the custom events and settings of `definition`.
    """
    if not isinstance(funnel, str):
        return funnel, None, None
    from funnelkit.specs.define import project_of
    from funnelkit.specs.files import select_funnel

    custom_events, settings = project_of(definition or {})
    entry = select_funnel(funnel, custom_events=custom_events, settings=settings)
    return entry.funnel, entry.columns, entry.expect


def source_of(events: Any, table: EventTable) -> str:
    """Return in words where the events come from."""
    return ", ".join(map(str, table.labels)) if table.labels else str(events)


def events_read(
    events: Any, table: EventTable, rows: StepRows, *, extent: Extent | None
) -> EventsRead:
    """Return what was read for a funnel, for the result; `extent` where it plays a part."""
    from funnelkit.engine.intervals import moment
    from funnelkit.result import EventsRead

    # A stated end is exclusive; the last event is not.
    end = None if extent is None else moment(max(extent.last, extent.data_end - 1))
    return EventsRead(
        source=source_of(events, table),
        events=table.rows,
        user_column=rows.unit_name,
        step_one_events=rows.step_one,
        step_one_without_user_id=rows.step_one_without_user_id,
        data_end=end,
    )


def fingerprinted(events: EventsRead, table: EventTable) -> EventsRead:
    """Return what was read together with its fingerprint, which takes reading every column."""
    from dataclasses import replace

    from funnelkit.events.fingerprint import fingerprint_of

    return replace(events, fingerprint=fingerprint_of(table))


def several(texts: str | Sequence[str]) -> list[str]:
    """Return one text, or several, as a list."""
    return [texts] if isinstance(texts, str) else list(texts)
