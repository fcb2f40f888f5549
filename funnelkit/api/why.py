"""Why the numbers of a funnel are not the expected ones."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from funnelkit.api.report import answer
from funnelkit.api.sources import resolve
from funnelkit.errors import DataError, DefinitionError
from funnelkit.verification.reconciliation.search import MOST_PAIRS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import date, datetime

    from funnelkit.events.table import EventTable
    from funnelkit.events.view import EventView
    from funnelkit.model import Funnel
    from funnelkit.result import FunnelResult
    from funnelkit.verification.checks import Check, Measure
    from funnelkit.verification.expected import Expectation
    from funnelkit.verification.reconciliation.explanation import Explanation, Suspects
    from funnelkit.verification.reconciliation.reading import Reading
    from funnelkit.verification.reconciliation.search import Answer
    from funnelkit.verification.terms import Allowance

NARROW = 150_000
"""From so many events on, those of other types are left out before the search begins."""

FEW_USERS = 10


def why(
    events: Any,
    *,
    expect: str | Sequence[int] | Expectation | None = None,
    funnel: Funnel | str | None = None,
    data_end: str | date | datetime | None = None,
    columns: Mapping[str, str] | str | None = None,
    **definition: Any,
) -> Explanation:
    """Return why the numbers of a funnel are not the expected ones.

    Readings of the definition and of the events are tried that commonly cause a difference, one at
    a time, then in pairs: window, time zone, dates, ids, counting, filters, settings. What makes
    *every* number match, daily series included, is named; `docs/why.md` lists them.

    Args:
        events: as for `report`.
        expect: one count per step, or an `Expectation` with days, groups and times; by default the
            counts of the funnel file.
        funnel: as for `report`.
        data_end: as for `report`.
        columns: as for `report`.
        **definition: the other arguments of `report`.

    Raises:
        DefinitionError: the definition or the expectation is wrong.
        DataError: the events cannot be read.
    """
    from funnelkit.specs.define import define
    from funnelkit.verification.expectation import expected_counts
    from funnelkit.verification.expected import Expectation

    chosen, file_columns, file_expect = resolve(funnel, definition)
    defined = define(funnel=chosen, **definition)
    wanted = expect if expect is not None else file_expect
    if wanted is None:
        raise DefinitionError('nothing is expected: give expect="1177, 638", one count per step')
    columns = columns or file_columns
    if not isinstance(wanted, Expectation):
        counts = expected_counts(wanted, defined)
        return explain_counts(events, counts, funnel=defined, data_end=data_end, columns=columns)
    return explain(
        events, funnel=defined, expectations=(wanted,), data_end=data_end, columns=columns
    )


def explain_counts(events: Any, counts: tuple[int, ...], **more: Any) -> Explanation:
    """Return why a funnel does not have these counts, one per step; `more` as for `explain`."""
    from funnelkit.verification.expected import Expectation, ExpectedSeries

    expected = Expectation(segments=(ExpectedSeries(counts=counts),), source="--expect")
    return explain(events, expectations=(expected,), **more)


def explain(
    events: Any,
    *,
    funnel: Funnel,
    expectations: Sequence[Expectation],
    data_end: str | date | datetime | None = None,
    columns: Mapping[str, str] | str | None = None,
    most_pairs: int = MOST_PAIRS,
    allowances: Sequence[Allowance] = (),
    undecided: Sequence[Check] = (),
    table: EventTable | None = None,
) -> Explanation:
    """Return why the numbers of a funnel are not those of several expectations, all together.

    `table` is that of the events, if they are open. What is allowed to differ may differ in any
    reading; what is undecided explains nothing.
    """
    from funnelkit.api.dates import dated, extent_in
    from funnelkit.events.sources import open_events
    from funnelkit.events.view import event_types, with_names_of_roles
    from funnelkit.verification.reconciliation.definition import definition_readings
    from funnelkit.verification.reconciliation.events import event_readings
    from funnelkit.verification.reconciliation.explanation import Explanation
    from funnelkit.verification.reconciliation.fitted import fitted_window
    from funnelkit.verification.reconciliation.search import search
    from funnelkit.verification.reconciliation.steps import step_readings

    if table is None:
        with open_events(events, columns=columns) as own:
            return explain(
                events,
                funnel=funnel,
                expectations=expectations,
                data_end=data_end,
                columns=columns,
                most_pairs=most_pairs,
                allowances=allowances,
                undecided=undecided,
                table=own,
            )
    with (
        tempfile.TemporaryDirectory(prefix="funnelkit-") as folder,
        ExitStack() as stack,
    ):
        # Relative dates are those of the data, whatever is read otherwise.
        funnel = dated(funnel, extent_in(table, data_end, timezone=funnel.timezone))
        questions = Questions(
            funnel=funnel,
            expectations=expectations,
            table=table,
            folder=Path(folder),
            data_end=data_end,
            allowances=tuple(allowances),
            undecided=frozenset((check.measure, check.expected) for check in undecided),
            # Whoever says which column is which takes the events as they are.
            raw=lambda: stack.enter_context(open_events(events, columns=roles_of(table))),
            imported=lambda: stack.enter_context(
                open_events(with_names_of_roles(table), as_imported=True)
            ),
        )
        readings = [
            *definition_readings(funnel),
            *step_readings(funnel, event_types(table)),
            *event_readings(funnel, table),
        ]
        found = Explanation(
            search=search(
                readings,
                questions.ask,
                most_pairs=most_pairs,
                fit=lambda ask, base: fitted_window(funnel, ask, base),
            )
        )
        if found.certainty == "none":
            found = replace(found, suspects=tuple(questions.suspects(found)))
        return found


def roles_of(table: EventTable) -> dict[str, str]:
    """Return which column of a table plays which role, as `columns` says it.

    Without what tells copies apart, which is called otherwise in files and in tables made of them.
    """
    from funnelkit.events.columns import ROLES

    asked = [role for role in ROLES if role not in {"insert_id", "uuid"}]
    named = {role: getattr(table, "time" if role == "event_time" else role) for role in asked}
    return {role: name for role, name in named.items() if name is not None}


@dataclass(kw_only=True)
class Questions:
    """Asks for the expected numbers again and again, of events that were opened once."""

    funnel: Funnel
    expectations: Sequence[Expectation]
    table: EventTable
    folder: Path
    data_end: Any
    raw: Callable[[], EventTable]
    imported: Callable[[], EventTable]
    allowances: tuple[Allowance, ...] = ()
    undecided: frozenset[tuple[Measure, float | None]] = frozenset()
    _tables: dict[tuple[EventView, bool], EventTable] = field(default_factory=dict)
    _answers: dict[Any, Answer | None] = field(default_factory=dict)

    def ask(self, readings: tuple[Reading, ...]) -> Answer | None:
        """Return the numbers with readings applied; None where they do not go together."""
        from funnelkit.verification.reconciliation.reading import Subject, applied

        subject = applied(readings, Subject(self.funnel))
        if subject is None:
            return None
        every = any(reading.needs_every_event for reading in readings)
        key = (subject, every)
        if key not in self._answers:
            self._answers[key] = self._answer(subject.funnel, subject.view, every=every)
        return self._answers[key]

    def suspects(self, found: Explanation) -> Iterator[Suspects]:
        """Yield the users of small bars that have more than was expected."""
        from funnelkit.engine.bars import choose_bar
        from funnelkit.engine.people import people
        from funnelkit.verification.reconciliation.explanation import Suspects

        if len(found.differing) > FEW_USERS:
            return
        surplus = [
            check
            for check in found.differing
            if check.measure.metric == "count"
            and check.found is not None
            and 0 < (check.difference or 0) <= check.found <= FEW_USERS
        ]
        for check in sorted(surplus, key=lambda one: one.found or 0)[:1]:
            measure = check.measure
            funnel = self._asked(self.funnel)[0]
            extent = self._extent(funnel)
            try:
                bar = choose_bar(
                    funnel,
                    extent,
                    reached=measure.step,
                    lost_before=None,
                    segment=measure.segment,
                    group=measure.group,
                    interval=measure.interval,
                )
                listed = people(bar, self.table)
            except DefinitionError:  # a bar that cannot be chosen by its name
                continue
            names = (
                " ".join(str(value) for value in row[: listed.who] if value is not None)
                for row in listed.rows()
            )
            yield Suspects(of=check.what, users=tuple(names))

    def _extent(self, funnel: Funnel) -> Any:
        from funnelkit.api.dates import extent_of

        return extent_of(funnel, self.table, self.data_end)

    def _asked(self, funnel: Funnel) -> list[Funnel]:
        from funnelkit.verification.compare import asked

        return [asked(funnel, expectation) for expectation in self.expectations]

    def _answer(self, funnel: Funnel, view: EventView, *, every: bool) -> Answer | None:
        from datetime import UTC, datetime

        from funnelkit.verification.compare import compare
        from funnelkit.verification.expected import AmplitudeAnswer
        from funnelkit.verification.reconciliation.search import Answer
        from funnelkit.verification.terms import Terms

        exactly = Terms(settle=timedelta(), allowances=self.allowances)
        settled_by_then = datetime.max.replace(tzinfo=UTC)
        results: dict[tuple[Funnel, bool], FunnelResult] = {}
        checks: dict[Any, Check] = {}
        try:
            table = self._viewed(view, every=every)
            for expectation, one in zip(self.expectations, self._asked(funnel), strict=True):
                key = (one, expectation.has_previous)
                if key not in results:
                    results[key] = self._report(one, table, previous=expectation.has_previous)
                settled = replace(expectation, answer=AmplitudeAnswer())
                compared = compare(settled, results[key], exactly, now=settled_by_then)
                for check in compared.checks:
                    key_of_check = (check.measure, check.expected)
                    if key_of_check not in self.undecided:
                        checks.setdefault(key_of_check, check)
        except (DefinitionError, DataError):
            if funnel == self.funnel and view == type(view)():
                raise  # the definition itself
            return None
        return Answer(tuple(checks.values()))

    def _report(self, funnel: Funnel, table: EventTable, *, previous: bool) -> FunnelResult:
        from funnelkit.api.counterparts import ComparedTo

        wanted = ComparedTo(previous=1) if previous else None
        return answer(funnel, table, wanted=wanted, data_end=self.data_end, doubting=False)

    def _viewed(self, view: EventView, *, every: bool) -> EventTable:
        every = every or self._minds_every_event
        if (view, every) not in self._tables:
            path = self.folder / f"{len(self._tables)}.parquet"
            table = self.table if every else self._narrow()
            table = self.raw() if view.as_they_came else table
            table = self.imported() if view.imported else table
            self._tables[view, every] = view.table(table, path)
        return self._tables[view, every]

    @property
    def _minds_every_event(self) -> bool:
        funnel = self.funnel
        return funnel.minds_every_event or funnel.unit != "user" or self.table.rows <= NARROW

    def _narrow(self) -> EventTable:
        from funnelkit.events.view import EventView, narrowed

        key = (EventView(), False)
        if key not in self._tables:
            members = self.funnel.members(tuple(self.funnel.selectors()))
            types = {selector.event_type for selector in members}
            self._tables[key] = narrowed(self.table, self.folder / "narrow.parquet", types=types)
        return self._tables[key]
