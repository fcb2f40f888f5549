import gzip
import json
from itertools import pairwise

import polars as pl
import pyarrow.parquet as pq
import pytest

from funnelkit.errors import DefinitionError
from funnelkit.events.simulation import simulate
from funnelkit.events.simulation.writing import AHEAD, ahead


@pytest.fixture(scope="module")
def store():
    return simulate(seed=2, days=3, identify=True)


def lines(file):
    raw = file.read_bytes()
    text = gzip.decompress(raw) if file.suffix == ".gz" else raw
    return [json.loads(line) for line in text.splitlines()]


def test_parquet_holds_the_events_and_the_truth(store, tmp_path):
    files = store.write(tmp_path / "new" / "folder")
    assert [file.name for file in files] == ["pre.parquet", "post.parquet", "truth.parquet"]
    for period in store.periods:
        read = pl.read_parquet(tmp_path / "new" / "folder" / f"{period}.parquet")
        assert read.equals(store.period(period))
    assert pl.read_parquet(files[-1]).equals(store.truth)
    assert sorted(file.name for file in files[0].parent.iterdir()) == sorted(
        file.name for file in files
    )


def test_times_are_utc_without_a_zone_in_microseconds(store, tmp_path):
    schema = pq.read_schema(store.write(tmp_path)[0])
    assert str(schema.field("event_time").type) == "timestamp[us]"
    assert str(schema.field("event_properties").type).startswith("struct<query: string, result")


@pytest.mark.parametrize("form", ["jsonl", "jsonl.gz"])
def test_json_lines_are_what_the_http_api_takes(store, tmp_path, form):
    files = store.write(tmp_path, format=form)
    assert [file.name for file in files] == [f"pre.{form}", f"post.{form}", "truth.parquet"]
    written = [event for file in files[:2] for event in lines(file)]
    events = [event for event in written if event["event_type"] != "$identify"]
    rows = store.events.with_columns(pl.col("event_time").dt.epoch("ms")).rows(named=True)
    assert len(events) == len(rows)
    for event, row in zip(events, rows, strict=True):
        assert list(event) == [
            "time", "user_id", "device_id", "event_type", "event_properties", "insert_id",
            "event_id",
        ]  # fmt: skip
        assert event["time"] == row["event_time"]
        assert event["insert_id"] == row["$insert_id"]
        properties = row["event_properties"].items()
        assert event["event_properties"] == {k: v for k, v in properties if v is not None}


def test_each_session_is_preceded_by_one_identify(store, tmp_path):
    written = lines(store.write(tmp_path, format="jsonl")[0])
    identifies = [event for event in written if event["event_type"] == "$identify"]
    assert len(identifies) == len(store.sessions[0].user)
    assert len({event["insert_id"] for event in written}) == len(written)
    assert all(list(event["user_properties"]) == ["$set"] for event in identifies)
    for before, event in pairwise(written):
        if before["event_type"] == "$identify":
            assert event["event_type"] != "$identify"
            same = ("user_id", "device_id", "time")
            assert [before[key] for key in same] == [event[key] for key in same]


def test_without_insert_ids_a_line_has_the_five_keys_of_the_original(tmp_path):
    file = simulate(days=1, insert_id=False).write(tmp_path, format="jsonl")[0]
    keys = {tuple(event) for event in lines(file)}
    assert keys == {("time", "user_id", "device_id", "event_type", "event_properties")}


def test_the_same_events_are_the_same_gzipped_bytes(tmp_path):
    one, two = (
        simulate(days=1).write(tmp_path / name, format="jsonl.gz")[0].read_bytes()
        for name in ("one", "two")
    )
    assert one == two


def test_progress_counts_every_event(store, tmp_path):
    told = []
    store.write(tmp_path, progress=told.append)
    assert sum(told) == store.event_count


def test_large_chunks_follow_one_another_in_one_file(store, tmp_path, monkeypatch):
    monkeypatch.setattr("funnelkit.events.simulation.chunks.CHUNK", 50)
    monkeypatch.setattr("funnelkit.events.simulation.writing.ROW_GROUP", 100)
    files = store.write(tmp_path)
    assert pq.ParquetFile(files[0]).metadata.num_row_groups in (5, 6)
    assert pl.concat(map(pl.read_parquet, files[:2])).equals(store.events)


def test_a_file_appears_only_when_it_is_whole(store, tmp_path):
    def stop(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.write(tmp_path, progress=stop)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_a_usage_error(store, tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(DefinitionError, match=r"cannot write .*taken: File exists"):
        store.write(tmp_path / "taken")


def test_events_of_another_format_or_scenario_are_not_left_beside_the_new_ones(store, tmp_path):
    store.write(tmp_path)
    with pytest.raises(DefinitionError, match=r"already holds post\.parquet, pre\.parquet, which"):
        store.write(tmp_path, format="jsonl")
    assert not list(tmp_path.glob("*.jsonl"))
    for number in range(7):
        (tmp_path / f"{number}.jsonl.gz").touch()
    with pytest.raises(DefinitionError, match=r"0\.jsonl\.gz, .*4\.jsonl\.gz and 2 more, which"):
        store.write(tmp_path)


def test_the_same_files_are_replaced_and_others_do_not_matter(store, tmp_path):
    store.write(tmp_path, format="jsonl")
    for other in ("mine.toml", "notes.md"):
        (tmp_path / other).touch()
    assert len(store.write(tmp_path, format="jsonl")) == 3


def test_chunks_are_made_ahead_in_their_order_and_no_more_than_needed():
    made = []

    def source():
        for number in range(100):
            made.append(number)
            yield number

    chunks = ahead(source())
    assert [next(chunks) for _ in range(3)] == [0, 1, 2]
    chunks.close()
    assert len(made) <= 3 + AHEAD
    assert list(ahead(iter(range(20)))) == list(range(20))


def test_what_goes_wrong_in_the_making_is_told():
    def source():
        yield 1
        raise DefinitionError("a function failed")

    chunks = ahead(source())
    assert next(chunks) == 1
    with pytest.raises(DefinitionError, match="a function failed"):
        next(chunks)


def test_an_unknown_format_is_refused(store, tmp_path):
    with pytest.raises(DefinitionError, match=r"got 'json'\. Did you mean 'jsonl'"):
        store.write(tmp_path, format="json")
