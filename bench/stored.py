"""The same events as an event store of funnelkit and as tables of ClickHouse, made once and kept.

The store is imported from the Parquet file in the order of users by `funnelkit.import_events`, as
`funnelkit import FILE --store DIR` does; so it has the columns, the buckets and the files that any
store has.
"""

from __future__ import annotations

import shutil
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

from generate import Dataset, by_user, events_argument, folder

if TYPE_CHECKING:
    from pathlib import Path

TABLES = {"as_text": "String", "as_numbers": "LowCardinality(String)"}
"""The tables by name, and the type of the event type in each."""


FIRST_TIME = "store, first time"
"""The store without what reports keep of it: as if each were the first that selects this."""


def store(events: int, *, kept: bool = True) -> Dataset:
    """Return the event store; without `kept` no report finds what another one selected."""
    name = "store" if kept else FIRST_TIME
    data = Dataset(name, folder() / f"store_{events}", "amplitude_id", kept)
    if not data.path.exists():
        import funnelkit as fk

        source = by_user(events).path
        print(f"importing {source} into {data.path}", file=sys.stderr)
        unfinished = data.path.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        fk.import_events(source, store=unfinished)
        unfinished.rename(data.path)
    return data


def files(data: Dataset) -> list[Path]:
    """Return the files of events of a store: a month and a bucket of users each."""
    return sorted(data.path.glob("month=*/bucket=*/*.parquet"))


@cache
def clickhouse(events: int) -> Any:
    """Return a session of ClickHouse, whose tables are in the order of (user, time).

    A process can have one session only. The tables are made if they are not there; each is merged
    into one part, which is as good as it gets.
    """
    from chdb.session import Session

    kept = folder() / f"clickhouse_{events}"
    session = Session(str(kept))
    done = kept / "done"
    if not done.exists():
        source = by_user(events).path
        print(f"inserting {source} into {kept}", file=sys.stderr)
        for table, text in TABLES.items():
            session.query(f"DROP TABLE IF EXISTS {table} SYNC")
            session.query(
                f"CREATE TABLE {table} (amplitude_id Int64, event_time DateTime64(6), event_type "
                f"{text}, category {text}, feature {text}) "
                "ENGINE = MergeTree ORDER BY (amplitude_id, event_time)"
            )
            session.query(
                f"INSERT INTO {table} SELECT amplitude_id, event_time, event_type, "  # noqa: S608
                "event_properties.category, event_properties.feature "
                f"FROM file('{source}', Parquet)"
            )
            session.query(f"OPTIMIZE TABLE {table} FINAL")
        done.touch()
    return session


if __name__ == "__main__":
    size = events_argument(__doc__).parse_args().events
    print(store(size).path)
    clickhouse(size)
