"""The fewest events on which two readings of a funnel differ."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from funnelkit.api.report import answer, series_of
from funnelkit.api.sources import resolve
from funnelkit.errors import DataError, DefinitionError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date, datetime

    from funnelkit.engine.excerpt.case import CaseEvent
    from funnelkit.events.table import EventTable
    from funnelkit.model import Funnel
    from funnelkit.specs.reading import Reading
    from funnelkit.verification.shrinking.result import Said, Shrunk, ShrunkEvent

DIGITS = 32
"""Of a digest of a user's key: as often can users be halved."""

FEW = 200
"""Events that need no halving."""


def shrink(
    events: Any,
    *,
    a: str | Sequence[str] = (),
    b: str | Sequence[str] = (),
    funnel: Funnel | str | None = None,
    data_end: str | date | datetime | None = None,
    columns: Mapping[str, str] | str | None = None,
    **definition: Any,
) -> Shrunk:
    """Return the fewest events on which two readings of one funnel give different counts.

    First users are left out, then events, then properties (delta debugging). Without any one of
    what is left both readings agree.

    Args:
        events: as for `report`.
        a: what sets one reading apart: `"window=1d"`, with the names of the arguments of `report`
            and of settings; `"columns=user=device_id"`; or `"FILE:NAME"`, another funnel. Several
            texts are several changes, none is the definition as it is.
        b: the same of the other reading.
        funnel: as for `report`.
        data_end: as for `report`.
        columns: as for `report`.
        **definition: the other arguments of `report`, which both readings share.

    Raises:
        DefinitionError: a reading is wrong, or both are the same.
        DataError: the events cannot be read, or both readings agree on them.
    """
    from funnelkit.engine.excerpt.case import open_case, write_case
    from funnelkit.events.sources import open_events
    from funnelkit.specs.reading import read_reading
    from funnelkit.verification.shrinking.delta import fewest

    base, file_columns, _ = resolve(funnel, definition)
    readings = [
        read_reading(said, base=base, definition=definition, columns=columns or file_columns)
        for said in (a, b)
    ]
    if (readings[0].funnel, readings[0].columns) == (readings[1].funnel, readings[1].columns):
        raise DefinitionError(
            "both readings are the same: say with --a or --b what differs, as in --b window=30d"
        )
    with tempfile.TemporaryDirectory(prefix="funnelkit-") as folder, ExitStack() as stack:
        whole = Path(folder, "0.parquet")
        tables = [stack.enter_context(open_events(events, columns=one.columns)) for one in readings]
        trial = _Trial(readings, data_end, Path(folder, "trial.parquet"))
        trial.choose(tables)
        write_case([one.funnel for one in readings], tables, whole)
        smaller = _halved(whole, trial)
        with open_events(smaller, columns=trial.columns[0]) as table, open_case(table) as case:
            needless: list[str] = []

            def differ(chosen: Sequence[CaseEvent]) -> bool:
                case.write(chosen, trial.path, without=needless)
                return bool(chosen) and trial.differs(trial.path)

            users = list(dict.fromkeys(event.user for event in case.events))
            kept = fewest(
                users, lambda some: differ([one for one in case.events if one.user in {*some}])
            )
            found = fewest([one for one in case.events if one.user in {*kept}], differ)
            found = _without_properties(found, differ)
            for column in _droppable(table, trial.columns):
                needless.append(column)
                if not differ(found):
                    needless.pop()
            # A property or a column less may make an event needless.
            found = fewest(found, differ)
            case.write(found, trial.path, without=needless)
        found = [one.without_columns(needless) for one in found]
        return trial.result(found, of_events=tables[0].rows)


@dataclass
class _Trial:
    """Asks both readings about some events, again and again."""

    readings: Sequence[Reading]
    data_end: Any
    path: Path
    of_times: bool = False
    tried: int = 0
    columns: list[Any] = field(default_factory=list)

    def choose(self, tables: Sequence[EventTable]) -> None:
        """Look whether counts differ, or only times.

        Raises:
            DataError: nothing does.
        """
        self.columns = [_without_objects(one.columns) for one in self.readings]
        if self._said(tables):
            return
        self.of_times = True
        if not self._said(tables):
            segments = series_of(self.readings[0].funnel, tables[0], self.data_end)
            counts = " > ".join(map(str, segments[0].counts))
            raise DataError(f"both readings give the same numbers of these events: {counts}")

    def differs(self, path: Path) -> bool:
        """Tell whether the readings differ on the events of a file."""
        from funnelkit.events.sources import open_events

        self.tried += 1
        with ExitStack() as stack:
            tables = [stack.enter_context(open_events(path, columns=self.columns[0]))]
            if self.columns[1] == self.columns[0]:
                tables *= 2
            else:
                tables.append(stack.enter_context(open_events(path, columns=self.columns[1])))
            return self._said(tables)

    def _said(self, tables: Sequence[EventTable]) -> bool:
        from funnelkit.verification.counts import counts_of, times_of

        one, other = (
            series_of(reading.funnel, table, self.data_end)
            for reading, table in zip(self.readings, tables, strict=True)
        )
        if self.of_times:
            return times_of(one) != times_of(other)
        return counts_of(one) != counts_of(other)

    def result(self, events: Sequence[CaseEvent], *, of_events: int) -> Shrunk:
        """Return what each reading says of the events, which stand in the file of trials."""
        from funnelkit.verification.shrinking.result import Shrunk

        users = tuple(dict.fromkeys(event.user for event in events))
        said = [
            self._one_said(reading, columns, users)
            for reading, columns in zip(self.readings, self.columns, strict=True)
        ]
        return Shrunk(
            a=said[0],
            b=said[1],
            events=tuple(_shrunk(event) for event in events),
            of_events=of_events,
            tried=self.tried,
        )

    def _one_said(self, reading: Reading, columns: Any, users: Sequence[str]) -> Said:
        from funnelkit.events.sources import open_events
        from funnelkit.verification.counts import counts_of
        from funnelkit.verification.shrinking.result import Said

        with open_events(self.path, columns=columns) as table:
            found = answer(reading.funnel, table, data_end=self.data_end)
        named = {}
        for (number, values, interval), counts in counts_of(found.segments).items():
            name = ", ".join(filter(None, (found.segments[number].name, *values, interval)))
            named[name] = counts
        return Said(
            reading=reading.said,
            funnel=found.funnel,
            counts=named,
            traces=tuple(self._traces(reading.funnel, columns, users)),
        )

    def _traces(self, funnel: Funnel, columns: Any, users: Sequence[str]) -> Iterator[Any]:
        from funnelkit.api.trace import trace

        name = funnel.segments[0].name if funnel.segments else None
        for user in users:
            try:
                yield trace(
                    self.path,
                    user=user,
                    segment_name=name,
                    funnel=funnel,
                    data_end=self.data_end,
                    columns=columns,
                )
            except (DataError, DefinitionError):  # several funnels in one, or values are counted
                continue


def _without_objects(columns: Any) -> Any:
    """Return the columns without those of properties, which have Amplitude's names by now."""
    from funnelkit.events.columns import check_mapping, parse_columns

    if columns is None:
        return None
    mapping = parse_columns(columns) if isinstance(columns, str) else check_mapping(columns)
    return {role: name for role, name in mapping.items() if not role.endswith("properties")} or None


def _halved(path: Path, trial: _Trial) -> Path:
    """Return a file with half of the users, or half of these … of whom the readings differ."""
    from funnelkit.engine.excerpt.case import write_half
    from funnelkit.events.sources import open_events

    for digit in range(1, DIGITS + 1):
        halves = [path.with_name(f"{digit}-{half}.parquet") for half in range(2)]
        with open_events(path, columns=trial.columns[0]) as table:
            if table.rows <= FEW:
                return path
            for number, half in enumerate(halves):
                write_half(table, half, digit=digit, upper=bool(number))
        found = next((half for half in halves if trial.differs(half)), None)
        if found is None:
            return path
        path = found
    return path


def _without_properties(events: Sequence[CaseEvent], differ: Any) -> list[CaseEvent]:
    """Leave out single properties until none can be."""
    found, again = list(events), True
    while again:
        again = False
        for place, event in enumerate(found):
            for scope, name in event.properties:
                fewer = [*found[:place], found[place].without(scope, name), *found[place + 1 :]]
                if differ(fewer):
                    found, again = fewer, True
    return found


def _droppable(table: EventTable, columns: Sequence[Any]) -> Iterator[str]:
    """Yield the columns that may be needless: ids but the best one, and what settles ties."""
    from funnelkit.events.columns import IDS

    named = {name for mapping in columns for name in (mapping or {}).values()}
    ids = [name for role in reversed(IDS) if (name := getattr(table, role))]
    others = (table.event_id, table.uuid, table.insert_id, table.session_id)
    for name in (*ids[:-1], *others):
        if name is not None and name not in named:
            yield name


def _shrunk(event: CaseEvent) -> ShrunkEvent:
    from funnelkit.engine.intervals import moment
    from funnelkit.verification.shrinking.result import ShrunkEvent

    of_event, of_user, groups = event.objects
    return ShrunkEvent(
        user=event.user,
        time=moment(event.us),
        event_type=event.event_type,
        event_properties=of_event,
        user_properties=of_user,
        groups=groups,
        columns=dict(event.columns),
    )
