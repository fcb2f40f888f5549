"""Funnels of files against the numbers that are expected of them."""

from __future__ import annotations

from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, Any

from funnelkit.api.cases import cases_of, check_events, on_terms
from funnelkit.api.opened import OpenedEvents
from funnelkit.api.report import answer
from funnelkit.errors import DefinitionError, FunnelkitError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date, datetime
    from pathlib import Path

    from funnelkit.model import Funnel
    from funnelkit.result import FunnelResult
    from funnelkit.verification.case import Case, CaseResult, VerificationRun
    from funnelkit.verification.checks import Check, Comparison
    from funnelkit.verification.culprit import Culprit
    from funnelkit.verification.expected import Expectation


def verify_files(
    files: str | Path | Sequence[str | Path] = (),
    *,
    events: Any = None,
    funnel: Funnel | str | None = None,
    expect: str | Sequence[int] | None = None,
    keyword: str | None = None,
    exit_first: bool = False,
    settle: str | None = None,
    allow: Sequence[str] = (),
    why: bool | None = None,
    fetch: Callable[[Case], Expectation] | None = None,
    data_end: str | date | datetime | None = None,
    columns: Mapping[str, str] | str | None = None,
    now: datetime | None = None,
    **definition: Any,
) -> VerificationRun:
    """Hold every funnel of some files to what is expected of it.

    Args:
        files: funnel files with `[expect]`, saved answers of `GET /api/2/funnels`, a chart's CSV,
            lock files, or folders with `*.funnel.toml` in them; without any, those below the
            current folder. Whatever else stands there is taken for events.
        events: as for `report`; by default what the funnel files name.
        funnel: the definition of which a saved answer holds the numbers: as for `report`.
        expect: one count per step of that funnel.
        keyword: only the funnels whose file or name contains it.
        exit_first: stop after the first funnel that does not pass.
        settle: how long numbers of Amplitude's may still change, `"14d"`.
        allow: doubts of Amplitude's own that are put up with: "sampled", "pruned" ….
        why: where a number fails, look for the reading that makes all match: one (by default), or
            two together as well (true); or do not look (false).
        fetch: asks Amplitude for the numbers of a case, see `amplitude_numbers`; they are checked
            beside the others.
        data_end: as for `report`.
        columns: as for `report`.
        now: today, for differences that are known until a day.
        definition: the other arguments of `report`; they change every funnel.

    Raises:
        DefinitionError: a file or an option is wrong, or nothing is there to be verified.
        DataError: a saved answer cannot be read. Events that cannot are said of their case.
    """
    from funnelkit.verification.case import VerificationRun
    from funnelkit.verification.collect import selected

    cases = cases_of(
        files, events=events, funnel=funnel, expect=expect, columns=columns, **definition
    )
    chosen = [on_terms(case, settle, allow) for case in selected(cases, keyword)]
    if not chosen:
        names = ", ".join(case.name for case in cases)
        raise DefinitionError(f"no funnel is called like {keyword!r}: there are {names}")
    results = run(chosen, exit_first=exit_first, why=why, fetch=fetch, data_end=data_end, now=now)
    return VerificationRun(
        results=tuple(results),
        deselected=len(cases) - len(chosen),
        not_run=len(chosen) - len(results),
    )


def run(
    cases: Iterable[Case],
    *,
    exit_first: bool = False,
    why: bool | None = None,
    fetch: Callable[[Case], Expectation] | None = None,
    data_end: str | date | datetime | None = None,
    now: datetime | None = None,
) -> list[CaseResult]:
    """Return what comes of each case; events that several have are opened once."""
    results = []
    with OpenedEvents() as opened:
        for case in cases:
            found = verify_case(
                case, why=why, fetch=fetch, data_end=data_end, now=now, opened=opened
            )
            results.append(found)
            if exit_first and found.outcome not in {"pass", "warn"}:
                break
    return results


def verify_case(
    case: Case,
    *,
    why: bool | None = None,
    fetch: Callable[[Case], Expectation] | None = None,
    data_end: str | date | datetime | None = None,
    now: datetime | None = None,
    opened: OpenedEvents | None = None,
) -> CaseResult:
    """Return what comes of a case; what keeps it from being run is its `error`.

    `opened` has the events that other cases read, too, and do not change meanwhile.
    """
    from funnelkit.verification.case import CaseResult

    if opened is None:
        with OpenedEvents() as own:
            return verify_case(case, why=why, fetch=fetch, data_end=data_end, now=now, opened=own)
    started = monotonic()
    try:
        if fetch is not None:
            case = replace(case, expectations=(fetch(case), *case.expectations))
        found = _explained(_verified(case, data_end, now, opened), why, data_end, opened)
    except FunnelkitError as error:
        found = CaseResult(case=case, error=error)
    return replace(found, seconds=monotonic() - started)


def _verified(
    case: Case,
    data_end: str | date | datetime | None,
    now: datetime | None,
    opened: OpenedEvents,
) -> CaseResult:
    from datetime import UTC, datetime

    from funnelkit.verification.case import CaseResult
    from funnelkit.verification.checks import Comparison
    from funnelkit.verification.compare import asked, compare
    from funnelkit.verification.exports import not_checkable
    from funnelkit.verification.known_difference import with_known_difference

    _check_whole(case)
    terms = replace(case.terms, known_difference=None)
    reports: dict[tuple[Funnel, bool], FunnelResult] = {}
    checks: list[Check] = []
    seen = set()
    lock_holds = case.lock is not None
    warnings = labels_of(case, opened)
    for expectation in case.expectations:
        key = (asked(case.funnel, expectation), expectation.has_previous)
        result = _report(case, *key, known=reports, data_end=data_end, opened=opened)
        compared = compare(expectation, result, terms, now=now)
        if case.lock is not None and expectation is case.lock.expectation:
            lock_holds = compared.ok
        for check in compared.checks:
            same = (check.measure, check.expected)
            if same not in seen:
                seen.add(same)
                checks.append(check)
    if not checks:
        raise DefinitionError(
            f"{case.expectations[0].source} holds no number that can be compared: counts, "
            "conversions in full precision, or times"
        )
    today = (now or datetime.now(UTC)).date()
    known = case.terms.known_difference
    comparison = Comparison(checks=tuple(with_known_difference(checks, known, today)))
    failed = _differs(comparison)
    if not failed and case.lock is not None and case.lock.numbers_were_edited:
        warnings.append(
            f"{case.lock.path} was edited: its numbers are not those of its hash, and some may "
            "have been taken out"
        )
    result = replace(result, warnings=(*result.warnings, *warnings))
    found = CaseResult(case=case, comparison=comparison, result=result)
    amplitude = any(one.origin != "events" for one in case.expectations)
    return replace(
        found,
        culprits=culprits_of(case, opened, lock_holds=lock_holds) if failed else (),
        not_checkable=tuple(not_checkable(case.funnel, result, comparison)) if amplitude else (),
    )


def _explained(
    found: CaseResult,
    why: bool | None,  # noqa: FBT001 - as the option has it
    data_end: str | date | datetime | None,
    opened: OpenedEvents,
) -> CaseResult:
    """Return a result with a look for what makes the numbers match, where one fails."""
    from funnelkit.api.why import explain
    from funnelkit.verification.reconciliation.search import MOST_PAIRS

    case = found.case
    if why is False or not _differs(found.comparison) or not _can_be_read_again(case.events):
        return found
    # The lock says already what changed; a guess beside it (1d, where it was 7d) would mislead.
    known = any(culprit.who in {"definition", "lock"} for culprit in found.culprits)
    if known and not why:
        return found
    explanation = explain(
        case.events,
        table=opened.table(case.events, case.columns),
        funnel=case.funnel,
        expectations=case.expectations,
        columns=case.columns,
        data_end=data_end,
        most_pairs=MOST_PAIRS if why else 0,
        allowances=case.terms.allowances,
        undecided=[] if found.comparison is None else found.comparison.of("undecided"),
    )
    return replace(found, explanation=explanation)


def _differs(comparison: Comparison | None) -> bool:
    """Whether a number fails because it differs, and not because a note is no longer needed."""
    failed = () if comparison is None else comparison.of("fail")
    return any(check.found != check.expected for check in failed)


def _can_be_read_again(events: Any) -> bool:
    several = events if isinstance(events, (list, tuple)) else [events]
    return "-" not in [one for one in several if isinstance(one, str)]


def _report(
    case: Case,
    funnel: Funnel,
    previous: bool,  # noqa: FBT001 - half of a key
    *,
    known: dict[tuple[Funnel, bool], FunnelResult],
    data_end: str | date | datetime | None,
    opened: OpenedEvents,
) -> FunnelResult:
    from funnelkit.api.counterparts import ComparedTo, check_compared_to

    key = (funnel, previous)
    if key not in known:
        wanted = ComparedTo(previous=1) if previous else None
        if wanted is not None:
            check_compared_to(funnel, wanted)
        table = opened.table(case.events, case.columns)
        known[key] = answer(funnel, table, source=case.events, wanted=wanted, data_end=data_end)
    return known[key]


def culprits_of(case: Case, opened: OpenedEvents, *, lock_holds: bool) -> tuple[Culprit, ...]:
    """Return what changed since the lock of a case was written."""
    import funnelkit
    from funnelkit.verification.culprit import culprits
    from funnelkit.verification.definition import definition_of, digest

    folder = None if case.lock_path is None else case.lock_path.parent
    events = None
    if case.lock is not None and case.lock.events is not None:
        events = opened.fingerprint(case.events, case.columns)
    return culprits(
        case.lock,
        definition=definition_of(case.funnel, folder),
        digest=digest(case.funnel, folder),
        events=events,
        version=funnelkit.__version__,
        fresh=fresh_of(case),
        lock_holds=lock_holds,
    )


def labels_of(case: Case, opened: OpenedEvents) -> list[str]:
    """Return warnings of answers whose steps have other names than those of the funnel.

    Raises:
        DefinitionError: an answer is of other steps.
    """
    from funnelkit.events.view import event_types
    from funnelkit.verification.labels import check_labels

    def types() -> list[str]:
        return event_types(opened.table(case.events, case.columns))

    found = (check_labels(one, case.funnel, types) for one in case.expectations)
    return [words for words in found if words is not None]


def fresh_of(case: Case) -> Expectation | None:
    """Return numbers of Amplitude's that do not come from the case's lock."""
    for expectation in case.expectations:
        own = case.lock is not None and expectation is case.lock.expectation
        if expectation.origin == "amplitude" and not own:
            return expectation
    return None


def _check_whole(case: Case) -> None:
    """Raise `DefinitionError` unless a case has everything that it takes."""
    if not case.expectations:
        raise DefinitionError(
            f"nothing is expected of {case.title}: give it an [expect], a saved answer of "
            "Amplitude's, or a lock (funnelkit lock)"
        )
    check_events(case)
    if case.funnel.window is None:
        raise DefinitionError(
            "a verification states its window: Amplitude's API takes 30 days by default, its chart"
            ' 1 day; say --window 30d, or window = "30d" in the funnel file'
        )
