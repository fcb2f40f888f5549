"""Which files a source means."""

import errno
import gzip
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from funnelkit.errors import ColumnError, DataError
from funnelkit.events.files import find_files, recognise
from funnelkit.events.sources import open_events

EVENT = '{"time": 1588411043456, "user_id": "u", "event_type": "A"}'


def test_a_glob_that_matches_nothing_names_what_is_near(tmp_path):
    (tmp_path / "pre_era.jsonl").write_text("")
    with pytest.raises(DataError, match=r"no file matches .*pre_er\*\.json\."):
        find_files(tmp_path / "pre_er*.json")


def test_a_missing_file_names_what_is_near(tmp_path):
    (tmp_path / "pre_era.jsonl").write_text("")
    with pytest.raises(DataError, match=r"there is no file .*Did you mean 'pre_era.jsonl'"):
        find_files(tmp_path / "pre-era.jsonl")


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(DataError, match="there is no folder"):
        find_files(tmp_path / "nowhere" / "a.jsonl")


def test_a_link_to_nothing_is_named(tmp_path):
    link = tmp_path / "a.parquet"
    link.symlink_to("gone.parquet")
    with pytest.raises(DataError, match=r"is a link to gone\.parquet"):
        find_files(link)


def test_a_folder_without_events_is_an_error(tmp_path):
    (tmp_path / "README.md").write_text("hello")
    with pytest.raises(DataError, match="holds no events"):
        find_files(tmp_path)


def test_a_file_whose_name_is_a_glob_is_that_file(tmp_path):
    odd = tmp_path / "a[1].jsonl"
    odd.write_text("{}")
    (tmp_path / "a1.jsonl").write_text("{}")
    assert find_files(odd) == [odd]


def test_globs_match_at_any_depth_and_in_order(tmp_path):
    for name in ("b.jsonl", "x/a.jsonl", "x/y/c.jsonl"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}")
    found = find_files(f"{tmp_path}/**/*.jsonl")
    assert [file.name for file in found] == ["b.jsonl", "a.jsonl", "c.jsonl"]


def test_a_url_is_refused():
    with pytest.raises(DataError, match="not a local path"):
        find_files("s3://bucket/events.parquet")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"PK\x03\x04....", "a ZIP archive"),
        (b"\x28\xb5\x2f\xfd....", "Zstandard"),
        ("{}".encode("utf-16"), "UTF-16"),
        (b"SQLite format 3\x00", "SQLite"),
        (b"ab\x00cd", "neither Parquet, JSON lines nor CSV"),
    ],
)
def test_what_cannot_be_events_is_said_by_its_name(tmp_path, content, expected):
    path = tmp_path / "events"
    path.write_bytes(content)
    with pytest.raises(DataError, match=expected):
        recognise(path)


def test_a_parquet_name_does_not_make_a_parquet_file(tmp_path):
    path = tmp_path / "events.parquet"
    path.write_text("hello")
    with pytest.raises(DataError, match="does not begin with PAR1"):
        recognise(path)


@pytest.mark.parametrize(
    ("name", "content", "form"),
    [
        ("a.csv", b"user,event\n", "csv"),
        ("a.txt", b' {"time": 1}', "json"),
        ("a.json", b"hello", "json"),
        ("a.json", b'[{"time": 1}]', "body"),
        ("a.json", b'{"api_key": "k", "events": [{"event_type": "A"}]}', "body"),
        ("a.json", b'{"event_type": "A", "x": {"events": []}}', "json"),
        ("a.csv", b"\n \n", "empty"),
    ],
)
def test_the_content_tells_the_format_and_the_name_helps(tmp_path, name, content, form):
    path = tmp_path / name
    path.write_bytes(content)
    assert recognise(path).format == form


def test_an_empty_name_is_no_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.jsonl").write_text(EVENT)
    with pytest.raises(DataError, match="the name of the file is empty"), open_events(""):
        pass


def test_a_name_that_is_too_long_is_an_error():
    with (
        pytest.raises(DataError, match="x cannot be read: File name too long"),
        open_events("x" * 300),
    ):
        pass


@pytest.mark.parametrize("gone", ["file", "folder"])
def test_what_vanishes_while_it_is_read_is_named(tmp_path, monkeypatch, gone):
    (tmp_path / "a.csv").write_text("user_id,event_type,event_time\nu,A,5\n")

    def vanish(*_, **__):
        raise FileNotFoundError(errno.ENOENT, "No such file or directory", str(tmp_path / gone))

    target = "texts.delimited_rows" if gone == "file" else "found.find_files"
    monkeypatch.setattr(f"funnelkit.events.{target}", vanish)
    with (
        pytest.raises(DataError, match=rf"{gone} cannot be read: No such file"),
        open_events(tmp_path),
    ):
        pass


def test_a_closed_standard_input_is_an_error(monkeypatch):
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(DataError, match="standard input is closed"), open_events("-"):
        pass


def test_gzip_that_is_cut_off_is_an_error_in_every_format(tmp_path):
    whole = gzip.compress(json.dumps([json.loads(EVENT)] * 9000).encode())
    (tmp_path / "body.json.gz").write_bytes(whole[:-20])
    with pytest.raises(DataError, match="cut off or damaged"), open_events(tmp_path):
        pass


def test_the_truth_of_a_simulation_is_left_out_of_a_list_with_a_note(tmp_path):
    truth = tmp_path / "truth.parquet"
    pq.write_table(pa.table({"event_id": [1], "template": ["A1"]}), truth)
    (tmp_path / "a.jsonl").write_text(EVENT)
    for source in ([tmp_path / "a.jsonl", truth], f"{tmp_path}/*"):
        with open_events(source) as table:
            assert table.rows == 1
            assert table.notes == (f"{truth} holds no events and is left out",)
    with pytest.raises(ColumnError, match="no column for an event type"), open_events(truth):
        pass


def test_a_file_called_truth_that_holds_events_is_read(tmp_path):
    truth = tmp_path / "truth.parquet"
    event = {"user_id": ["u"], "event_type": ["A"], "event_time": ["2020-05-02"]}
    pq.write_table(pa.table(event), truth)
    (tmp_path / "a.jsonl").write_text(EVENT)
    with open_events([tmp_path / "a.jsonl", truth]) as table:
        assert table.rows == 2
