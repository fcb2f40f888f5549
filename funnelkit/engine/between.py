"""What units did while they were watched after a step, added up by event in DuckDB (A11j)."""

from __future__ import annotations

import tempfile
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from funnelkit.engine.events_sql import EventConditions
from funnelkit.engine.history import on_first_day
from funnelkit.engine.labels import label_text
from funnelkit.engine.query import compose, no_identify_call
from funnelkit.engine.rules import pairs_of
from funnelkit.engine.sqlfiles import read_sql
from funnelkit.events.connection import connect, data_errors
from funnelkit.events.sql import quote_identifier
from funnelkit.events.table import literally
from funnelkit.model import NONE, EventSelector, Funnel, Measures

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from duckdb import DuckDBPyConnection

    from funnelkit.engine.query import Query
    from funnelkit.engine.watch import Bands, Watch
    from funnelkit.events.sql import Parameters
    from funnelkit.events.table import EventTable
    from funnelkit.model import Property

MOST_CANDIDATES = 10_000
"""So many events, or values, are looked at: those that most units did."""

SCALE = 1 << 24
"""Weights are whole multiples of 1 / SCALE: sums of them are exact."""


@dataclass(slots=True)
class Weighted:
    """A side's events, weighted by band: sums by the band in which a unit's watching ended.

    `by_last[k]` adds up the units' weighted events, `with_part[k]` these times the unit's time
    inside band k; `squares` adds up their squares.
    """

    by_last: list[float]
    with_part: list[float]
    squares: float = 0.0


@dataclass(slots=True)
class Did:
    """How often one side did one event: `units` of them, `events` times, `in_bands` by band.

    `own` is weighted with the side's own weights, `joint` with those that both sides share.
    """

    in_bands: list[int]
    own: Weighted
    joint: Weighted
    units: int = 0
    events: int = 0


def nothing(size: int) -> Did:
    """Return the event that nobody did, for so many bands."""

    def weighted() -> Weighted:
        return Weighted([0.0] * size, [0.0] * size)

    return Did([0] * size, weighted(), weighted())


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One event type, or one value of it, and what drop-offs (0) and converters (1) did."""

    event: str
    value: str | None
    sides: tuple[Did, Did]


@dataclass(frozen=True, slots=True, kw_only=True)
class Between:
    """All that was done between two steps: any event, each candidate, and what does not count.

    `total` candidates were done by anybody, of which the most frequent are here. `own_events` fit
    the steps, or are excluded between them.
    """

    any_event: Candidate
    candidates: tuple[Candidate, ...]
    total: int
    own_events: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """A weight for each band: for the events of drop-offs, of converters, and shared by both."""

    of_drop_offs: Sequence[float]
    of_converters: Sequence[float]
    of_both: Sequence[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Which events are read: those of a funnel's units, told apart by type and one property."""

    funnel: Funnel
    between: tuple[int, int]
    by: Property | None
    table: EventTable
    small: bool

    def read(
        self, watched: Watch, placed_in: tuple[Any, Any], bands: Bands, weights: Weights
    ) -> Between:
        """Return what was done, in one pass over the events.

        Raises:
            DataError: the events cannot be read.
        """
        with (
            closing(connect()) as connection,
            data_errors("cannot read the events"),
            self._list_of(watched, placed_in) as listed,
        ):
            connection.execute(read_sql("properties")).fetchall()
            query = compose(_plain(self.funnel), self.table, connection, exact=self.small)
            sql = self._statement(query, bands, listed)
            connection.execute(sql, query.bind.used_in(sql)).fetchall()
            return _Sums(connection, len(bands.edges) + 1, weights).all(valued=self.by is not None)

    def _statement(self, query: Query, bands: Bands, listed: _Listed) -> str:
        bind, table = query.bind, self.table
        none = bind.bind(NONE)
        event = f"coalesce(CAST({quote_identifier(table.event_type)} AS VARCHAR), {none})"
        ages = "".join(
            f" WHEN fk_us - fk_start < {edge} THEN {k}" for k, edge in enumerate(bands.edges)
        )
        last = len(bands.edges)
        return read_sql("drivers").format(
            event=event,
            value="''" if self.by is None else label_text(self.by, table, bind),
            own=f"coalesce({self._fits_own(query)}, false)",
            band=f"CASE{ages} ELSE {last} END" if ages else last,
            unit=query.unit.sql,
            us=query.us,
            events=query.unit.relation,
            is_event=no_identify_call(table),
            present=query.unit.present,
            watched=listed.relation(bind),
        )

    def _fits_own(self, query: Query) -> str:
        """Return the condition that an event fits a step of the two or between, or is excluded."""
        when_new = on_first_day(self.funnel, query.us, query.bind)
        conditions = EventConditions(self.funnel, self.table, query.bind, when_new=when_new)
        return conditions.fits(own_events(self.funnel, self.between))

    @contextmanager
    def _list_of(self, watched: Watch, placed_in: tuple[Any, Any]) -> Iterator[_Listed]:
        """Give the units that are watched to DuckDB: a large list goes through a file."""
        columns = dict(
            zip(
                ("fk_unit", "fk_converted", "fk_start", "fk_stop", "fk_last", "fk_part"),
                (watched.unit, watched.converted, watched.start, watched.stop, *placed_in),
                strict=True,
            )
        )
        if isinstance(watched.start, list):
            yield _Listed(columns=columns)
            return
        import pyarrow as pa
        from pyarrow import parquet

        with tempfile.TemporaryDirectory(prefix="funnelkit-", ignore_cleanup_errors=True) as folder:
            file = Path(folder, "watched.parquet")
            parquet.write_table(pa.table(columns), file)
            yield _Listed(file=file)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listed:
    """Units as a table of DuckDB's: lists of a small input, or a file."""

    columns: dict[str, Any] = field(default_factory=dict)
    file: Path | None = None

    def relation(self, bind: Parameters) -> str:
        if self.file is not None:
            return f"read_parquet({bind.bind(literally([str(self.file)]))})"
        kinds = {"fk_unit": "VARCHAR"}
        columns = ", ".join(
            f"unnest(CAST({bind.bind(values)} AS {kinds.get(name, 'BIGINT')}[])) AS {name}"
            for name, values in self.columns.items()
        )
        return f"(SELECT {columns})"


def own_events(funnel: Funnel, between: tuple[int, int]) -> tuple[EventSelector, ...]:
    """Return the events that say by themselves who goes on: the steps', and those excluded."""
    earlier, later = between
    found = [event for step in funnel.steps[earlier - 1 : later] for event in step.events]
    pairs = (1 << (later - 1)) - (1 << (earlier - 1))
    for exclusion in funnel.exclusions:
        if pairs_of(exclusion, funnel) & pairs:
            found += exclusion.events
    return tuple(found)


def _plain(funnel: Funnel) -> Funnel:
    """Return the funnel without what matters to the search only, and costs a sort."""
    return replace(
        funnel,
        steps=tuple(replace(step, historical_count=None) for step in funnel.steps),
        segments=(),
        users="active",
        group_by=None,
        measures=Measures(),
    )


@dataclass(frozen=True, slots=True)
class _Sums:
    """The sums over units, from what each unit did."""

    connection: DuckDBPyConnection
    size: int
    weights: Weights

    def all(self, *, valued: bool) -> Between:
        run = self.connection.execute
        run(
            "CREATE TEMP TABLE fk_candidates AS SELECT fk_event, fk_value, "
            "row_number() OVER (ORDER BY fk_units DESC, fk_event, fk_value) AS fk_number FROM ("
            "SELECT fk_event, fk_value, count(DISTINCT fk_unit) AS fk_units FROM fk_done "
            "WHERE NOT fk_own GROUP BY ALL)"
        ).fetchall()
        ((own, total),) = run(
            "SELECT (SELECT coalesce(sum(fk_times), 0) FROM fk_done WHERE fk_own), "
            "(SELECT count(*) FROM fk_candidates)"
        ).fetchall()
        named = run(
            "SELECT fk_number, fk_event, fk_value FROM fk_candidates "
            f"WHERE fk_number <= {MOST_CANDIDATES} ORDER BY fk_number"
        ).fetchall()
        every = self._sides("0", "fk_done").get(0) or self._nobody()
        sides = self._sides(
            "fk_number",
            "(SELECT * FROM fk_done JOIN fk_candidates USING (fk_event, fk_value) "
            f"WHERE fk_number <= {MOST_CANDIDATES})",
        )
        return Between(
            any_event=Candidate(event="any event", value=None, sides=every),
            candidates=tuple(
                Candidate(event=event, value=value if valued else None, sides=sides[number])
                for number, event, value in named
            ),
            total=total,
            own_events=int(own),
        )

    def _nobody(self) -> tuple[Did, Did]:
        return nothing(self.size), nothing(self.size)

    def _sides(self, key: str, done: str) -> dict[int, tuple[Did, Did]]:
        """Return what drop-offs and converters did, by the number that `key` yields."""
        found: dict[int, tuple[Did, Did]] = {}
        bands = self.connection.execute(
            f"SELECT {key} AS fk_number, fk_converted, fk_band, sum(fk_times) FROM {done} "
            "WHERE NOT fk_own GROUP BY ALL"
        ).fetchall()
        for number, converted, band, events in bands:
            sides = found.setdefault(number, self._nobody())
            sides[converted].in_bands[band] = int(events)
        sums = read_sql("driver_sums").format(
            key=key,
            done=done,
            of_converters=_whole(self.weights.of_converters),
            of_drop_offs=_whole(self.weights.of_drop_offs),
            of_both=_whole(self.weights.of_both),
        )
        for number, converted, last, units, events, *weighted in self.connection.execute(
            sums
        ).fetchall():
            did = found[number][converted]
            did.units += units
            did.events += int(events)
            for into, (plain, with_part, squares) in (
                (did.own, weighted[:3]),
                (did.joint, weighted[3:]),
            ):
                into.by_last[last] = int(plain) / SCALE
                into.with_part[last] = int(with_part) / SCALE
                into.squares += int(squares) / SCALE**2
        return found


def _whole(weights: Sequence[float]) -> str:
    return f"[{', '.join(str(round(weight * SCALE)) for weight in weights)}]"
