"""The cases of some files: each funnel with everything that is expected of it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from funnelkit.errors import DefinitionError
from funnelkit.specs.files import FunnelEntry, load_funnels
from funnelkit.specs.problems import Problems
from funnelkit.verification.case import Case
from funnelkit.verification.expect_table import Expected, read_expect
from funnelkit.verification.expected import Expectation, ExpectedSeries
from funnelkit.verification.lock import ENDING, first_and_last_day, read_lock
from funnelkit.verification.saved import read_saved
from funnelkit.verification.terms import Terms

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from funnelkit.model import CustomEvent, Settings
    from funnelkit.verification.arguments import Arguments
    from funnelkit.verification.lock import Lock

_NO_FILE_NAME: Final = re.compile(r'[\\/:*?"<>|\x00-\x1f]')


def collect(
    arguments: Arguments,
    *,
    chosen: FunnelEntry | None = None,
    custom_events: tuple[CustomEvent, ...] = (),
    settings: Settings | None = None,
) -> tuple[Case, ...]:
    """Return a case for each funnel of the files, of the locks, and the `chosen` one.

    An answer of Amplitude's belongs to the only funnel, or to that whose name its own begins with.

    Raises:
        DefinitionError: a file is wrong, or it is not clear which funnel an answer belongs to.
        DataError: a saved answer cannot be read.
    """
    entries = [] if chosen is None else [chosen]
    for path in arguments.funnels:
        found = load_funnels(path, custom_events=custom_events, settings=settings)
        entries += found.values()
    cases = [case_of(entry) for entry in entries]
    check_locks([case for case in cases if case.lock is not None])
    locks = {case.lock_path for case in cases if case.lock_path is not None}
    resolved = {path.resolve() for path in locks}
    cases += [
        case_of_lock(read_lock(path)) for path in arguments.locks if path.resolve() not in resolved
    ]
    if chosen is not None and len(arguments.locks) == 1 and len(entries) == 1 and len(cases) > 1:
        lock = cases.pop().lock  # the lock of the funnel that the options define
        assert lock is not None  # noqa: S101 - it was made of one
        cases = [with_lock(cases[0], lock)]
    for path in arguments.answers:
        place = _place_of(path, cases)
        before = cases[place].expectations
        cases[place] = replace(cases[place], expectations=(read_saved(path), *before))
    return tuple(map(_dated, cases))


def check_locks(cases: Iterable[Case]) -> None:
    """Raise `DefinitionError` where two funnels would have one lock file, as those of one name."""
    found: dict[Path, Case] = {}
    for case in cases:
        if case.lock_path is None:
            continue
        other = found.setdefault(case.lock_path.resolve(), case)
        if other is not case:
            raise DefinitionError(
                f"{other.title} and {case.title} have one lock, {case.lock_path}: call one of them "
                "something else"
            )


def case_of(entry: FunnelEntry) -> Case:
    """Return the case of a funnel file's entry, with its lock if there is one.

    Raises:
        DefinitionError: what it expects cannot be read.
    """
    source = entry.source
    expected = _expected(entry)
    expectations = [] if expected.numbers is None else [expected.numbers]
    for name in expected.files:
        path = name_beside(source, name)
        if not path.is_file():
            raise DefinitionError(f"{source or entry.name}: expect.from: there is no file {path}")
        found = read_saved(path)
        fetched = found.answer.fetched_at or expected.fetched_at
        answer = replace(found.answer, chart_id=expected.chart, fetched_at=fetched)
        expectations.append(replace(found, answer=answer))
    lock_path = None if source is None else lock_path_of(entry.name, source)
    case = Case(
        name=entry.name,
        funnel=entry.funnel,
        events=entry.events,
        columns=entry.columns,
        expectations=tuple(expectations),
        terms=expected.terms,
        source=source,
        lock_path=lock_path,
        chart=expected.chart,
    )
    if lock_path is not None and lock_path.is_file():
        case = with_lock(case, read_lock(lock_path))
    return case


def case_of_lock(lock: Lock) -> Case:
    """Return the case of a lock file by itself: it holds the definition, too."""
    return with_lock(Case(name=lock.name, funnel=lock.funnel, source=lock.path), lock)


def with_lock(case: Case, lock: Lock) -> Case:
    """Return the case held to the numbers of a lock, too."""
    return replace(
        case,
        lock=lock,
        lock_path=lock.path,
        chart=case.chart or lock.expectation.answer.chart_id,
        expectations=(*case.expectations, lock.expectation),
    )


def lock_path_of(name: str, source: Path) -> Path:
    """Return where the lock of a funnel is: beside its file, under its name."""
    return source.parent / f"{_NO_FILE_NAME.sub('-', name)}{ENDING}"


def name_beside(source: Path | None, name: str) -> Path:
    """Return the path of a file that another file names."""
    from pathlib import Path

    return Path(name) if source is None else source.parent / name


def typed_counts(counts: Sequence[int], *, source: str) -> Expectation:
    """Return the expectation of counts that somebody typed."""
    return Expectation(segments=(ExpectedSeries(counts=tuple(counts)),), source=source)


def selected(cases: Iterable[Case], keyword: str | None) -> Iterator[Case]:
    """Yield the cases whose file or name contains the keyword, in any case of letters."""
    for case in cases:
        if keyword is None or keyword.casefold() in case.title.casefold():
            yield case


def _expected(entry: FunnelEntry) -> Expected:
    source = str(entry.source or entry.name)
    if entry.expect_table is not None:
        problems = Problems(source)
        found = read_expect(
            dict(entry.expect_table), source=source, path=("expect",), problems=problems
        )
        problems.check()
        return found
    numbers = None if entry.expect is None else typed_counts(entry.expect, source=source)
    return Expected(numbers=numbers, files=(), chart=None, terms=Terms())


def _place_of(path: Path, cases: Sequence[Case]) -> int:
    if len(cases) == 1:
        return 0
    if not cases:
        raise DefinitionError(
            f"{path} holds numbers of Amplitude's, but nothing says of which funnel: give --funnel"
            " chart.json, --funnel 'e={…}&e={…}&start=…', or --steps"
        )
    stem = path.name.casefold()
    places = [
        place
        for place, case in enumerate(cases)
        if stem == case.name.casefold() or stem.startswith(f"{case.name.casefold()}.")
    ]
    if len(places) == 1:
        return places[0]
    names = ", ".join(case.name for case in cases)
    raise DefinitionError(
        f"{path} may be of several funnels ({names}): call it NAME.json, or say "
        f'from = "{path.name}" in [expect]'
    )


def _dated(case: Case) -> Case:
    """Return the case with the dates of Amplitude's days, where its own depend on today."""
    if not case.funnel.period.is_relative:
        return case
    for expectation in case.expectations:
        days = first_and_last_day(expectation)
        if days is not None:
            first, last = days
            dated = replace(
                case.funnel.period, start=first, end=last, last=None, offset=0, complete=False
            )
            return replace(case, funnel=replace(case.funnel, period=dated))
    return case
