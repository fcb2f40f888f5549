"""Amplitude's own numbers: the answer to a funnel, and saved charts (specification B2, B3)."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from funnelkit.errors import DefinitionError

if TYPE_CHECKING:
    from funnelkit.amplitude_api.client import Amplitude, Fetched, Query

_CHART: Final = re.compile(r"(?:https?://\S*/chart/(?:new/)?)?([A-Za-z0-9_-]+)/?(?:\?\S*)?")


def fetch_funnel(amplitude: Amplitude, query: Query) -> Fetched:
    """Return the answer of `GET /api/2/funnels`: JSON with `data`, one object per segment or group.

    `query` is what `funnelkit convert --to query` writes: `e=…&e=…&start=…&end=…`.

    Raises:
        CouldNotCheck: the query is refused (`Refused`), or the answer is no such JSON.
    """
    fetched = amplitude.get("/api/2/funnels", query)
    fetched.json()
    return fetched


def fetch_chart_csv(amplitude: Amplitude, chart: str) -> Fetched:
    """Return a saved chart's table as CSV text; `chart` is its id, or the address of its page.

    The server wraps the text in JSON, `{"data": "…"}`; both that and bare text are understood.

    Raises:
        DefinitionError: `chart` is no id.
        CouldNotCheck: the server refuses (`Refused`).
    """
    fetched = amplitude.get(f"/api/3/chart/{chart_id(chart)}/csv")
    try:
        told = json.loads(fetched.text)
    except (ValueError, RecursionError):
        return fetched
    match told:
        case {"data": str(text)}:
            return replace(fetched, text=text)
    return fetched


def fetch_chart_answer(amplitude: Amplitude, chart: str) -> Fetched:
    """Return a saved chart's numbers as JSON: of a funnel, what `fetch_funnel` returns.

    Raises:
        DefinitionError: `chart` is no id.
        CouldNotCheck: the server refuses (`Refused`), or answers no JSON.
    """
    fetched = amplitude.get(f"/api/3/chart/{chart_id(chart)}/query")
    fetched.json()
    return fetched


def fetch_chart_definition(amplitude: Amplitude, chart: str) -> Fetched:
    """Return a saved chart's definition as JSON.

    Amplitude does not document this address, `/api/3/chart/:id/info`; it may answer 404
    (specification B3).

    Raises:
        DefinitionError: `chart` is no id.
        CouldNotCheck: the server refuses (`Refused`), or answers no JSON.
    """
    fetched = amplitude.get(f"/api/3/chart/{chart_id(chart)}/info")
    fetched.json()
    return fetched


def chart_id(text: str) -> str:
    """Return the id of a chart, from the address of its page, too.

    Raises:
        DefinitionError: this is neither.
    """
    found = _CHART.fullmatch(text.strip())
    if found is None:
        raise DefinitionError(
            f"{text!r} is no chart: give its id, the last part of the address of its page"
        )
    return found[1]
