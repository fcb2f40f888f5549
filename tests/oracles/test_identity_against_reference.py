"""Who did what, found by the import and by reading, against the rules told one by one."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_identity import persons, same_partition

import funnelkit as fk

USERS = st.sampled_from([None, None, "u1", "u2", "u3"])
DEVICES = st.sampled_from(["d1", "d2", "d3"])
IDS = st.tuples(USERS, DEVICES) | st.tuples(st.sampled_from(["u1", "u2"]), st.none())
EVENTS = st.lists(IDS, min_size=1, max_size=14)


def lines_of(events, *, received=None):
    """Return HTTP V2 lines; each is of a type of its own, so that a funnel can look for it."""
    lines = []
    for number, (user, device) in enumerate(events):
        line = {"event_type": f"E{number}", "time": 1_700_000_000_000 + 60_000 * number}
        line |= {"user_id": user, "device_id": device}
        if received is not None:
            moment = 1_800_000_000 + 60 * received[number]
            line["server_received_time"] = str(duckdb_time(moment))
        lines.append(json.dumps(line))
    return lines


def duckdb_time(seconds):
    from datetime import UTC, datetime

    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def imported_persons(*files, count):
    """Return who did E0, E1, … by what is in the folder after an import of the files."""
    with tempfile.TemporaryDirectory() as folder:
        for number, lines in enumerate(files):
            path = Path(folder, f"{number}.jsonl")
            path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
            fk.import_events(path, Path(folder, "events"))
        merges = {}
        for file in Path(folder, "events", "_import").glob("final-*.parquet"):
            merges = dict(duckdb.sql(f"FROM '{file}'").fetchall())
        rows = duckdb.sql(
            f"SELECT event_type, amplitude_id FROM '{folder}/events/*.parquet'"
        ).fetchall()
    found = {event_type: merges.get(person, person) for event_type, person in rows}
    return [found[f"E{number}"] for number in range(count)]


@settings(deadline=None, max_examples=60)
@given(EVENTS)
def test_an_import_finds_the_persons_of_the_rules(events):
    ours = imported_persons(lines_of(events), count=len(events))
    assert same_partition(ours, persons(events))


@settings(deadline=None, max_examples=25)
@given(EVENTS, st.data())
def test_the_order_of_arrival_counts_not_that_of_lines_or_imports(events, data):
    arrival = data.draw(st.permutations(range(len(events))))
    cut = data.draw(st.integers(0, len(events)))
    lines = lines_of(events, received=arrival)
    in_order = sorted(range(len(events)), key=lambda place: arrival[place])
    told = persons([events[place] for place in in_order])
    wanted = [told[in_order.index(place)] for place in range(len(events))]
    halves = [half for half in (lines[cut:], lines[:cut]) if half]
    assert same_partition(imported_persons(*halves, count=len(events)), wanted)


@settings(deadline=None, max_examples=25)
@given(EVENTS)
def test_reading_without_an_import_finds_the_same_pairs(events):
    told = persons(events)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "events.jsonl")
        path.write_text("".join(f"{line}\n" for line in lines_of(events)), "utf-8")
        for first, second in [(0, len(events) - 1), (0, len(events) // 2)]:
            if first < second:
                steps = [f"E{first}", f"E{second}"]
                assert fk.report(path, steps=steps).counts == (
                    1,
                    int(told[first] == told[second]),
                )
