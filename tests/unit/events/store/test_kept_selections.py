"""What a report selects from a store is kept, and the next report that selects it is the same."""

import errno
import os
import resource
from contextlib import suppress
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

import funnelkit as fk
from funnelkit.cli.run import run
from funnelkit.engine import select, selections, stream
from funnelkit.events.store import selections as folder_of_selections
from funnelkit.events.store.compaction import compact
from funnelkit.events.store.forgetting import forget
from funnelkit.events.store.place import NO_CACHE
from funnelkit.events.store.vacuum import vacuum

STEPS = "A > B"
BUCKETS = 4


@pytest.fixture(autouse=True)
def everything_is_large(monkeypatch):
    """Only large inputs are worth to be kept."""
    monkeypatch.setattr(select, "SMALL", -1)
    monkeypatch.delenv(NO_CACHE, raising=False)


def write(path, *, users=200, late=()):
    """Each user does A, then B a minute later, but for users that 3 divides; `late` do B anyway."""
    rows = [
        {
            "amplitude_id": user,
            "user_id": f"u{user}",
            "event_type": kind,
            "event_time": f"2026-04-01 10:{minute:02}:00",
            "page": "ab"[user % 2],
        }
        for user in range(1, users + 1)
        for kind, minute in (("A", 0), ("B", 1))
        if kind == "A" or user % 3
    ]
    rows += [
        {
            "amplitude_id": user,
            "user_id": f"u{user}",
            "event_type": "B",
            "event_time": "2026-04-01 10:30:00",
            "page": "a",
        }
        for user in late
    ]
    pl.DataFrame(rows).write_parquet(path)
    return path


@pytest.fixture
def store(tmp_path):
    fk.import_events(write(tmp_path / "events.parquet"), store=tmp_path / "store", buckets=BUCKETS)
    return tmp_path / "store"


@pytest.fixture
def reads(monkeypatch):
    """The queries that were sent to DuckDB, one per bucket that is not kept."""
    sent = []
    batches = stream.Stream.batches

    def counted(self):
        sent.append(self.query.sql)
        return batches(self)

    monkeypatch.setattr(stream.Stream, "batches", counted)
    return sent


def kept(store):
    return folder_of_selections.kept_selections(store)


def counts(store, **asked):
    return fk.report(store, **({"steps": STEPS} | asked)).counts


def test_the_second_report_reads_no_event(store, reads):
    assert counts(store) == (200, 134)
    assert len(reads) == len(kept(store)) == BUCKETS
    assert counts(store) == (200, 134)
    assert len(reads) == BUCKETS


def test_info_says_how_much_room_it_takes(store, capsys):
    assert run(["store", "info", str(store)]) == 0
    assert "kept" not in capsys.readouterr().out
    counts(store)
    size = sum(file.stat().st_size for file in kept(store))
    assert fk.api.store_info(store).to_dict()["kept_bytes"] == size > 0
    assert run(["store", "info", str(store)]) == 0
    assert "kept     " in capsys.readouterr().out


def test_another_window_interval_or_order_of_output_selects_the_same(store, reads):
    first = counts(store, window="1h", interval="day")
    assert counts(store, window="30s") == (200, 0)
    assert counts(store, window="1h", interval="hour", time_to_convert=True) == first
    assert len(reads) == BUCKETS


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ({"steps": "B > A"}, (134, 0)),
        ({"where": "page = 'a'"}, (100, 67)),
        ({"to": "2026-03-31"}, (0, 0)),
        ({"segment": "odd: page = 'b'"}, (100, 67)),
        ({"unit": "session"}, (200, 134)),
    ],
    ids=str,
)
def test_another_selection_is_not_taken_for_the_one_that_is_kept(store, asked, wanted):
    assert counts(store) == (200, 134)
    for _ in range(2):
        assert counts(store, **asked) == wanted


def test_groups_and_users_without_an_id_are_the_same_from_what_is_kept(store, tmp_path):
    anonymous = pl.DataFrame(
        {
            "amplitude_id": [901, 902],
            "user_id": [None, "u902"],
            "event_type": ["A", "A"],
            "event_time": ["2026-04-01 10:00:00"] * 2,
        }
    )
    anonymous.write_parquet(tmp_path / "more.parquet")
    fk.import_events(tmp_path / "more.parquet", store=store)

    def told():
        found = fk.report(store, steps=STEPS, group_by="page").to_dict()
        return found["segments"], found.get("warnings"), found.get("notes")

    assert told() == told()
    assert kept(store)


def test_after_an_import_only_the_buckets_with_new_events_are_read(store, tmp_path, reads):
    counts(store)
    fk.import_events(write(tmp_path / "late.parquet", users=0, late=[3]), store=store)
    del reads[:]
    assert counts(store) == (200, 135)
    assert len(reads) == 1
    assert counts(fk.store(store, version=1)) == (200, 134)
    assert len(reads) == 1


def test_a_merge_of_two_users_is_seen_although_their_files_are_the_same(store, tmp_path):
    assert counts(store) == counts(store) == (200, 134)
    said = '{"scope": 1, "merge_time": 1775100000000, "merge_server_time": 1775100000000'
    merge = f'{said}, "amplitude_id": 3, "merged_amplitude_id": 4}}\n'
    (tmp_path / "merges.jsonl").write_text(merge, "utf-8")
    fk.import_events(tmp_path / "merges.jsonl", store=store)
    for _ in range(2):
        assert counts(store) == (199, 134)


def test_compaction_changes_no_number_and_what_it_replaced_is_not_used(store, tmp_path):
    fk.import_events(write(tmp_path / "late.parquet", users=0, late=[3, 6]), store=store)
    before = counts(store)
    compact(store)
    assert counts(store) == counts(store) == before == (200, 136)


def test_forgetting_a_user_erases_what_was_kept(store):
    counts(store)
    forget(store, "u1")
    assert kept(store) == []
    assert counts(store) == counts(store) == (199, 133)


def test_a_report_that_ends_after_the_user_was_forgotten_keeps_nothing_of_him(store, monkeypatch):
    finish = selections._Unfinished.finish
    forgotten = []

    def late(self):
        if not forgotten:
            forgotten.append(forget(store, "u1"))
        finish(self)

    monkeypatch.setattr(selections._Unfinished, "finish", late)
    monkeypatch.setattr(stream, "processors", lambda: 1)
    with suppress(fk.DataError):  # the files of this version went away
        counts(store)
    (erased,) = forgotten
    held = [pa.ipc.open_file(file).read_all()["unit"].to_pylist() for file in kept(store)]
    assert erased.amplitude_ids == (1,)
    assert all(1 not in units for units in held)


def test_vacuum_erases_what_was_kept(store):
    counts(store)
    vacuum(store)
    assert kept(store) == []
    assert counts(store) == (200, 134)


@pytest.mark.parametrize("damage", ["cut short", "zeros", "emptied", "other text"])
def test_a_damaged_file_is_read_again_from_the_events(store, damage):
    first = counts(store)
    for file in kept(store):
        found = bytearray(file.read_bytes())
        if damage == "cut short":
            found = found[: len(found) // 2]
        elif damage == "zeros":
            reader = pa.ipc.open_file(file)
            us = reader.get_batch(0).column("rows").values.field("us").buffers()[1].to_pybytes()
            place = found.index(us)
            found[place : place + len(us)] = bytes(len(us))
        elif damage == "emptied":
            found = bytearray()
        else:
            found[:] = b"x" * len(found)
        file.write_bytes(found)
    assert counts(store) == first
    assert counts(store) == first


def test_a_store_that_cannot_be_written_is_read_all_the_same(store, monkeypatch):
    def refuse(*_args, **_options):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "mkdir", refuse)
    assert counts(store) == counts(store) == (200, 134)
    assert kept(store) == []


def test_a_disk_that_takes_no_more_is_no_error_and_nothing_is_left(store):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (700, before[1]))
    try:
        assert counts(store) == (200, 134)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert kept(store) == []


def test_what_was_not_used_for_longest_goes_first(store, monkeypatch):
    counts(store)
    for file in kept(store):
        os.utime(file, ns=(0, 0))
    old = set(kept(store))
    size = sum(file.stat().st_size for file in old)
    monkeypatch.setattr(folder_of_selections, "LEAST", size + size // 2)
    counts(store, where="page = 'a'")
    left = set(kept(store))
    assert sum(file.stat().st_size for file in left) <= size + size // 2
    assert len(left - old) == BUCKETS
    assert len(left & old) < BUCKETS


def test_nothing_is_kept_where_nobody_wants_it(store, monkeypatch, capsys):
    counts(fk.store(store, cache=False))
    assert run(["report", str(store), "--steps", STEPS, "--no-cache"]) == 0
    assert run(["report", "--store", str(store), "--steps", STEPS, "--no-cache"]) == 0
    monkeypatch.setenv(NO_CACHE, "1")
    counts(store)
    assert kept(store) == []
    monkeypatch.delenv(NO_CACHE)
    assert run(["report", "--store", str(store), "--steps", STEPS]) == 0
    assert len(kept(store)) == BUCKETS
    assert capsys.readouterr().out.count("67.0") >= 3
