"""Which files a source means."""

import pytest

from funnelkit.errors import DataError
from funnelkit.events.files import find_files, recognise


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
