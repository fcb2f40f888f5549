"""Amplitude's own numbers of a funnel, fetched."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from funnelkit.errors import CouldNotCheck, DataError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from funnelkit.amplitude_api import Amplitude, Credentials, Fetched
    from funnelkit.model import Funnel
    from funnelkit.verification.case import Case
    from funnelkit.verification.expected import Expectation


def amplitude_numbers(
    *,
    region: str = "us",
    url: str | None = None,
    keys: str | Path | Credentials | None = None,
    max_wait: str = "15m",
    tell: Callable[[str], None] = lambda _: None,
) -> Callable[[Case], Expectation]:
    """Return what asks Amplitude for the numbers of a case; `lock` and `verify_files` take it.

    The funnel is asked for by its definition (`GET /api/2/funnels`), which answers with counts. One
    that the API has no words for is read from its saved chart, if the case names one.

    Args:
        region: us or eu.
        url: another server, instead of a region.
        keys: a file with api_key and secret_key; by default the environment variables
            AMPLITUDE_API_KEY and AMPLITUDE_SECRET_KEY.
        max_wait: how long one request may wait because of Amplitude's limits (429).
        tell: is told what is waited for.

    What it returns raises `CouldNotCheck` where there are no keys, or no answer.
    """
    from functools import cache

    @cache
    def amplitude() -> Amplitude:
        from funnelkit.amplitude_api import Amplitude, Credentials, base_url, find_credentials
        from funnelkit.specs.times import parse_window

        return Amplitude(
            keys if isinstance(keys, Credentials) else find_credentials(keys),
            base_url(region, url),
            max_wait=parse_window(max_wait, what="max-wait"),
            tell=tell,
        )

    return lambda case: _fetched(amplitude(), case)


def _fetched(amplitude: Amplitude, case: Case) -> Expectation:
    from funnelkit.amplitude_api import fetch_chart_csv, fetch_funnel
    from funnelkit.specs.amplitude.rest import query_from_funnel
    from funnelkit.verification.saved import read_answer_text

    try:
        query = query_from_funnel(_asked_today(case.funnel))
        fetched = fetch_funnel(amplitude, query)
    except UnsupportedError as error:
        if case.chart is None:
            raise CouldNotCheck(
                f"{case.name} cannot be asked for, and no saved chart of it is named (chart = "
                f'"ID" in [expect]): {error}'
            ) from None
        fetched = fetch_chart_csv(amplitude, case.chart)
    try:
        found = read_answer_text(fetched.text, source=_where(fetched))
    except DataError as error:
        raise CouldNotCheck(str(error)) from None
    answer = replace(found.answer, chart_id=case.chart)
    if answer.fetched_at is None:
        answer = replace(answer, fetched_at=fetched.fetched_at.replace(microsecond=0))
    return replace(found, answer=answer)


def _asked_today(funnel: Funnel) -> Funnel:
    """Return the funnel with dates, for the query needs them: today is today."""
    from datetime import datetime
    from zoneinfo import ZoneInfo

    if not funnel.period.is_relative:
        return funnel
    today: Any = datetime.now(ZoneInfo(funnel.timezone)).date()
    return replace(funnel, period=funnel.period.resolved(today))


def _where(fetched: Fetched) -> str:
    """Return the address without the query, which is long, and in the lock already."""
    return fetched.url.partition("?")[0]
