"""The folder of events: it changes at once or not at all, and adding is what comes to mind."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import duckdb
import pytest

import funnelkit as fk
from funnelkit.errors import DataError, DefinitionError
from funnelkit.events.imported import read_imported


def write(path, *events):
    lines = [
        {"event_type": kind, "time": 1_700_000_000_000 + 1000 * at, "user_id": user, "insert_id": i}
        for kind, at, user, i in events
    ]
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")
    return path


def test_a_second_import_adds(tmp_path):
    fk.import_events(write(tmp_path / "a.jsonl", ("A", 1, "u", "1")), tmp_path / "events")
    second = fk.import_events(
        write(tmp_path / "b.jsonl", ("B", 2, "u", "2"), ("A", 1, "u", "1")), tmp_path / "events"
    )
    assert (second.events, second.duplicates, second.total) == (1, 1, 2)
    assert fk.report(tmp_path / "events", steps="A > B").counts == (1, 1)


def test_a_failed_import_leaves_everything_as_it_was(tmp_path):
    fk.import_events(write(tmp_path / "a.jsonl", ("A", 1, "u", "1")), tmp_path / "events")
    before = sorted((tmp_path / "events").rglob("*"))
    good = write(tmp_path / "b.jsonl", ("B", 2, "u", "2"))
    broken = tmp_path / "broken.json.gz"
    broken.write_bytes(b"\x1f\x8b\x08\x00damaged")
    with pytest.raises(DataError, match="broken"):
        fk.import_events([good, broken], tmp_path / "events")
    assert sorted((tmp_path / "events").rglob("*")) == before


SLOW_IMPORT = """
import sys, time
import funnelkit as fk
from funnelkit.events.importers.finish import Finish
copy = Finish._copy
def copy_and_wait(self, *arguments, **options):
    copy(self, *arguments, **options)
    print("everything is written but the state", flush=True)
    time.sleep(600)
Finish._copy = copy_and_wait
fk.import_events(sys.argv[1], sys.argv[2])
"""


def test_a_killed_import_leaves_the_events_as_they_were(tmp_path):
    folder = tmp_path / "events"
    fk.import_events(write(tmp_path / "a.jsonl", ("A", 1, "u", "1")), folder)
    state = (folder / "_import" / "state.json").read_bytes()
    more = write(tmp_path / "b.jsonl", ("A", 1, "v", "2"))
    arguments = [sys.executable, "-c", SLOW_IMPORT, str(more), str(folder)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as program:
        assert "written" in program.stdout.readline()
        program.kill()
    assert (folder / "_import" / "state.json").read_bytes() == state
    assert fk.report(folder, steps="A").counts == (1,)
    assert fk.import_events(more, folder).total == 2


def test_another_import_in_the_meantime_is_noticed(tmp_path, monkeypatch):
    from funnelkit.events.importers import run

    folder = tmp_path / "events"
    a = write(tmp_path / "a.jsonl", ("A", 1, "u", "1"))
    b = write(tmp_path / "b.jsonl", ("B", 1, "u", "2"))
    finish = run.Import.finish

    def overtaken(self, *arguments):
        monkeypatch.setattr(run.Import, "finish", finish)
        fk.import_events(b, folder)
        return finish(self, *arguments)

    monkeypatch.setattr(run.Import, "finish", overtaken)
    with pytest.raises(DataError, match="meanwhile"):
        fk.import_events(a, folder)
    assert fk.report(folder, steps="B").counts == (1,)


def test_files_that_do_not_belong_to_the_state_are_not_read(tmp_path):
    fk.import_events(write(tmp_path / "a.jsonl", ("A", 1, "u", "1")), tmp_path / "events")
    (events,) = (tmp_path / "events").glob("*.parquet")
    (tmp_path / "events" / "events-2.parquet").write_bytes(events.read_bytes())
    assert fk.report(tmp_path / "events", steps="A").counts == (1,)


@pytest.mark.parametrize("name", ["events.parquet", "file", "other"])
def test_only_a_folder_of_imported_events_is_written_to(name, tmp_path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").write_text("x")
    source = write(tmp_path / "a.jsonl", ("A", 1, "u", "1"))
    with pytest.raises(DefinitionError, match="folder"):
        fk.import_events(source, tmp_path / name)


def test_identify_calls_are_kept_and_counted_apart(tmp_path):
    source = write(tmp_path / "a.jsonl", ("A", 1, "u", "1"), ("$identify", 2, "u", "2"))
    result = fk.import_events(source, tmp_path / "events")
    assert (result.lines, result.events, result.identify_calls, result.total) == (2, 1, 1, 2)
    assert fk.report(tmp_path / "events", steps="_all").counts == (1,)
    assert result.notes == ()


def test_identify_calls_that_set_something_say_that_later_events_do_not_get_it(tmp_path):
    who = {"user_id": "u", "time": 1_700_000_000_000}
    lines = [
        {**who, "event_type": "$identify", "user_properties": {"$set": {"plan": "pro"}}},
        {**who, "event_type": "A", "insert_id": "1"},
        {**who, "event_type": "A", "insert_id": "2", "user_properties": {"plan": "free"}},
    ]
    source = tmp_path / "a.jsonl"
    source.write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")
    result = fk.import_events(source, tmp_path / "events")
    (note,) = result.notes
    assert note == (
        "1 call sets user properties, which later events do not get: a filter sees what an event "
        "itself was sent with"
    )
    plans = fk.report(tmp_path / "events", steps="A", group_by="user.plan").segments[0].groups
    assert {group.values for group in plans} == {("(none)",)}  # of the first of both


DAY = 86_400


@pytest.mark.parametrize(
    ("seconds", "device", "kept"),
    [
        (0, "d", 1), (7 * DAY, "d", 1), (7 * DAY + 1, "d", 2), (0, "e", 2),
    ],
)  # fmt: skip
@pytest.mark.parametrize("imported", [True, False])
def test_an_insert_id_is_a_copy_on_its_device_for_seven_days(
    seconds, device, kept, imported, tmp_path
):
    lines = [
        {"event_type": "A", "time": 1_700_000_000_000, "device_id": "d", "insert_id": "i"},
        {"event_type": "A", "time": 1_700_000_000_000 + 1000 * seconds, "device_id": device,
         "insert_id": "i"},
    ]  # fmt: skip
    source = tmp_path / "a.jsonl"
    source.write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")
    if imported:
        assert fk.import_events(source, tmp_path / "events").events == kept
    else:
        with fk_open(source) as table:
            assert table.rows == kept


def fk_open(source):
    from funnelkit.events.sources import open_events

    return open_events(source)


@pytest.mark.parametrize(("clock", "kept"), [("received", 1), ("event", 2)])
def test_the_seven_days_are_measured_by_receive_time_or_by_event_time(clock, kept, tmp_path):
    lines = [
        {"event_type": "A", "event_time": f"2024-01-{day} 10:00:00", "device_id": "d",
         "insert_id": "i", "server_received_time": f"2024-02-0{n} 10:00:00"}
        for n, day in [(1, "01"), (2, "20")]
    ]  # fmt: skip
    source = tmp_path / "a.jsonl"
    source.write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")
    result = fk.import_events(source, tmp_path / "events", insert_id_clock=clock)
    assert result.events == kept


def test_properties_arrive_as_they_are(tmp_path):
    properties = (
        '{"price":1,"Price":2,"big":9007199254740993,"day":"2024-01-01","none":{},'
        '"list":["x","y"],"text":"[\'x\', \'y\']","mixed":"1","null":null,"n":{"a":[1,{"b":true}]}}'
    )
    line = f'{{"event_type":"A","time":1,"user_id":"u","event_properties":{properties}}}'
    source = tmp_path / "a.jsonl"
    source.write_text(f"{line}\n{line.replace(chr(34) + '1' + chr(34), '1')}\n", "utf-8")
    fk.import_events(source, tmp_path / "events")
    rows = duckdb.sql(f"SELECT event_properties FROM '{tmp_path}/events/*.parquet'").fetchall()
    assert rows[0][0] == properties
    assert [type(json.loads(text)["mixed"]) for (text,) in rows] == [str, int]


def test_the_folder_says_what_was_imported(tmp_path):
    source = write(tmp_path / "a.jsonl", ("A", 1, "u", "1"))
    fk.import_events(source, tmp_path / "events")
    state = read_imported(tmp_path / "events")
    assert [(file.name, file.lines) for file in state.files] == [(str(source), 1)]


def test_a_pipe_is_refused_since_it_can_be_read_only_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="no file"):
        fk.import_events(tmp_path / "pipe", tmp_path / "events")


def same_insert_id(folder, *days):
    for day in days:
        line = {"event_type": "A", "time": 1_700_000_000_000 + 1000 * DAY * day, "device_id": "d",
                "insert_id": "i"}  # fmt: skip
        (folder / f"{day}.jsonl").write_text(f"{json.dumps(line)}\n", "utf-8")
    return [folder / f"{day}.jsonl" for day in days]


@pytest.mark.parametrize("together", [True, False])
def test_a_copy_does_not_prolong_the_seven_days(together, tmp_path):
    files = same_insert_id(tmp_path, 0, 6, 12, 19, 20)
    sources = [files] if together else files
    results = [fk.import_events(source, tmp_path / "events") for source in sources]
    assert sum(result.events for result in results) == results[-1].total == 3  # 0, 12, 20
    assert sum(result.duplicates for result in results) == 2
    with fk_open(files) as table:
        assert table.rows == 3


def test_lines_add_up_where_an_earlier_event_comes_later(tmp_path):
    late, early = same_insert_id(tmp_path, 6, 0)
    fk.import_events(late, tmp_path / "events")
    result = fk.import_events(early, tmp_path / "events")
    assert (result.lines, result.events, result.duplicates, result.total) == (1, 1, 0, 1)
    assert "1 event that was there is left out now" in result.notes[0]


def test_a_folder_of_imported_events_is_a_source_with_its_merges_and_without_made_up_ids(tmp_path):
    people = [("d", None), ("d", "ann"), ("e", None), ("e", "bob"), ("f", "bob")]
    events = [
        {"event_type": "AB"[n % 2], "time": 1_700_000_000_000 + n * 1000, "device_id": device,
         "user_id": user, "insert_id": str(n)}
        for n, (device, user) in enumerate(people)
    ]  # fmt: skip
    given = {"event_type": "A", "event_time": "2024-01-05 10:00:00", "amplitude_id": 5}
    other = {**given, "event_type": "B", "event_time": "2024-01-05 10:00:01", "amplitude_id": 6}
    merge = {"amplitude_id": 6, "merged_amplitude_id": 5, "merge_time": 1_704_452_400_000}
    files = []
    for name, lines in [("sent", events), ("export", [given, other]), ("merges", [merge])]:
        files.append(tmp_path / f"{name}.jsonl")
        files[-1].write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")
    fk.import_events(files, tmp_path / "first")
    result = fk.import_events(tmp_path / "first", tmp_path / "second")
    assert (result.events, result.rejected, result.total) == (7, 0, 7)
    for folder in ("first", "second"):
        assert fk.report(tmp_path / folder, steps="A > B").counts == (3, 3)
    again = fk.import_events(tmp_path / "first", tmp_path / "first")
    assert (again.lines, again.total) == (0, 7)
    assert "no source of them" in again.notes[0]


def test_rejects_that_could_not_be_written_stop_an_import_before_it_begins(tmp_path):
    source = write(tmp_path / "a.jsonl", ("A", 1, "u", "1"))
    for rejects in (tmp_path, tmp_path / "no folder" / "rejects.jsonl", source):
        with pytest.raises(DefinitionError, match="rejects"):
            fk.import_events(source, tmp_path / "events", rejects=rejects)
    assert not (tmp_path / "events").exists()


def test_a_first_import_that_was_killed_at_its_very_end_can_be_run_again(tmp_path):
    source = write(tmp_path / "a.jsonl", ("A", 1, "u", "1"))
    fk.import_events(source, tmp_path / "events")
    (tmp_path / "events" / "_import" / "state.json").unlink()
    assert fk.import_events(source, tmp_path / "events").total == 1
    assert len(list((tmp_path / "events").glob("*.parquet"))) == 1
