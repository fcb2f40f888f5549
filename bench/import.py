"""How fast an export of Amplitude is imported beside DuckDB's own `read_json`, and in what memory.

Both read the same file, in turns; `read_json` makes a table in memory of what it finds, the import
checks each line, drops copies, orders the events and writes Parquet. Ratios count. The memory is
the peak of a process of its own that imports all parts at once.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from functools import partial
from pathlib import Path

from generate import events_argument, folder
from memory import in_own_process, peak
from turns import Contender, Target, take_turns

SPEED = Target(least=0.5)
"""The speed of the import over that of `read_json`."""
MEMORY = Target(most=2048)
"""In MiB."""
PART = 400_000
"""Events of a part; each is about 1.6 kB of JSON."""

LINE = """
    187520 AS app, 100000000000 + 7919 * (hash(i, 1) % {users}) AS amplitude_id,
    CASE WHEN hash(i, 1) % 3 > 0 THEN 'user-' || hash(i, 1) % {users} END AS user_id,
    md5((hash(i, 1) % {users})::VARCHAR) AS device_id,
    (['ProductViewed', 'ProductAdded', 'CheckoutStarted', 'OrderCompleted'])
        [1 + (hash(i, 2) % 4)::BIGINT] AS event_type,
    NULL AS amplitude_event_type, i AS event_id, md5('u' || i) AS uuid,
    md5('i' || i) AS "$insert_id",
    strftime(moment, '%Y-%m-%d %H:%M:%S.%f') AS event_time, event_time AS client_event_time,
    event_time AS client_upload_time, event_time AS server_received_time,
    event_time AS server_upload_time, event_time AS processed_time,
    1600000000000 + i AS session_id,
    {{'feature': 'home_product_recs', 'price': (hash(i, 3) % 10000) / 100,
      'product': 'p' || hash(i, 4) % 1000, 'tags': ['a', 'b']}} AS event_properties,
    {{'plan': 'gold', 'age': 33, 'traits': {{'persona': 'x_y_z'}}}} AS user_properties,
    MAP {{}} AS groups, MAP {{}} AS group_properties, MAP {{}} AS global_user_properties,
    {{'path': '/2/httpapi', 'first_event': false}} AS data,
    'Web' AS platform, 'Chrome' AS os_name, '120' AS os_version, 'Mac' AS device_family,
    'Mac' AS device_type, NULL AS device_carrier, NULL AS device_brand,
    NULL AS device_manufacturer, NULL AS device_model, NULL AS version_name,
    NULL AS start_version, 'English' AS language, 'amplitude-js/8.1' AS library,
    'Germany' AS country, 'Berlin' AS region, 'Berlin' AS city, NULL AS dma,
    '192.0.2.1' AS ip_address, NULL AS location_lat, NULL AS location_lng, NULL AS paying,
    NULL AS amplitude_attribution_ids, false AS is_attribution_event, NULL AS adid, NULL AS idfa,
    NULL AS sample_rate, 12 AS "$schema", 'event' AS data_type, NULL AS partner_id,
    MAP {{}} AS plan,
    event_time AS user_creation_time
"""


def export(events: int, *, ending: str) -> list[Path]:
    """Return the parts of an export of about this many events, written once and kept."""
    import duckdb

    kept = folder() / f"export_{events}"
    kept.mkdir(exist_ok=True)
    parts = []
    for number in range(max(1, events // PART)):
        part = kept / f"187520_2026-01-01_{number}#1.{ending}"
        parts.append(part)
        if part.exists():
            continue
        unfinished = part.with_suffix(".unfinished")
        first = number * PART
        moment = "make_timestamp(1767225600000000 + (hash(i, 5) % 2592000000000)::BIGINT)"
        rows = f"SELECT i, {moment} AS moment FROM range({first}, {first + PART}) AS t(i)"  # noqa: S608
        line = LINE.format(users=max(1, events // 20))
        packed = "gzip" if ending.endswith("gz") else "uncompressed"
        duckdb.sql(
            f"COPY (SELECT {line} FROM ({rows})) TO '{unfinished}'"  # noqa: S608 - our own names
            f" (FORMAT json, COMPRESSION {packed})"
        )
        unfinished.rename(part)
    return parts


def read_json(parts: list[Path]) -> None:
    """Read the parts into a table, as DuckDB does by itself."""
    import duckdb

    with duckdb.connect() as connection:
        files = [str(part) for part in parts]
        connection.execute(
            "CREATE TABLE events AS FROM read_json($files)", {"files": files}
        ).fetchall()


def imported(parts: list[Path]) -> None:
    """Import the parts into a new folder."""
    import funnelkit as fk

    target = tempfile.mkdtemp(prefix="bench-import-", dir=parts[0].parent)
    try:
        fk.import_events(parts, Path(target, "events"))
    finally:
        shutil.rmtree(target)


def compare(title: str, parts: list[Path], rounds: int) -> bool:
    """Print how fast both are; return whether the import is fast enough."""
    reading, importing = take_turns(
        [
            Contender("DuckDB's read_json", title, partial(read_json, parts)),
            Contender("funnelkit import", title, partial(imported, parts)),
        ],
        rounds,
    )
    size = sum(part.stat().st_size for part in parts)
    speed = reading.over(importing)
    print(f"\n{title}, {len(parts)} file ({size / 2**20:,.0f} MiB)")
    for times in (reading, importing):
        name = times.contender.name
        print(f"  {name:20} {times.seconds:6.2f} s, {times.cpu_seconds:6.2f} s of CPU")
    print(
        f"  speed of the import  {speed:6.2f} of read_json's  {SPEED.verdict(speed)}; "
        f"by the CPU {reading.cpu_over(importing):.2f}",
        flush=True,
    )
    return SPEED.kept_by(speed)


def peak_of_import(parts: list[Path]) -> int:
    """Import the parts; return the peak of this process in bytes."""
    imported(parts)
    return peak()


def measure(parts: list[Path]) -> bool:
    """Print the peak of a process that imports; return whether it is low enough."""
    taken = round(in_own_process(peak_of_import, parts) / 2**20)
    print(f"\nMemory: {taken:,} MiB  {MEMORY.verdict(taken)}")
    return MEMORY.kept_by(taken)


def main() -> int:
    """Compare on packed and on plain lines, then measure; return 1 if a target is missed."""
    parser = events_argument(__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="how often each runs (default: 3)")
    chosen = parser.parse_args()
    few = min(chosen.events, PART)
    reached = [
        compare("As exported (.json.gz)", export(few, ending="json.gz")[:1], chosen.rounds),
        compare("Unpacked (.json)", export(few, ending="json")[:1], chosen.rounds),
        measure(export(min(chosen.events, 5 * PART), ending="json.gz")),
    ]
    return 0 if all(reached) else 1


if __name__ == "__main__":
    sys.exit(main())
