"""The end of an import: duplicates, ids, merges and order, over all runs and what was there."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from funnelkit.events.columns import ARRIVAL
from funnelkit.events.duplicates import find_copies, telling_apart
from funnelkit.events.identity import resolve
from funnelkit.events.importers.columns import EXPORT, RECEIVED, TYPES
from funnelkit.events.importers.gather import can_gather, gather
from funnelkit.events.merges import follow
from funnelkit.events.sql import quote_identifier
from funnelkit.events.table import literally
from funnelkit.model import IDENTIFY_CALLS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from funnelkit.events.imported import Imported, ImportedFile
    from funnelkit.events.importers.held import Held
    from funnelkit.events.importers.runs import Run

_MOST_REASONS: Final = 20
_HIDDEN: Final = frozenset({"fk_problem", "fk_skip", "fk_arrival", "filename", "file_row_number"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What became of the rows of the runs; `total` and `without_id` are of all there is now."""

    events: int
    identify_calls: int
    duplicates: int
    skipped: int
    merges: int
    total: int
    without_id: int


class Finish:
    """Writes the new state of a folder of events.

    `earlier` is the SELECT of those whose events lie elsewhere and came before all of these:
    (user_id, device_id, given, time), where `given` is the id that an event has.
    """

    def __init__(
        self,
        connection: DuckDBPyConnection,
        work: Path,
        state: Imported,
        runs: Sequence[Run],
        held: Held,
        dropped: Sequence[tuple[int, int]],
    ) -> None:
        self.connection = connection
        self.work = work
        self.state = state
        self.runs = [run for run in runs if not run.merges]
        self.merge_runs = [run for run in runs if run.merges]
        self.held = held
        self.registered: list[str] = []
        self.forgotten = dropped
        self.values: dict[str, object] = {}
        self.types: dict[str, str] = {}
        self.left_out: dict[str, int] = {}
        self.replaced = 0
        self.setting = 0  # identify calls that set user properties
        self.suffix = ""
        self.earlier: str | None = None

    def one(self, sql: str) -> int:
        """Return the number that a query finds."""
        used = {name: value for name, value in self.values.items() if f"${name}" in sql}
        return int(self.connection.execute(sql, used).fetchall()[0][0])

    def run(self, sql: str, **more: object) -> None:
        """Run a statement."""
        used = {name: value for name, value in self.values.items() if f"${name}" in sql}
        self.connection.execute(sql, used | more).fetchall()

    def write(self, insert_id_clock: str, files: Sequence[ImportedFile]) -> Counts:
        """Write and commit; return what became of the rows."""
        self._relation()
        self.run(
            "CREATE TEMP TABLE fk_forgotten AS SELECT unnest(range(first, past)) AS fk_arrival "
            "FROM (SELECT unnest($firsts::BIGINT[]) AS first, unnest($pasts::BIGINT[]) AS past)",
            firsts=[a for a, _ in self.forgotten],
            pasts=[b for _, b in self.forgotten],
        )
        if not files:  # all were known: nothing changes
            total = self.one("SELECT count(*) FROM fk_rows WHERE fk_arrival < 0")
            return Counts(events=0, identify_calls=0, duplicates=0, skipped=0, merges=0,
                          total=total, without_id=0)  # fmt: skip
        self.left_out = dict(
            self.connection.execute(
                "SELECT fk_skip, count(*) FROM fk_rows WHERE fk_skip IS NOT NULL "
                "AND fk_arrival NOT IN (FROM fk_forgotten) GROUP BY ALL ORDER BY 2 DESC, 1"
            ).fetchall()
        )
        duplicates = self._drop(insert_id_clock)
        without_id = self._identify()
        merges = self._merges()
        # Two imports at a time must not write over each other: the slower one is refused.
        self.suffix = f"{self.state.number}-{os.urandom(4).hex()}.parquet"
        target = self.state.folder / f"events-{self.suffix}"
        unfinished = self.work / "events.parquet"
        self._copy(unfinished, with_ids=without_id > 0)
        names = ", ".join(f"'{name}'" for name in IDENTIFY_CALLS)
        is_call = f"coalesce(event_type IN ({names}), false)"
        ((total, events, calls, self.setting),) = self.connection.execute(
            f"SELECT count(*), count(*) FILTER (WHERE fk_arrival > 0 AND NOT {is_call}), "
            f"count(*) FILTER (WHERE fk_arrival > 0 AND {is_call}), count(*) FILTER (WHERE "
            f"fk_arrival > 0 AND {is_call} AND {self.column('user_properties')} IS NOT NULL) "
            "FROM fk_kept"
        ).fetchall()
        unfinished.replace(target)
        replace(
            self.state,
            events=target.name,
            merges=self._keep("merges", "fk_merges"),
            final=self._keep("final", "fk_final"),
            files=(*self.state.files, *files),
        ).commit()
        return Counts(
            events=events,
            identify_calls=calls,
            duplicates=duplicates,
            skipped=sum(self.left_out.values()),
            merges=merges,
            total=total,
            without_id=without_id,
        )

    def notes(self) -> Iterator[str]:
        """Yield what became of the rows, beside their counts."""
        for why, count in list(self.left_out.items())[:_MOST_REASONS]:
            yield f"{count:,} left out: {why}"
        if self.replaced:
            one = self.replaced == 1
            were = "1 event that was there is" if one else f"{self.replaced:,} events that were there are"  # noqa: E501  # fmt: skip
            yield f"{were} left out now: a copy of what was received before it"
        if self.setting:
            sets = "1 call sets" if self.setting == 1 else f"{self.setting:,} calls set"
            yield (
                f"{sets} user properties, which later events do not get: a filter sees what an "
                "event itself was sent with"
            )

    def _relation(self) -> None:
        """Create the view `fk_rows`: every row of the runs, and every event that was there.

        What was there has a negative `fk_arrival`, which orders it by its earlier arrival.
        """
        parts = []
        before = self.state.events_path
        runs = [run.path for run in self.runs if self.held.get(run) is None]
        for table in self.held.relations():
            self.registered.append(f"fk_held_{len(self.registered)}")
            self.connection.register(self.registered[-1], table)
        held = self.registered
        changed = self._changed([*([before] if before else []), *runs], held)
        if before is not None:
            parts.append(
                f"SELECT *{_as_json(changed[before])}, NULL::VARCHAR AS fk_problem, "
                f"NULL::VARCHAR AS fk_skip, {self._earlier()} AS fk_arrival "
                f"FROM {self._read([before])}"
            )
        number = "CAST(regexp_extract(filename, 'run-([0-9]+)', 1) AS BIGINT)"
        for columns in dict.fromkeys(changed[run] for run in runs):
            alike = [run for run in runs if changed[run] == columns]
            parts.append(
                f"SELECT * EXCLUDE (filename, file_row_number){_as_json(columns)}, "
                f"({number} << 32) + file_row_number AS fk_arrival "
                f"FROM {self._read(alike, names=True)}"
            )
        parts += [f"SELECT *{_as_json(changed[relation])} FROM {relation}" for relation in held]
        if not parts:
            nothing = ", ".join(
                f"NULL::{TYPES[k]} AS {quote_identifier(n)}" for n, k in EXPORT.items()
            )
            parts.append(
                f"SELECT {nothing}, NULL::VARCHAR AS fk_problem, NULL::VARCHAR AS fk_skip, "
                "0::BIGINT AS fk_arrival WHERE false"
            )
        self.run(f"CREATE OR REPLACE TEMP VIEW fk_rows AS {' UNION ALL BY NAME '.join(parts)}")
        self.types = {
            name: kind for name, kind, *_ in self.connection.execute("DESCRIBE fk_rows").fetchall()
        }

    def _let_go(self) -> None:
        """Write the runs that are held: DuckDB needs the memory to sort."""
        if not self.registered:
            return
        while self.registered:
            self.connection.unregister(self.registered.pop())
        self.held.write()
        self._relation()

    def _changed(
        self, paths: Sequence[Path], relations: Sequence[str]
    ) -> dict[Path | str, tuple[str, ...]]:
        """Return for each file or relation the columns that are JSON in another, and not in it.

        A column of its own is JSON where it comes from JSON lines, and has a type elsewhere; a text
        that DuckDB took for JSON would be none.
        """
        every: dict[Path | str, str] = {path: self._read([path]) for path in paths}
        every |= {relation: relation for relation in relations}
        types: dict[Path | str, dict[str, str]] = {}
        for source, relation in every.items():
            found = self.connection.execute(f"DESCRIBE FROM {relation}").fetchall()
            types[source] = {name: kind for name, kind, *_ in found}
        json = {name for each in types.values() for name, kind in each.items() if kind == "JSON"}
        return {
            source: tuple(sorted(n for n, kind in each.items() if n in json and kind != "JSON"))
            for source, each in types.items()
        }

    def _earlier(self) -> str:
        path = self.state.events_path
        names = self.connection.execute(
            f"DESCRIBE FROM {self._read([path] if path else [])}"
        ).fetchall()
        if any(name == ARRIVAL for name, *_ in names):
            return f"{quote_identifier(ARRIVAL)} - (1::BIGINT << 62)"
        return "file_row_number - (1::BIGINT << 62)"

    def _read(self, paths: Sequence[Path], *, names: bool = False) -> str:
        """Return the FROM item of our own Parquet files: a view takes no parameters."""
        files = ", ".join(
            "'" + each.replace("'", "''") + "'" for each in literally(map(str, paths))
        )
        more = ", filename = true, file_row_number = true" if names else ""
        return f"read_parquet([{files}], union_by_name = true, hive_partitioning = false{more})"

    def has(self, column: str) -> bool:
        """Tell whether any event has a column."""
        return column in self.types

    def column(self, name: str) -> str:
        """Return the SQL of a column, NULL where no event has it."""
        return quote_identifier(name) if self.has(name) else f"NULL::{TYPES[EXPORT[name]]}"

    def received(self) -> str:
        """Return the SQL of the time at which an event arrived; NULL where it is not known."""
        return f"coalesce({', '.join(self.column(name) for name in RECEIVED)})"

    def _drop(self, insert_id_clock: str) -> int:
        """Create the table `fk_dropped` of the copies and the view of what is kept.

        Return how many lines are copies. An event that was there is one, too, if one that was
        received before it comes only now: `replaced` counts these.
        """
        received = [self.column(name) for name in RECEIVED]
        self.run(
            "CREATE TEMP VIEW fk_whole AS SELECT * FROM fk_rows WHERE fk_problem IS NULL "
            "AND fk_skip IS NULL AND fk_arrival NOT IN (FROM fk_forgotten)"
        )
        narrow = telling_apart(
            "fk_whole",
            app=self.column("app"),
            uuid=self.column("uuid"),
            device_id=self.column("device_id"),
            user_id=self.column("user_id"),
            insert_id=self.column("$insert_id"),
            received=[
                *(received if insert_id_clock == "received" else ()),
                self.column("event_time"),
            ],
        )
        find_copies(self.connection, narrow)
        self.replaced = self.one("SELECT count(*) FROM fk_dropped WHERE fk_arrival < 0")
        copies = self.one("SELECT count(*) FROM fk_dropped WHERE fk_arrival > 0")
        self.run(
            "CREATE TEMP VIEW fk_kept AS SELECT * FROM fk_whole "
            "WHERE fk_arrival NOT IN (FROM fk_dropped)"
        )
        return copies

    def given(self) -> str:
        """Return the SQL of the amplitude_id that Amplitude gave."""
        own = self.column("amplitude_id")
        return f"CASE WHEN {own} >= 0 THEN {own} END"

    def _identify(self) -> int:
        """Find the ids of the events that have none; return how many these are."""
        without = self.one(f"SELECT count(*) FROM fk_kept WHERE {self.given()} IS NULL")
        if without:
            self.run(
                "CREATE TEMP TABLE fk_places AS SELECT fk_arrival, row_number() OVER "
                f"(ORDER BY {self.received()} NULLS LAST, fk_arrival) AS place, "
                f"{self.column('user_id')} AS user_id, {self.column('device_id')} AS device_id, "
                f"{self.given()} AS given FROM fk_kept"
            )
            resolve(self.connection, self._people())
        return without

    def _people(self) -> str:
        """Return the table of who did which event, with those of `earlier` that matter for it.

        Of each of them the first and the last event say it all.
        """
        if self.earlier is None:
            return "fk_places"
        self.run(
            "CREATE TEMP TABLE fk_people AS WITH seen AS (SELECT user_id, device_id, given, "
            f"min(time) AS first, max(time) AS last FROM ({self.earlier}) "
            "WHERE device_id IN (SELECT device_id FROM fk_places) "
            "OR user_id IN (SELECT user_id FROM fk_places) GROUP BY ALL), "
            "ends AS (SELECT * EXCLUDE (first, last), unnest([first, last]) AS time FROM seen) "
            "SELECT row_number() OVER (ORDER BY time, user_id NULLS FIRST, given) "
            "- (1::BIGINT << 62) AS place, user_id, device_id, given FROM ends "
            "UNION ALL BY NAME SELECT place, user_id, device_id, given FROM fk_places"
        )
        return "fk_people"

    def _merges(self) -> int:
        """Create the table `fk_merges` of all merges; return how many lines of them were read."""
        parts = []
        given = "least(amplitude_id, merged_amplitude_id) >= 0"  # others are found anew
        if self.state.merges_path is not None:
            kept = self._read([self.state.merges_path])
            parts.append(
                f"SELECT amplitude_id, merged_amplitude_id, merge_time FROM {kept} WHERE {given}"
            )
        read = 0
        if self.merge_runs:
            number = "CAST(regexp_extract(filename, 'run-([0-9]+)', 1) AS BIGINT)"
            rows = (
                f"(SELECT *, ({number} << 32) + file_row_number AS fk_arrival "
                f"FROM {self._read([run.path for run in self.merge_runs], names=True)})"
            )
            wanted = "fk_problem IS NULL AND fk_arrival NOT IN (FROM fk_forgotten)"
            read = self.one(f"SELECT count(*) FROM {rows} WHERE {wanted}")
            parts.append(
                "SELECT amplitude_id, merged_amplitude_id, merge_time "
                f"FROM {rows} WHERE {wanted} AND {given}"
            )
        if self._table_exists("fk_joined"):
            parts.append(
                "SELECT amplitude_id, merged_amplitude_id, NULL::TIMESTAMP AS merge_time "
                "FROM fk_joined"
            )
        every = " UNION ".join(parts) or (
            "SELECT 0::BIGINT AS amplitude_id, 0::BIGINT AS merged_amplitude_id, "
            "NULL::TIMESTAMP AS merge_time WHERE false"
        )
        self.run(f"CREATE TEMP TABLE fk_merges AS {every}")
        follow(self.connection, "fk_merges")
        return read

    def _table_exists(self, name: str) -> bool:
        found = self.connection.execute(
            "SELECT count(*) FROM duckdb_tables() WHERE table_name = $name AND temporary",
            {"name": name},
        ).fetchall()
        return bool(found[0][0])

    def _copy(self, target: Path, *, with_ids: bool) -> None:
        """Write all events in the order of (amplitude_id, event_time)."""
        names = [name for name in EXPORT if self.has(name)]
        names += [n for n in self.types if n not in EXPORT and n not in _HIDDEN and n != ARRIVAL]
        if with_ids and "amplitude_id" not in names:
            names.insert(min(1, len(names)), "amplitude_id")
        columns = [quote_identifier(name) for name in names]
        events = "fk_kept"
        if with_ids:
            own = names.index("amplitude_id")
            columns[own] = f"coalesce({self.given()}, fk_ids.id) AS amplitude_id"
            columns = [c if " AS " in c else f"fk_kept.{c}" for c in columns]
            columns.append(f"fk_places.place AS {ARRIVAL}")
            events = (
                "fk_kept JOIN fk_places USING (fk_arrival) "
                "LEFT JOIN fk_ids ON fk_ids.place = fk_places.place"
            )
        order = (
            f"ORDER BY {quote_identifier('amplitude_id') if 'amplitude_id' in names else '1'}, "
            f"event_time, {'event_id, ' if self.has('event_id') else ''}fk_arrival"
        )
        alone = not with_ids and self.state.events_path is None
        if alone and can_gather(self.runs, self.held, names):
            found = self.connection.sql(f"SELECT fk_arrival FROM fk_kept {order}")
            arrivals = found.to_arrow_table()["fk_arrival"]
            gather(self.runs, self.held, arrivals, names, target)
            return
        self._let_go()
        self.run(
            f"COPY (SELECT {', '.join(columns)} FROM {events} {order}) TO $target (FORMAT parquet)",
            target=str(target),
        )

    def _keep(self, name: str, table: str) -> str | None:
        """Write a side table, and return the name of its file; None if it is empty."""
        if not self.one(f"SELECT count(*) FROM {table}"):
            return None
        file = f"{name}-{self.suffix}"
        unfinished = self.work / file
        self.run(
            f"COPY (FROM {table} ORDER BY ALL) TO $target (FORMAT parquet)", target=str(unfinished)
        )
        unfinished.replace(self.state.beside / file)
        return file


def _as_json(columns: Sequence[str]) -> str:
    """Return the SQL that makes JSON of some columns of a `SELECT *`."""
    if not columns:
        return ""
    named = [quote_identifier(column) for column in columns]
    changed = ", ".join(f"CASE WHEN {n} IS NOT NULL THEN to_json({n}) END AS {n}" for n in named)
    return f" REPLACE ({changed})"
