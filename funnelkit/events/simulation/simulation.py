"""A simulation: a scenario with a seed, and what happened in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import pyarrow as pa

from funnelkit.errors import DefinitionError, did_you_mean
from funnelkit.events.simulation.chunks import ChunkMaker
from funnelkit.events.simulation.draws import Draws
from funnelkit.events.simulation.sessions import Sessions, simulate_sessions
from funnelkit.events.simulation.states import Shop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import polars as pl

    from funnelkit.events.simulation.catalog import Catalog
    from funnelkit.events.simulation.chunks import Chunk
    from funnelkit.events.simulation.pool import ListedPool, OwnPool
    from funnelkit.events.simulation.scenario import Scenario
    from funnelkit.events.simulation.sending import Delivery


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
            f"{part.period.name} {part.events:,} events of {len(part.reach):,} sessions"
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
        return sum(part.events for part in self.sessions)

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
            hint = did_you_mean(str(name), self.periods)
            raise DefinitionError(f"no period {name!r}; there are {', '.join(self.periods)}.{hint}")
        return self._frame(name)

    def chunks(self, *names: str) -> Iterator[Chunk]:
        """Yield the events of the named periods (of all, without names) in the order of time."""
        insert_ids = self._draws.stream(self._insert_ids)
        for part in self.sessions:
            if not names or part.period.name in names:
                yield from self._maker.chunks(part, insert_ids)

    def content_hash(self) -> str:
        """Return a SHA-256 of all events and the truth about them, as canonical text.

        It depends on the rows and their columns only, not on files, machines or libraries.
        """
        from funnelkit.events.simulation.content import content_hash

        return content_hash(
            (chunk.events for chunk in self.chunks()), (chunk.truth for chunk in self.chunks())
        )

    def write(
        self,
        folder: str | Path,
        *,
        format: str = "parquet",  # noqa: A002 - the word of the command line
        progress: Callable[[int], None] | None = None,
    ) -> list[Path]:
        """Write one file of events per period, and truth.parquet beside them.

        Args:
            folder: Made where it does not exist; files of the same names are replaced. Other
                events in it are an error: whoever reads the folder would count both.
            format: `parquet`, or JSON lines in the shape of Amplitude's HTTP API V2 (specification
                D1), `jsonl` or `jsonl.gz`.
            progress: Called with the number of events that were just written.

        Returns:
            The files, truth.parquet last.

        Raises:
            DefinitionError: the folder cannot be written, or holds other events.
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
            DefinitionError: the URL is not one, `resume_from` lies beyond the end, or the events
                have no insert_id.
            CouldNotCheck: there is no key, or the server refused, could not be reached or did not
                say that it took as many events as were sent; the text says how to resume.
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
    def _maker(self) -> ChunkMaker:
        count = max((int(part.user.max(initial=-1)) + 1 for part in self.sessions), default=0)
        order = self._draws.stream("who comes")
        people = self.pool.people(
            count, order, self.scenario.platform, traits=self.scenario.identify
        )
        shop = Shop(self.catalog, people.personas, bugs=self.scenario.original_bugs)
        maker = ChunkMaker(self.scenario, self._draws, people, shop)
        maker.learn(self.sessions)
        return maker

    @cached_property
    def _insert_ids(self) -> str:
        """The purpose of the insert_ids: another story told with the same seed gets other ids."""
        scenario = self.scenario
        words: list[object] = [scenario.name, scenario.platform, scenario.original_bugs]
        words += [scenario.sessions_per_day, scenario.returning, *scenario.go_on]
        words += [scenario.jitter_seconds, *scenario.gap_seconds]
        if scenario.experiment is not None:
            words += [scenario.experiment.uplift, scenario.experiment.share]
        for period, start, end in scenario.spans():
            words += [period.name, start.isoformat(), end.isoformat(), *period.weights]
            for template in period.templates:
                for event in template.events:
                    # A function is told by its name; its address says nothing.
                    values = re.sub(r" at 0x[0-9A-Fa-f]+", "", repr(event.properties))
                    words += [template.name, event.event_type, values]
        return "insert_id " + "/".join(map(str, words))

    def _frame(self, *names: str) -> pl.DataFrame:
        import polars as pl

        return pl.DataFrame(pa.concat_tables([chunk.events for chunk in self.chunks(*names)]))
