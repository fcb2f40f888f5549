"""A funnel in each form that it can be written in: files of funnels, and Amplitude's own."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from funnelkit.specs.define import project_of
from funnelkit.specs.dumping import dump_funnels
from funnelkit.specs.files import select_funnel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from funnelkit.specs.files import FunnelEntry


def to_toml(entry: FunnelEntry) -> str:
    """Return a TOML file with the funnel; defaults are left out."""
    return dump_funnels([entry])


def to_json(entry: FunnelEntry) -> str:
    """Return a JSON file with the funnel; defaults are left out."""
    return _pretty(tomllib.loads(dump_funnels([entry])))


def to_chart(entry: FunnelEntry) -> str:
    """Return the definition of Amplitude's chart, as JSON.

    Raises:
        UnsupportedError: the definition has no words for something that the funnel asks.
    """
    from funnelkit.specs.amplitude.chart import chart_from_funnel

    return _pretty(chart_from_funnel(entry.funnel))


def to_query(entry: FunnelEntry) -> str:
    """Return the query of Amplitude's API, on one line.

    Raises:
        UnsupportedError: the API has no words for something that the funnel asks.
    """
    from funnelkit.specs.amplitude.rest import query_from_funnel

    return query_from_funnel(entry.funnel) + "\n"


FORMS: Final = {"toml": to_toml, "json": to_json, "chart": to_chart, "query": to_query}
"""Every form, with what writes it."""


def write_funnel(
    reference: str,
    *,
    form: str,
    timezone: str | None = None,
    custom_event: Sequence[str] = (),
    setting: Sequence[str] = (),
) -> str:
    """Return the funnel that `files.select_funnel` finds, in one of `FORMS`.

    `custom_event` says what those are that a chart or a query only names (`NAME = A | B`), and
    `setting` how it is read (`NAME=VALUE`).

    Raises:
        DefinitionError: there is no such funnel, or something in it is wrong.
        UnsupportedError: the form has no words for something that the funnel asks.
    """
    custom_events, settings = project_of({"custom_event": custom_event, "setting": setting})
    entry = select_funnel(reference, custom_events=custom_events, settings=settings)
    if timezone is not None:
        entry = replace(entry, funnel=replace(entry.funnel, timezone=timezone))
    return FORMS[form](entry)


def _pretty(values: object) -> str:
    return json.dumps(values, ensure_ascii=False, indent=2) + "\n"
