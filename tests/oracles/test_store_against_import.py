"""A store that grows import by import keeps the events and users of one import of everything."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import funnelkit as fk
from funnelkit.events.connection import connect
from funnelkit.events.sources import open_events
from funnelkit.events.sql import Parameters

pytest.importorskip("deltalake")

EXAMPLES = int(os.environ.get("FUNNELKIT_FUZZ", "20"))
NO_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)  # an import takes long
START = datetime(2026, 4, 3, tzinfo=UTC)
HAPPENED = "2026-04-10 00:00:00.000000"

events = st.fixed_dictionaries(
    {
        "who": st.integers(0, 2),
        "app": st.sampled_from([None, "1", "2"]),
        "insert_id": st.sampled_from([None, "i", "j"]),
        "uuid": st.sampled_from([None, None, None, "k", "l", "m"]),
        "device": st.booleans(),
        "clock": st.sampled_from(["server_received_time", "server_upload_time", None]),
        "days": st.sampled_from([0, 1, 6, 7, 7.5, 8, 13, 14, 15]),
    }
)


def line(number: int, one: dict[str, object]) -> dict[str, object]:
    """Return an event as Amplitude exports it; one of three users, known by device or by name."""
    received = START + timedelta(days=float(one["days"]))  # type: ignore[arg-type]
    found = {
        "event_type": "A",
        "amplitude_id": one["who"],
        "user_id": f"user {one['who']}",
        "event_time": HAPPENED if one["clock"] else written(received),
        "event_properties": {"number": number},
        "app": one["app"],
        "$insert_id": one["insert_id"],
        "uuid": one["uuid"] and f"{one['uuid']} of {one['who']}",
    }
    if one["device"]:
        found["device_id"] = f"device {one['who']}"
    if one["clock"]:
        found[str(one["clock"])] = written(received)
    return {name: value for name, value in found.items() if value is not None}


def written(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")


def numbers(folder: Path, *, store: bool) -> list[int]:
    if store:
        table = fk.store(folder).open()
        found = pl.concat([pl.read_parquet(file) for file in table.files], how="diagonal_relaxed")
        return sorted(found["event_properties"].struct.field("number").to_list())
    found = pl.read_parquet(folder / "*.parquet")
    return sorted(json.loads(text)["number"] for text in found["event_properties"])


@settings(
    max_examples=EXAMPLES,
    phases=NO_SHRINKING,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(
    some=st.lists(events, min_size=2, max_size=12), cuts=st.lists(st.integers(1, 11), max_size=3)
)
def test_imports_in_the_order_of_receipt_keep_what_one_import_keeps(some, cuts):
    rows = [line(n, one) for n, one in enumerate(sorted(some, key=lambda one: one["days"]))]
    bounds = sorted({0, len(rows), *(cut for cut in cuts if cut < len(rows))})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sources = []
        for first, past in pairwise(bounds):
            sources.append(folder / f"{first:03}.jsonl")
            sources[-1].write_text("\n".join(map(json.dumps, rows[first:past])), "utf-8")
        fk.import_events([str(source) for source in sources], str(folder / "all"))
        for source in sources:
            fk.import_events([str(source)], store=str(folder / "store"), buckets=2)
        kept = numbers(folder / "all", store=False)
        assert numbers(folder / "store", store=True) == kept


def users(folder: Path) -> set[frozenset[str]]:
    """Return the events of each user, by their uuids."""
    with open_events(folder) as table:
        bind = Parameters()
        with closing(connect()) as connection:
            sql = f"SELECT amplitude_id, list(uuid) FROM {table.relation(bind)} GROUP BY 1"
            found = connection.execute(sql, bind.used_in(sql)).fetchall()
    return {frozenset(each) for _, each in found}


seen = st.fixed_dictionaries(
    {
        "event_type": st.sampled_from("AB"),
        "hour": st.integers(0, 9),
        "device_id": st.sampled_from([None, "d", "e"]),
        "user_id": st.sampled_from([None, None, "u", "v"]),
    }
)


@settings(
    max_examples=EXAMPLES,
    phases=NO_SHRINKING,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(some=st.lists(seen, min_size=2, max_size=8), cuts=st.lists(st.integers(1, 7), max_size=3))
def test_imports_in_the_order_of_receipt_know_the_users_that_one_import_knows(some, cuts):
    rows = [
        {
            "event_type": one["event_type"],
            "event_time": written(START + timedelta(hours=one["hour"])),  # in any order
            "server_received_time": written(START + timedelta(days=1, seconds=n)),
            "uuid": f"uuid-{n}",
            "device_id": one["device_id"] or (None if one["user_id"] else "d"),
            "user_id": one["user_id"],
        }
        for n, one in enumerate(some)
    ]
    bounds = sorted({0, len(rows), *(cut for cut in cuts if cut < len(rows))})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sources = []
        for first, past in pairwise(bounds):
            sources.append(folder / f"{first:03}.jsonl")
            sources[-1].write_text("\n".join(map(json.dumps, rows[first:past])), "utf-8")
        fk.import_events([str(source) for source in sources], str(folder / "all"))
        for source in sources:
            fk.import_events([str(source)], store=str(folder / "store"), buckets=2)
        assert users(folder / "store") == users(folder / "all")


def imported(tmp_path: Path, *files: list[dict[str, object]], **options: str) -> list[int]:
    """Import files into a store, one after the other; return the numbers of the events in it."""
    tmp_path.mkdir(exist_ok=True)
    number = 0
    for place, rows in enumerate(files):
        lines = []
        for row in rows:
            lines.append(line(number, {**PLAIN, **row}))
            number += 1
        source = tmp_path / f"{place}.jsonl"
        source.write_text("\n".join(map(json.dumps, lines)), "utf-8")
        fk.import_events([str(source)], store=str(tmp_path / "store"), buckets=2, **options)
    return numbers(tmp_path / "store", store=True)


PLAIN = {
    "who": 0, "app": "1", "insert_id": "i", "uuid": None, "device": True,
    "clock": "server_received_time", "days": 0,
}  # fmt: skip


def test_an_insert_id_that_comes_again_after_more_than_seven_days_is_another_event(tmp_path):
    assert imported(tmp_path, [{"days": 0}], [{"days": 8}]) == [0, 1]


def test_the_clock_of_the_events_may_be_chosen_for_a_store_too(tmp_path):
    files = [{"days": 0}], [{"days": 8}]
    assert imported(tmp_path, *files, insert_id_clock="event") == [0]


def test_another_project_and_another_device_have_insert_ids_of_their_own(tmp_path):
    files = [{}], [{"app": "2"}], [{"device": False}], [{"device": False, "days": 1}]
    assert imported(tmp_path, *files) == [0, 1, 2]


def test_a_copy_that_was_received_before_the_stored_event_is_a_copy_all_the_same(tmp_path):
    assert imported(tmp_path, [{"days": 6}], [{"days": 0}]) == [0]
    # What is stored stays, so the seven days are counted from it.
    assert imported(tmp_path / "more", [{"days": 6}], [{"days": 0}, {"days": 13}]) == [0]


def test_a_copy_does_not_prolong_the_seven_days_of_the_stored_event(tmp_path):
    assert imported(tmp_path, [{"days": 0}], [{"days": 6}], [{"days": 8}]) == [0, 2]
