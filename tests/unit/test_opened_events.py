"""Events that several funnels have are opened once."""

import json
from contextlib import contextmanager

import polars as pl
import pytest

import funnelkit as fk
from funnelkit.api.opened import MOST, OpenedEvents
from funnelkit.errors import DataError
from funnelkit.events import sources

EVENTS = [
    {"user_id": "u", "time": 0, "event_type": "View"},
    {"user_id": "u", "time": 5_000, "event_type": "Add"},
    {"user_id": "v", "time": 0, "event_type": "View"},
]
FUNNEL = """
events = "events.jsonl"
steps = "View > Add"
window = "{window}"
[expect]
counts = [2, {added}]
"""


@pytest.fixture
def opened(monkeypatch):
    """Return the sources that were opened, in order, while a test goes on."""
    found = []
    original = sources.open_events

    @contextmanager
    def counting(source, **options):
        found.append(source)
        with original(source, **options) as table:
            yield table

    monkeypatch.setattr(sources, "open_events", counting)
    return found


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "events.jsonl").write_text("\n".join(map(json.dumps, EVENTS)))
    for seconds, added in ((1, 0), (5, 1), (9, 2)):
        text = FUNNEL.format(window=f"{seconds}s", added=added)
        (tmp_path / f"within{seconds}.funnel.toml").write_text(text)
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_three_funnels_of_one_file_open_it_once_also_where_one_fails_and_is_explained(opened):
    run = fk.verify_files()
    assert [one.outcome for one in run.results] == ["pass", "pass", "fail"]
    assert run.results[2].explanation is not None
    assert len(opened) == 1


@pytest.mark.usefixtures("folder")
def test_three_locks_of_one_file_open_and_fingerprint_it_once(opened):
    changes = fk.lock()
    assert len({change.after.events for change in changes}) == 1
    assert len(changes) == 3
    assert len(opened) == 1


def test_the_same_path_with_other_columns_is_another_table(folder, opened):
    frame = pl.DataFrame({"a": ["u"], "b": ["w"], "event": ["View"], "time": [0]})
    path = folder / "two.parquet"
    frame.write_parquet(path)
    with OpenedEvents() as events:
        one = events.table(path, {"user": "a", "time": "time"})
        assert events.table(str(path), {"time": "time", "user": "a"}) is one
        assert events.table([path], {"time": "time", "user": "a"}) is one
        assert events.table(path, "user=b").user_id == "b"
    assert len(opened) == 2


def test_two_frames_are_two_sources_though_they_look_alike(opened):
    frames = [pl.DataFrame(EVENTS), pl.DataFrame(EVENTS)]
    with OpenedEvents() as events:
        assert events.table(frames[0], None) is not events.table(frames[1], None)
        assert events.table(frames[0], None) is events.table(frames[0], None)
    assert len(opened) == 2


def test_few_sources_stay_open_and_the_one_used_last_is_among_them(folder, opened):
    paths = [folder / f"{number}.jsonl" for number in range(MOST + 1)]
    for path in paths:
        path.write_text(json.dumps(EVENTS[0]))
    with OpenedEvents() as events:
        for path in paths[:-1]:
            events.table(path, None)
        events.table(paths[0], None)
        events.table(paths[-1], None)  # for which the second has to go
        assert len(opened) == MOST + 1
        events.table(paths[0], None)
        assert len(opened) == MOST + 1
        events.table(paths[1], None)
        assert len(opened) == MOST + 2


def test_a_source_that_cannot_be_read_stays_closed_and_is_asked_again(folder, opened):
    path = folder / "later.jsonl"
    with OpenedEvents() as events:
        with pytest.raises(DataError):
            events.table(path, None)
        path.write_text(json.dumps(EVENTS[0]))
        assert events.table(path, None).rows == 1
    assert len(opened) == 2
