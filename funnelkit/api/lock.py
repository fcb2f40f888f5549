"""Lock files: numbers with everything they depend on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from funnelkit.api.cases import cases_of, check_events
from funnelkit.api.opened import OpenedEvents
from funnelkit.api.report import answer
from funnelkit.api.verify_files import fresh_of, labels_of
from funnelkit.errors import CouldNotCheck, DefinitionError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date, datetime
    from pathlib import Path

    from funnelkit.model import Funnel
    from funnelkit.result import FunnelResult
    from funnelkit.verification.case import Case
    from funnelkit.verification.expected import Expectation
    from funnelkit.verification.lock import Lock


@dataclass(frozen=True, slots=True, kw_only=True)
class LockChange:
    """A lock that is to be written, beside the one that is there; `words` say what differs."""

    before: Lock | None
    after: Lock
    path: Path
    words: tuple[str, ...]

    @property
    def changes(self) -> bool:
        """Whether the file will hold anything else than now."""
        return self.before is None or self.before.to_dict() != self.after.to_dict()

    def write(self) -> None:
        """Write the lock file.

        Raises:
            DefinitionError: it cannot be written.
        """
        try:
            self.path.write_text(self.after.text(), encoding="utf-8")
        except OSError as error:
            raise DefinitionError(f"cannot write {self.path}: {error.strerror}") from error


def lock(
    files: str | Path | Sequence[str | Path] = (),
    *,
    events: Any = None,
    funnel: Funnel | str | None = None,
    keyword: str | None = None,
    allow: Sequence[str] = (),
    from_events: bool = False,
    fetch: Callable[[Case], Expectation] | None = None,
    output: str | Path | None = None,
    data_end: str | date | datetime | None = None,
    columns: Mapping[str, str] | str | None = None,
    could_not: Callable[[Case, CouldNotCheck], None] | None = None,
    **definition: Any,
) -> tuple[LockChange, ...]:
    """Return a lock for each funnel of some files; `LockChange.write` writes it.

    The numbers are Amplitude's where an answer of it is among the files, where the funnel file
    names one (`from`), or where `fetch` gets one; else they are counted from the events.

    Args:
        files: as for `verify_files`.
        events: as for `report`; by default what the funnel files name.
        funnel: the definition of which a saved answer holds the numbers.
        keyword: only the funnels whose file or name contains it.
        allow: doubts of Amplitude's own that are put up with: "sampled", "pruned" ….
        from_events: count the events, even where the lock holds Amplitude's numbers.
        fetch: asks Amplitude for the numbers of a case.
        output: the lock file, of one funnel; by default `NAME.lock.json` beside the funnel file.
        data_end: as for `report`.
        columns: as for `report`.
        could_not: is told of a funnel of which Amplitude has no numbers to lock, so that the others
            are locked all the same; without it the first such funnel ends it.
        definition: the other arguments of `report`.

    Raises:
        DefinitionError: a file or an option is wrong.
        DataError: the events, or a saved answer, cannot be read.
        CouldNotCheck: Amplitude's numbers are sampled or pruned, and nobody allowed that, or it
            has none.
    """
    from pathlib import Path

    from funnelkit.verification.collect import check_locks, selected

    cases = cases_of(files, events=events, funnel=funnel, columns=columns, **definition)
    chosen = list(selected(cases, keyword))
    if not chosen:
        names = ", ".join(case.name for case in cases)
        raise DefinitionError(f"no funnel is called like {keyword!r}: there are {names}")
    if output is not None and len(chosen) > 1:
        names = ", ".join(case.name for case in chosen)
        raise DefinitionError(f"-o {output} is one file, but there are {names}: choose with -k")
    check_locks(chosen)
    target = None if output is None else Path(output)
    changes = []
    with OpenedEvents() as opened:
        for case in chosen:
            try:
                numbers = _numbers(case, fetch, from_events=from_events)
                changes.append(_locked(case, target, allow, numbers, data_end, opened))
            except CouldNotCheck as error:
                if could_not is None:
                    raise
                could_not(case, error)
    return tuple(changes)


def _numbers(
    case: Case, fetch: Callable[[Case], Expectation] | None, *, from_events: bool
) -> Expectation | None:
    """Return newer numbers of Amplitude's; None where the events are to be counted."""
    if from_events:
        return None
    found = fetch(case) if fetch is not None else fresh_of(case)
    locked = case.lock is not None and case.lock.expectation.origin == "amplitude"
    if found is None and locked:
        raise CouldNotCheck(
            f"{case.lock_path} holds Amplitude's numbers, and there are no newer ones: give a "
            "saved answer, or let --from-events lock what funnelkit counts"
        )
    return found


def _locked(
    case: Case,
    target: Path | None,
    allow: Sequence[str],
    expectation: Expectation | None,
    data_end: str | date | datetime | None,
    opened: OpenedEvents,
) -> LockChange:
    import funnelkit
    from funnelkit.model import Measures
    from funnelkit.verification.definition import definition_of, digest
    from funnelkit.verification.lock import ENDING, Lock, refuse_doubts

    path = target or case.lock_path or _here(case.name)
    name = case.name
    if target is not None and case.source is None and case.funnel.name is None:
        name = target.name.removesuffix(ENDING)
    if expectation is not None:
        refuse_doubts(expectation, (*case.terms.allow, *allow))
        if case.chart is not None and expectation.answer.chart_id is None:
            answer = replace(expectation.answer, chart_id=case.chart)
            expectation = replace(expectation, answer=answer)
    result = _counted(case, expectation, data_end, opened)
    if result is not None:
        labels_of(case, opened)
    if expectation is None:
        assert result is not None  # noqa: S101 - without Amplitude's numbers events are needed
        from funnelkit.verification.counted import expectation_of

        expectation = expectation_of(result)
    folder = path.parent
    funnel = case.funnel if result is None else replace(result.funnel, measures=Measures())
    after = Lock(
        name=name,
        definition=definition_of(funnel, folder),
        digest=digest(funnel, folder),
        expectation=expectation,
        version=funnelkit.__version__,
        numbers_from=_relative(expectation.source, path),
        events=None if result is None else opened.fingerprint(case.events, case.columns),
        found=None if result is None else result.counts,
        path=path,
    )
    before = case.lock if case.lock is not None and case.lock_path == path else _there(path)
    if before is not None and _defines_the_same(before, after):
        after = replace(after, definition=before.definition, digest=before.digest)
    if before is not None and _says_the_same(before, after, case):
        after = before
    return LockChange(before=before, after=after, path=path, words=tuple(_words(before, after)))


def _defines_the_same(before: Lock, after: Lock) -> bool:
    """Whether both definitions are one in other words, so that the lock may keep its own."""
    from funnelkit.verification.canonical import differences

    if not before.definition_is_intact:
        return False
    return not any(differences(before.definition, after.definition))


def _says_the_same(before: Lock, after: Lock, case: Case) -> bool:
    """Whether only the time differs at which Amplitude was asked, and both answers had settled.

    A lock that is refreshed every night would otherwise never stay as it is.
    """
    from funnelkit.verification.settling import why_unsettled

    answer, fetched = after.expectation.answer, before.expectation.answer.fetched_at
    same = replace(answer, fetched_at=fetched, freshness=before.expectation.answer.freshness)
    expectation = replace(after.expectation, answer=same)
    alike = replace(after, expectation=expectation, numbers_from=before.numbers_from)
    if alike.to_dict() != before.to_dict():
        return False
    return why_unsettled(before.funnel, case.terms, fetched) is None


def _counted(
    case: Case,
    expectation: Expectation | None,
    data_end: str | date | datetime | None,
    opened: OpenedEvents,
) -> FunnelResult | None:
    """Return the report of the events: by day, if the numbers are to be those of the events."""
    from funnelkit.verification.compare import asked

    if expectation is not None and isinstance(case.events, (list, tuple)) and not case.events:
        return None
    check_events(case)
    funnel = case.funnel
    if funnel.window is None:
        raise DefinitionError(f"{case.title}: a lock states its window, as in --window 30d")
    if expectation is not None:
        funnel = asked(funnel, expectation)
    else:
        interval = funnel.measures.interval or "day"
        funnel = replace(funnel, measures=replace(funnel.measures, interval=interval))
    table = opened.table(case.events, case.columns)
    return answer(funnel, table, source=case.events, data_end=data_end)


def _words(before: Lock | None, after: Lock) -> list[str]:
    from funnelkit.verification.culprit import culprits, restated

    if before is None:
        return []
    found = culprits(
        before,
        definition=after.definition,
        digest=after.digest,
        events=after.events,
        version=after.version,
    )
    words = [one.words for one in found if one.who not in {"nothing", "unknown"}]
    return [*restated(before.expectation, after.expectation), *words]


def _there(path: Path) -> Lock | None:
    from funnelkit.verification.lock import read_lock

    return read_lock(path) if path.is_file() else None


def _here(name: str) -> Path:
    from pathlib import Path

    from funnelkit.verification.collect import lock_path_of

    return lock_path_of(name, Path("here"))


def _relative(source: str, path: Path) -> str:
    """Return the name of a file as seen from the folder of the lock, so that it fits everywhere."""
    import os.path

    if "://" in source or not os.path.exists(source):  # noqa: PTH110
        return source
    return os.path.relpath(source, path.parent)
