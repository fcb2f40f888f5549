"""The fingerprints of what a run of verifications read."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from funnelkit.api.sources import fingerprinted

if TYPE_CHECKING:
    from funnelkit.result import EventsRead
    from funnelkit.verification.case import CaseResult, VerificationRun


def with_fingerprints(run: VerificationRun) -> VerificationRun:
    """Return the run with the fingerprint of each case's events: they are read once more.

    Standard input cannot be: of what came from there, there is none.

    Raises:
        DataError: the events cannot be read any more.
    """
    known: dict[str, EventsRead] = {}
    results = tuple(_with_fingerprint(result, known) for result in run.results)
    return replace(run, results=results)


def _with_fingerprint(result: CaseResult, known: dict[str, EventsRead]) -> CaseResult:
    from funnelkit.events.found import STDIN
    from funnelkit.events.sources import open_events

    found, case = result.result, result.case
    if found is None or case.events == STDIN or STDIN in tuple(case.events):
        return result
    key = repr((case.events, case.columns))
    if key not in known:
        with open_events(case.events, columns=case.columns) as table:
            known[key] = fingerprinted(found.events, table)
    read = replace(found.events, fingerprint=known[key].fingerprint)
    return replace(result, result=replace(found, events=read))
