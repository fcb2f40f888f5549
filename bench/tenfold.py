"""A store with ten times the events of another one: of 20 million it makes 200 million.

To import so many takes hours on two processors. Here each file is written anew with ten copies of
its events, one after the other, each for users of its own: ids differ by the prime of `bucket_of`,
so every user stays in the bucket, and the files in their order. The log says what is in them.
"""

from __future__ import annotations

import json
import shutil
import sys
from typing import TYPE_CHECKING

import duckdb
from generate import events_argument, folder
from stored import files, store

from funnelkit.events.store.layout import PRIME, ROW_GROUP

if TYPE_CHECKING:
    from pathlib import Path

TIMES = 10


def tenfold(events: int) -> Path:
    """Return the store with ten times the events; it is made if it is not there."""
    source, made = store(events).path, folder() / f"store_{events * TIMES}"
    if made.exists():
        return made
    unfinished = made.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    shutil.copytree(source, unfinished, ignore=shutil.ignore_patterns("selections"))
    print(f"writing {events * TIMES:,} events to {made}", file=sys.stderr)
    for file in sorted(unfinished.glob("month=*/bucket=*/*.parquet")):
        _write_copies(file)
    for commit in (unfinished / "_delta_log").glob("*.json"):
        lines = [
            _of_copies(json.loads(line), unfinished) for line in commit.read_text().splitlines()
        ]
        commit.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    unfinished.rename(made)
    return made


def _write_copies(file: Path) -> None:
    copies = " UNION ALL ".join(
        f"SELECT * REPLACE (amplitude_id + {copy * PRIME} AS amplitude_id) "  # noqa: S608
        f"FROM read_parquet('{file}', hive_partitioning = false)"
        for copy in range(TIMES)
    )
    written = file.with_suffix(".new")
    duckdb.execute(
        f"COPY ({copies}) TO '{written}' "
        f"(FORMAT parquet, PARQUET_VERSION V2, ROW_GROUP_SIZE {ROW_GROUP})"
    )
    written.replace(file)


def _of_copies(action: dict[str, dict[str, object]], made: Path) -> dict[str, dict[str, object]]:
    """Return an action of the log as it is with ten times the events."""
    if "add" not in action:
        return action
    added = action["add"]
    said = json.loads(str(added["stats"]))
    said["numRecords"] *= TIMES
    said["nullCount"] = {name: count * TIMES for name, count in said["nullCount"].items()}
    size = (made / str(added["path"])).stat().st_size
    return {"add": {**added, "stats": json.dumps(said), "size": size}}


if __name__ == "__main__":
    size = events_argument(__doc__).parse_args().events
    made = tenfold(size)
    print(made, len(files(store(size * TIMES))), "files")
