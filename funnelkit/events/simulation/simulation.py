"""A simulation: a scenario with a seed, and what happened in it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from funnelkit.errors import DefinitionError, did_you_mean
from funnelkit.events.simulation.columns import EventRows, PropertyColumns
from funnelkit.events.simulation.draws import Draws
from funnelkit.events.simulation.identifiers import hexadecimal
from funnelkit.events.simulation.sessions import (
    PLACES,
    Sessions,
    Timeline,
    lay_out,
    simulate_sessions,
)
from funnelkit.events.simulation.states import Shop, States

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import polars as pl

    from funnelkit.events.simulation.catalog import Catalog
    from funnelkit.events.simulation.pool import ListedPool, OwnPool, People
    from funnelkit.events.simulation.scenario import Scenario
    from funnelkit.events.simulation.sending import Delivery
    from funnelkit.events.simulation.writing import Format

CHUNK: Final = 1 << 17
"""Rows that are dressed at a time."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some consecutive events of one period, and the truth about each of them, row by row.

    `events` has the columns of Amplitude's export (specification C2): event_type, event_time
    (naive UTC, microseconds), user_id, device_id, event_properties (a struct, each property in
    its own type), and where the scenario asks for them user_properties, session_id, platform,
    os_name, os_version, device_model, idfa or adid, $insert_id, event_id. `truth` has event_id,
    period, session, template, step (the place in the template, from 1) and variant.
    """

    period: str
    events: pa.Table
    truth: pa.Table


@dataclass(frozen=True, eq=False, repr=False)
class Simulation:
    """A scenario with a seed: the same two give the same events, always and everywhere.

    Nothing is computed before it is asked for. `chunks` yields the events piece by piece and
    needs little memory; `events` and `truth` are all of them.
    """

    scenario: Scenario
    seed: int
    catalog: Catalog
    pool: OwnPool | ListedPool

    def __repr__(self) -> str:
        parts = ", ".join(
            f"{part.period.name} {int(part.reach.sum()):,} events of {len(part.reach):,} sessions"
            for part in self.sessions
        )
        return f"Simulation({self.scenario.name!r}, seed {self.seed}: {parts})"

    @cached_property
    def sessions(self) -> list[Sessions]:
        """The sessions of each period, as numbers."""
        return simulate_sessions(self.scenario, self._draws)

    @property
    def periods(self) -> tuple[str, ...]:
        """The names of the periods, in the order of time."""
        return tuple(period.name for period in self.scenario.periods)

    @property
    def event_count(self) -> int:
        """The number of events in all periods."""
        return sum(int(part.reach.sum()) for part in self.sessions)

    @cached_property
    def events(self) -> pl.DataFrame:
        """All events in the order of time, with the columns that `Chunk` names."""
        return self._frame(*self.periods)

    @cached_property
    def truth(self) -> pl.DataFrame:
        """What no payload tells: period, session, template, step and variant of each event."""
        import polars as pl

        return pl.DataFrame(pa.concat_tables([chunk.truth for chunk in self.chunks()]))

    def period(self, name: str) -> pl.DataFrame:
        """Return the events of one period.

        Raises:
            DefinitionError: the scenario has no period of that name.
        """
        if name not in self.periods:
            hint = did_you_mean(name, self.periods)
            raise DefinitionError(f"no period {name!r}; there are {', '.join(self.periods)}.{hint}")
        return self._frame(name)

    def chunks(self, *names: str) -> Iterator[Chunk]:
        """Yield the events of the named periods (of all, without names) in the order of time."""
        before_events = before_templates = 0
        for sessions in self.sessions:
            if not names or sessions.period.name in names:
                timeline = lay_out(sessions, self.scenario, self._draws)
                # A period without sessions still has one, empty, chunk: its columns.
                for first in range(0, max(len(timeline.time), 1), CHUNK):
                    rows = slice(first, first + CHUNK)
                    yield self._chunk(
                        sessions, timeline, rows, (before_events + first, before_templates)
                    )
            before_events += int(sessions.reach.sum())
            before_templates += len(sessions.period.templates)

    def content_hash(self) -> str:
        """Return a SHA-256 of all events and the truth about them, as canonical text.

        It depends on the rows and their columns only, not on files, machines or libraries.
        """
        from funnelkit.events.simulation.payload import canonical_lines

        digest = hashlib.sha256()
        for chunk in self.chunks():
            for table in (chunk.events, chunk.truth):
                for line in canonical_lines(table):
                    digest.update(line)
        return digest.hexdigest()

    def write(
        self,
        folder: str | Path,
        *,
        format: Format = "parquet",  # noqa: A002 - the word of the command line
        progress: Callable[[int], None] | None = None,
    ) -> list[Path]:
        """Write one file of events per period, and truth.parquet beside them.

        Args:
            folder: Made where it does not exist; files of the same names are replaced.
            format: `parquet`, or JSON lines in the shape of Amplitude's HTTP API V2 (specification
                D1), `jsonl` or `jsonl.gz`.
            progress: Called with the number of events that were just written.

        Returns:
            The files, truth.parquet last.

        Raises:
            DataError: the folder cannot be written.
        """
        from funnelkit.events.simulation.writing import write

        return write(self, folder, format, progress)

    def send(
        self,
        *,
        api_key: str | None = None,
        api_key_file: str | Path | None = None,
        url: str = "https://api2.amplitude.com/2/httpapi",
        resume_from: int = 0,
        progress: Callable[[int], None] | None = None,
    ) -> Delivery:
        """Send the events to Amplitude, or to a server that speaks its HTTP API V2.

        Args:
            api_key: The project's key; without it `api_key_file`, then the environment variable
                FUNNELKIT_AMPLITUDE_API_KEY is asked. It is never printed.
            api_key_file: A file with nothing but the key, or `api_key: KEY`.
            url: The server. A bare host gets the path /2/httpapi; with /batch the limits of
                Amplitude's Batch API hold (specification D1, D2).
            resume_from: Leave out so many events, the ones that an interrupted call reported.
            progress: Called with the number of events that were just accepted.

        Returns:
            How many events were accepted, and in how many requests.

        Raises:
            DefinitionError: there is no key, the URL is not one, or the events have no insert_id.
            CouldNotCheck: the server refused or could not be reached; the text says how to resume.
        """
        from funnelkit.events.simulation.credentials import find_api_key
        from funnelkit.events.simulation.sending import deliver

        return deliver(
            self,
            find_api_key(api_key, api_key_file),
            url,
            resume_from=resume_from,
            progress=progress,
        )

    @cached_property
    def _draws(self) -> Draws:
        return Draws(self.seed)

    @cached_property
    def _people(self) -> People:
        count = max(
            (int(part.user.max()) + 1 for part in self.sessions if len(part.user)), default=0
        )
        return self.pool.people(count, self._draws.stream("who comes"), self.scenario.platform)

    @cached_property
    def _shop(self) -> Shop:
        return Shop(self.catalog, self._people.personas, bugs=self.scenario.original_bugs)

    @cached_property
    def _columns(self) -> PropertyColumns:
        columns = PropertyColumns(self.scenario, self._shop.columns["product.id"].type)
        if columns.has_functions:
            before = 0
            for sessions in self.sessions:
                timeline = lay_out(sessions, self.scenario, self._draws)
                every = slice(0, len(timeline.time))
                columns.learn(self._event_rows(sessions, timeline, every, before, columns))
                before += len(sessions.period.templates)
        return columns

    @cached_property
    def _insert_ids(self) -> str:
        """The purpose of the insert_ids: other events of the same seed get other ids."""
        scenario = self.scenario
        story = (
            scenario.name, scenario.spans(), scenario.sessions_per_day, scenario.returning,
            scenario.go_on, scenario.platform, scenario.experiment, scenario.original_bugs,
        )  # fmt: skip
        return "insert_id " + re.sub(r" at 0x[0-9A-Fa-f]+", "", repr(story))

    def _frame(self, *names: str) -> pl.DataFrame:
        import polars as pl

        return pl.DataFrame(pa.concat_tables([chunk.events for chunk in self.chunks(*names)]))

    def _event_rows(
        self,
        sessions: Sessions,
        timeline: Timeline,
        rows: slice,
        templates_before: int,
        columns: PropertyColumns,
    ) -> EventRows:
        session = timeline.session[rows].astype(np.int64)
        first, last = (int(session.min()), int(session.max()) + 1) if len(session) else (0, 0)
        place = timeline.place[rows].astype(np.int64)
        user = sessions.user[first:last]
        states = States(self._shop, self._people, self._draws, sessions.first + first, user)
        kind = columns.opening[templates_before + sessions.template[session]] + place
        variant = sessions.variant[session]
        return EventRows(states, session - first, place, kind, columns.variants, variant)

    def _chunk(
        self, sessions: Sessions, timeline: Timeline, rows: slice, before: tuple[int, int]
    ) -> Chunk:
        before_events, before_templates = before
        event = self._event_rows(sessions, timeline, rows, before_templates, self._columns)
        session = timeline.session[rows]
        user = pa.array(sessions.user[session])
        people, scenario = self._people, self.scenario
        types = [
            item.event_type
            for plan in scenario.periods
            for t in plan.templates
            for item in t.events
        ]
        event_id = pa.array(np.arange(1, len(session) + 1, dtype=np.int64) + before_events)
        columns = {
            "event_type": pa.array(types, type=pa.string()).take(pa.array(event.kind)),
            "event_time": pa.array(timeline.time[rows]).cast(pa.timestamp("us")),
            "user_id": people.user_id.take(user),
            "device_id": people.device_id.take(user),
            "event_properties": self._columns.struct(event),
        }
        if scenario.identify:
            columns["user_properties"] = people.traits.take(user)
        if scenario.session_id:
            columns["session_id"] = pa.array(sessions.start[session] // 1000)
        columns |= {name: column.take(user) for name, column in people.mobile.items()}
        if scenario.insert_id:
            bits = self._draws.stream(self._insert_ids).bits(event.address)
            columns |= {"$insert_id": hexadecimal(bits), "event_id": event_id}
        names = [template.name for template in sessions.period.templates]
        variants = event.variants or (None, None)
        truth = {
            "event_id": event_id,
            "period": pa.repeat(sessions.period.name, len(session)),
            "session": pa.array(event.states.number[event.session] + 1),
            "template": pa.array(names).take(pa.array(sessions.template[session])),
            "step": pa.array(event.place + 1),
            "variant": pa.array(variants, type=pa.string()).take(pa.array(event.variant)),
        }
        return Chunk(sessions.period.name, pa.table(columns), pa.table(truth))
