"""The events that the benchmarks read: two Parquet files with the same events.

`by_user` is ordered by an integer user key, then time, as the event store keeps them;
`by_time` is ordered by time and knows its users by a text of 32 characters, as plain Parquet
often comes. Three quarters of the events are steps of the funnel. Users come in sessions over
30 days; a few have very many events. No user has two events in one second, so that every engine
gives the same answer, whatever it thinks of ties.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

STEPS = ("ProductViewed", "ProductAdded", "CheckoutStarted", "OrderCompleted")
OTHERS = ("ProductSearched", "CartViewed", "CollectionViewed", "Identify")
SHARES = (0.45, 0.15, 0.09, 0.06, 0.08, 0.08, 0.06, 0.03)
FEATURES = ("home_product_recs", "product_detail_related", "search_results", "collection", "")
CATEGORIES = ("apparel", "beauty", "books", "electronics", "footwear", "furniture", "tools")

EVENTS_PER_USER = 20
EVENTS_PER_SESSION = 8
SECONDS_BETWEEN_EVENTS = 45
DAYS = 30
START = 1_767_225_600  # 2026-01-01, in seconds since 1970
CHUNK = 1_000_000
ROW_GROUP = 122_880
SEED = 20_260_101


@dataclass(frozen=True, slots=True)
class Dataset:
    """Where events are, and the column that says who; `kept` may selections of a store be."""

    name: str
    path: Path
    user: str
    kept: bool = True


def folder() -> Path:
    """Return where everything that is generated is kept: `BENCH_DIR`, or build/bench."""
    kept = Path(os.environ.get("BENCH_DIR", Path(__file__).parent.parent / "build" / "bench"))
    kept.mkdir(parents=True, exist_ok=True)
    return kept.absolute()


def by_user(events: int) -> Dataset:
    """Return the file in the order of an integer key, written once and kept."""
    data = Dataset("Parquet by key", folder() / f"by_user_{events}.parquet", "amplitude_id")
    if not data.path.exists():
        write_by_user(data.path, events)
    return data


def by_time(events: int) -> Dataset:
    """Return the file in the order of time, written once and kept."""
    data = Dataset("Parquet by time", folder() / f"by_time_{events}.parquet", "user_id")
    if not data.path.exists():
        write_by_time(data.path, by_user(events).path)
    return data


def write_by_user(path: Path, events: int) -> None:
    """Write the events chunk by chunk, so that memory does not grow with their number."""
    import numpy as np
    import pyarrow.parquet as pq

    print(f"writing {events:,} events to {path}", file=sys.stderr)
    random = np.random.default_rng(SEED)
    unfinished = path.with_suffix(".unfinished")
    users = max(events // EVENTS_PER_USER, 1)
    chunks = -(-events // CHUNK)
    first = chunk(random, 0, users // chunks)
    with pq.ParquetWriter(unfinished, first.schema) as writer:
        writer.write_table(first, row_group_size=ROW_GROUP)
        for number in range(1, chunks):
            start, end = users * number // chunks, users * (number + 1) // chunks
            writer.write_table(chunk(random, start, end), row_group_size=ROW_GROUP)
    unfinished.rename(path)


def chunk(random: np.random.Generator, first_user: int, end_user: int) -> pa.Table:
    """Return the events of the users in [first_user, end_user), ordered by user and time."""
    import numpy as np
    import pyarrow as pa

    skewed = random.lognormal(mean=-0.5, sigma=1.0, size=end_user - first_user)
    per_user = np.maximum(1, np.rint(skewed * EVENTS_PER_USER)).astype(np.int64)
    user = np.repeat(np.arange(per_user.size), per_user)
    events = user.size
    starts = np.repeat(np.cumsum(per_user) - per_user, per_user)
    place = np.arange(events) - starts

    new_session = (place == 0) | (random.random(events) < 1 / EVENTS_PER_SESSION)
    session = np.cumsum(new_session) - 1
    begins = random.integers(0, DAYS * 86_400, size=session[-1] + 1)
    gaps = random.exponential(SECONDS_BETWEEN_EVENTS, size=events)
    passed = np.cumsum(gaps)
    passed -= passed[np.flatnonzero(new_session)][session]
    second = begins[session] + passed.astype(np.int64)

    second = second[np.lexsort((second, user))]
    # One event a second and user: each comes at least a second after the one before it.
    apart = np.maximum.accumulate((user << 32) + second - place) + place - (user << 32)
    microseconds = (START + apart) * 1_000_000 + random.integers(0, 1_000_000, size=events)

    names = pa.array(STEPS + OTHERS)
    kind = random.choice(len(names), size=events, p=SHARES).astype(np.int8)
    feature = random.integers(0, len(FEATURES), size=events, dtype=np.int8)
    category = random.integers(0, len(CATEGORIES), size=events, dtype=np.int8)
    price = random.integers(500, 20_000, size=events) / 100
    properties = pa.StructArray.from_arrays(
        [
            pa.DictionaryArray.from_arrays(feature, pa.array(FEATURES)).dictionary_decode(),
            pa.DictionaryArray.from_arrays(category, pa.array(CATEGORIES)).dictionary_decode(),
            pa.array(price),
        ],
        ["feature", "category", "price"],
    )
    return pa.table({
        "amplitude_id": pa.array(user + first_user + 1),
        "event_type": pa.DictionaryArray.from_arrays(kind, names).dictionary_decode(),
        "event_time": pa.array(microseconds, pa.timestamp("us")),
        "event_properties": properties,
    })  # fmt: skip


def write_by_time(path: Path, by_user: Path) -> None:
    """Write the same events in the order of time; DuckDB sorts what does not fit in memory."""
    import duckdb

    print(f"writing the same events to {path}", file=sys.stderr)
    unfinished = path.with_suffix(".unfinished")
    spill = path.with_suffix(".spill")
    with duckdb.connect(config={"memory_limit": "4GB", "temp_directory": str(spill)}) as connection:
        connection.execute(
            f"COPY (SELECT md5(amplitude_id::VARCHAR) AS user_id, * EXCLUDE (amplitude_id)"  # noqa: S608
            f" FROM read_parquet('{by_user}') ORDER BY event_time)"
            f" TO '{unfinished}' (FORMAT parquet, ROW_GROUP_SIZE {ROW_GROUP})"
        ).fetchall()
    unfinished.rename(path)


def events_argument(description: str | None) -> argparse.ArgumentParser:
    """Return a parser of the one option that all benchmarks share."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument(
        "--events",
        type=int,
        default=int(os.environ.get("EVENTS", "20000000")),
        help="how many events to generate, about (default: EVENTS, or 20000000)",
    )
    return parser


if __name__ == "__main__":
    size = events_argument(__doc__).parse_args().events
    for made in (by_user(size), by_time(size)):
        print(f"{made.path}  {made.path.stat().st_size / 2**20:.0f} MiB")
