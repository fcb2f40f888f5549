"""Which definition is it? Charts and queries are told from funnel files by what they hold."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeGuard

if TYPE_CHECKING:
    from pathlib import Path

    from funnelkit.model import CustomEvent, Funnel, Segment, Settings

_QUERY: Final = re.compile(
    r"\s*https?://|(?:.*[?&]|\s*)e=(?:%7B|%22|[{\"])", re.IGNORECASE | re.DOTALL
)


def is_query(text: str) -> bool:
    """Whether a text is an address, or a query with an event: `e={…}`."""
    return _QUERY.match(text) is not None


def is_chart(document: object) -> TypeGuard[dict[str, Any]]:
    """Whether a JSON document is a chart, of whatever type, and not a file of funnels."""
    return (
        isinstance(document, dict)
        and "funnels" not in document
        and not {"type", "kind"}.isdisjoint(document)
    )


def read_chart(
    document: dict[str, Any],
    path: Path,
    *,
    custom_events: tuple[CustomEvent, ...] = (),
    settings: Settings | None = None,
) -> Funnel:
    """Return the funnel of a chart in either form, from a file; cohorts are files beside it.

    Raises:
        DefinitionError: with a line for every key that is wrong, or that a funnel cannot represent.
    """
    from funnelkit.specs.amplitude.chart import funnel_from_chart
    from funnelkit.specs.amplitude.typed import funnel_from_typed

    read = funnel_from_typed if "kind" in document else funnel_from_chart
    funnel = read(document, source=str(path), custom_events=custom_events, settings=settings)
    return replace(funnel, segments=tuple(_beside(one, path) for one in funnel.segments))


def _beside(segment: Segment, path: Path) -> Segment:
    cohorts = (replace(cohort, path=str(path.parent / cohort.path)) for cohort in segment.cohorts)
    return replace(segment, cohorts=tuple(cohorts))
