"""What a report selects from a store is kept, and the next report that selects it is the same."""

import errno
import os
import resource
import time
from contextlib import suppress
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

import funnelkit as fk
from funnelkit.cli.run import run
from funnelkit.engine import select, selections, stream
from funnelkit.events.store import selections as folder_of_selections
from funnelkit.events.store import vacuum as vacuum_module
from funnelkit.events.store.compaction import compact
from funnelkit.events.store.forgetting import forget
from funnelkit.events.store.layout import bucket_of
from funnelkit.events.store.place import NO_CACHE
from funnelkit.events.store.vacuum import vacuum

STEPS = "A > B"
BUCKETS = 4
FIRST = 2
"""A user of the first bucket."""


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
            "price": 2.5,
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
            "price": 2.5,
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


def units_in(file):
    """Return the users in a file of a selection; in one that nobody has written to is nobody."""
    if not file.exists() or not file.stat().st_size:
        return []
    return pa.ipc.open_file(file).read_all()["unit"].to_pylist()


def forgotten_before(owner, method, store, monkeypatch):
    """Have a user of the first bucket forgotten before a method is called for the first time.

    Return what was said.
    """
    assert bucket_of(FIRST, BUCKETS) == 0
    called = getattr(owner, method)
    forgotten = []

    def late(self, *args):
        if not forgotten:
            forgotten.append(forget(store, f"u{FIRST}"))
        return called(self, *args)

    monkeypatch.setattr(owner, method, late)
    return forgotten


def test_a_report_that_ends_after_the_user_was_forgotten_keeps_nothing_of_him(store, monkeypatch):
    forgotten = forgotten_before(selections._Unfinished, "finish", store, monkeypatch)
    monkeypatch.setattr(stream, "processors", lambda: 1)
    with suppress(fk.DataError):  # the files of this version went away
        counts(store)
    (erased,) = forgotten
    assert erased.amplitude_ids == (FIRST,)
    assert all(FIRST not in units for units in map(units_in, kept(store)))


def test_a_report_that_is_killed_leaves_nothing_of_a_user_who_was_forgotten(store, monkeypatch):
    """It began its file afterwards; one that it had begun before would have been erased."""
    forgotten = forgotten_before(selections._Unfinished, "_open", store, monkeypatch)
    left = []

    def killed(self, _target):
        raise OSError(errno.EINTR, f"killed before {self} has its name")

    monkeypatch.setattr(Path, "replace", killed)
    monkeypatch.setattr(selections._Unfinished, "drop", lambda self: left.append(self.path))
    monkeypatch.setattr(stream, "processors", lambda: 1)
    with suppress(fk.DataError):
        counts(store)
    assert forgotten
    assert all(FIRST not in units for units in map(units_in, left))


def test_a_file_that_gets_its_name_while_a_user_is_forgotten_is_erased_too(store, monkeypatch):
    counts(store)
    (held, *_) = kept(store)
    unlink = Path.unlink

    def named_just_before(self, **options):
        if self.suffix == folder_of_selections.UNFINISHED and self.exists():
            self.rename(self.with_suffix(".arrow"))
        unlink(self, **options)

    held.rename(held.with_suffix(folder_of_selections.UNFINISHED))
    monkeypatch.setattr(Path, "unlink", named_just_before)
    forget(store, "u1")
    assert kept(store) == []


def test_what_a_killed_report_left_is_erased_by_a_report_an_hour_later(store):
    counts(store)
    folder = kept(store)[0].parent
    old, new = folder / "old.unfinished", folder / "new.unfinished"
    old.write_text("u1")
    new.write_text("of a report that is at work")
    an_hour_ago = time.time() - 3601
    os.utime(old, (an_hour_ago, an_hour_ago))
    counts(store)
    assert not old.exists()
    assert new.exists()


def test_a_vacuum_does_not_mind_a_report_that_erases_its_file_first(store, monkeypatch):
    counts(store)
    lost = vacuum_module._files

    def listed(folder):
        found = list(lost(folder))
        for file in kept(store):
            file.unlink()
        return found

    monkeypatch.setattr(vacuum_module, "_files", listed)
    assert vacuum(store).size == 0


def test_a_vacuum_leaves_the_folder_in_which_a_report_just_keeps_something(store, monkeypatch):
    counts(store)
    unlink = Path.unlink

    def and_keep(self, **options):
        unlink(self, **options)
        self.with_name("new.unfinished").write_text("of a report that is at work")

    monkeypatch.setattr(Path, "unlink", and_keep)
    vacuum(store)
    assert [file.name for file in kept(store)] == ["new.unfinished"]


def test_vacuum_erases_what_was_kept(store):
    counts(store)
    vacuum(store)
    assert kept(store) == []
    assert counts(store) == (200, 134)


@pytest.mark.parametrize("damage", ["cut short", "emptied", "other text"])
def test_a_damaged_file_is_read_again_from_the_events(store, damage):
    first = counts(store)
    for file in kept(store):
        found = bytearray(file.read_bytes())
        if damage == "cut short":
            found = found[: len(found) // 2]
        elif damage == "emptied":
            found = bytearray()
        else:
            found[:] = b"x" * len(found)
        file.write_bytes(found)
    assert counts(store) == first
    assert counts(store) == first


@pytest.mark.parametrize("column", ["unit", "us", "mask", "flags", "label", "amount"])
def test_zeros_that_a_power_failure_left_in_any_column_are_noticed(store, column):
    def told():
        asked = {"steps": STEPS, "group_by": "page", "sum": "price"}
        asked |= {"segment": ["odd: page = 'b'", "all: page != 'c'"]}
        return fk.report(store, **asked).to_dict()["segments"]

    first = told()
    for file in kept(store):
        batch = pa.ipc.open_file(file).get_batch(0)
        holder = (
            batch.column("unit") if column == "unit" else batch.column("rows").values.field(column)
        )
        values = holder.buffers()[1].to_pybytes()
        found = file.read_bytes()
        assert any(values)
        assert found.count(values) == 1
        file.write_bytes(found.replace(values, bytes(len(values))))
        reader = selections.Selection(file, (), 0).read()
        with pytest.raises(selections.NotKeptError):
            list(reader)
    assert told() == first


def test_a_file_that_lies_under_the_name_of_another_is_not_taken_for_it(store):
    first = counts(store)
    one, two, *_ = kept(store)
    one.write_bytes(two.read_bytes())
    assert counts(store) == first


def test_what_is_kept_is_used_where_nothing_can_be_written_any_more(store, reads, monkeypatch):
    first = counts(store)
    del reads[:]

    def refuse(*_args, **_options):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(os, "utime", refuse)
    assert counts(store) == first
    assert reads == []


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
    monkeypatch.setenv(NO_CACHE, "0")
    assert run(["report", "--store", str(store), "--steps", STEPS]) == 0
    assert len(kept(store)) == BUCKETS
    assert capsys.readouterr().out.count("67.0") >= 3
