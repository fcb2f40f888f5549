"""Lines that are no events take no neighbour along, and are said by file and line."""

from __future__ import annotations

import json

import pytest

import funnelkit as fk
from funnelkit.errors import DataError


def good(number):
    return json.dumps(
        {"event_type": "A", "time": 1_700_000_000_000 + number, "user_id": f"user {number}"}
    ).encode()


def imported(content, folder, **options):
    file = folder / "events.jsonl"
    file.write_bytes(content)
    result = fk.import_events(file, folder / "imported", **options)
    rejects = []
    if result.rejects is not None:
        rejects = [json.loads(line) for line in result.rejects.read_text("utf-8").splitlines()]
    return result, [(each["line"], each["reason"]) for each in rejects]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b"no json", "not JSON: expecting value at character 1"),
        (b'{"event_type": "A"', "cut off"),
        (b"[1, 2]", "a list, not an object"),
        (b"5", "a number, not an object"),
        (b"{}", "an empty object"),
        (b'{"event_type": "A", "user_id": "\x00"}', "a NUL byte at byte 33"),
        (b'{"event_type": "A", "user_id": "\xff"}', "not UTF-8 at byte 33"),
        (b'{"event_type": "A", "user_id": "u", "time": 1, "time": 2}', "'time' stands twice"),
        (b'{"event_type": "A", "user_id": "u", "time": 1, "": 2}', "a key is empty"),
        (b'{"event_type": "A", "user_id": "u", "time": 1, "User_Id": 2}', "only in case"),
        (b'{"user_id": "u", "time": 1700000000000}', "event_type is missing"),
        (b'{"event_type": "", "user_id": "u", "time": 1}', "event_type is missing or empty"),
        (b'{"event_type": "A", "user_id": "u"}', "time is missing"),
        (b'{"event_type": "A", "user_id": "u", "time": "soon"}', "time is 'soon', which is"),
        (b'{"event_type": "A", "time": 1700000000000}', "no user"),
        (b'{"event_type": "A", "user_id": "u", "time": 1, "event_properties": [1]}', "is no JSON"),
        (b'{"event_type": "A", "user_id": "u", "time": 1, "session_id": "x"}', "no whole number"),
        (b'{"event_type": "A", "user_id": "u", "time": 1} {"event_type": "B"}', "not JSON"),
    ],
)  # fmt: skip
def test_a_bad_line_is_rejected_alone(bad, reason, tmp_path):
    result, rejects = imported(b"\n".join([good(1), bad, good(2)]), tmp_path)
    assert (result.lines, result.events, result.rejected) == (3, 2, 1)
    ((line, said),) = rejects
    assert line == 2
    assert reason in said


@pytest.mark.parametrize(
    ("content", "events"),
    [
        (b"\r\n".join([good(1), good(2), b""]), 2),
        (b"\n".join([good(1), good(2)]), 2),
        (b"\n\n".join([good(1), b" \t", good(2), b"", b""]), 2),
        (b"\xef\xbb\xbf" + good(1) + b"\n", 1),
        (b"  " + good(1) + b"  \n\r\n" + good(2), 2),
    ],
    ids=["CRLF", "no last line end", "blank lines", "byte order mark", "blanks"],
)
def test_line_ends_and_blank_lines_do_not_matter(content, events, tmp_path):
    result, rejects = imported(content, tmp_path)
    assert (result.lines, result.events, rejects) == (events, events, [])


def test_lines_are_numbered_as_in_the_file_blank_ones_too(tmp_path):
    content = b"\n".join([b"", good(1), b"", b"bad", b"\x00", b"", b"worse", good(2)])
    result, rejects = imported(content, tmp_path)
    assert sorted(line for line, _ in rejects) == [4, 5, 7]
    assert result.events == 2


def test_a_line_of_many_megabytes_is_an_event_and_one_beyond_all_measure_is_none(tmp_path):
    def padded(size):
        return good(9)[:-1] + b', "event_properties": {"text": "' + b"x" * size + b'"}}'

    content = b"\n".join([good(1), padded(20 << 20), good(2), padded(70 << 20), good(3)])
    result, rejects = imported(content, tmp_path)
    assert (result.events, result.rejected) == (4, 1)
    ((line, reason),) = rejects
    assert line == 4
    assert "bytes in one line" in reason


def test_strict_stops_at_the_first_bad_line_and_leaves_the_folder_as_it_was(tmp_path):
    imported(good(1), tmp_path)
    before = sorted((tmp_path / "imported").rglob("*"))
    with pytest.raises(DataError, match=r"events\.jsonl, line 2: not JSON"):
        imported(good(2) + b"\nbad\n", tmp_path, strict=True)
    assert sorted((tmp_path / "imported").rglob("*")) == before
    assert fk.report(tmp_path / "imported", steps="A").counts == (1,)


def test_the_rejects_can_go_to_a_file_of_ones_own(tmp_path):
    result, rejects = imported(b"bad\n", tmp_path, rejects=tmp_path / "bad.jsonl")
    assert result.rejects == tmp_path / "bad.jsonl"
    assert len(rejects) == 1


def test_a_file_without_ids_counts_once_by_its_digest(tmp_path):
    first, _ = imported(good(1) + b"\n" + good(1) + b"\n", tmp_path)
    again, _ = imported(good(1) + b"\n" + good(1) + b"\n", tmp_path)
    assert (first.events, again.events, again.total) == (2, 0, 2)
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "copy.jsonl").write_bytes(good(1) + b"\n" + good(1) + b"\n")
    (tmp_path / "more" / "new.jsonl").write_bytes(good(2) + b"\nbad\n")
    more = fk.import_events(tmp_path / "more", tmp_path / "imported")
    assert (more.lines, more.events, more.rejected, more.total) == (2, 1, 1, 3)


def test_a_known_file_is_not_rejected_again(tmp_path):
    imported(good(1) + b"\nbad\n", tmp_path)
    again, rejects = imported(good(1) + b"\nbad\n", tmp_path)
    assert (again.rejected, rejects) == (0, [])


def test_what_only_a_name_suggests_is_noted(tmp_path):
    line = b'{"event": "A", "ts": 1700000000, "user": "u"}'
    file = tmp_path / "events.jsonl"
    file.write_bytes(line + b"\n")
    result = fk.import_events(file, tmp_path / "imported")
    assert "user_id is read from the column 'user'" in result.notes
    (tmp_path / "other.jsonl").write_bytes(b'{"a": 1}\n')
    with pytest.raises(DataError, match=r"other\.jsonl has no column for an event type"):
        fk.import_events(tmp_path / "other.jsonl", tmp_path / "imported")


def test_a_file_without_one_line_of_text_is_all_rejects(tmp_path):
    result, rejects = imported(b'{"a": "\xff"}\n{"a": "\xfe"}\n', tmp_path)
    assert (result.lines, result.events, result.rejected) == (2, 0, 2)
    assert [reason for _, reason in rejects] == ["not UTF-8 at byte 8"] * 2


@pytest.mark.parametrize(
    ("content", "what"),
    [("{}\n".encode("utf-16"), "UTF-16"), (b"\x28\xb5\x2f\xfd\0", "Zstandard"), (b"BZh9", "bzip2")],
)
def test_what_cannot_be_read_at_all_is_called_by_its_name(content, what, tmp_path):
    with pytest.raises(DataError, match=what):
        imported(content, tmp_path)


def test_a_number_with_a_fraction_is_no_id(tmp_path):
    event = {"event_type": "A", "event_time": "2024-01-05 10:00:00"}
    lines = [json.dumps({**event, "amplitude_id": each}) for each in (5.7, 5.0, "5", 5e0, "1e3")]
    _, rejects = imported("\n".join(lines).encode(), tmp_path)
    assert rejects == [(1, "amplitude_id is '5.7', which is no whole number")]
    assert fk.report(tmp_path / "imported", steps="A").counts == (2,)


def test_one_body_a_line_loses_only_the_line_that_is_none(tmp_path):
    body = json.dumps({"api_key": "k", "events": [json.loads(good(1)), json.loads(good(2))]})
    last = '{"events": [{"event_type": "A", "time": 1, "user_id": "u\u2028u"}]}'  # no line end
    content = f'{body}\n{{"events": [{{"ev\n\n{last}\n{{"events": 5}}\n'.encode()
    result, rejects = imported(content, tmp_path)
    assert (result.lines, result.events, result.rejected) == (5, 3, 2)
    assert [line for line, _ in rejects] == [2, 5]
    assert "Unterminated string" in rejects[0][1]
    again = fk.import_events(tmp_path / "events.jsonl", tmp_path / "imported")
    assert (again.lines, again.rejected, again.known_files, again.rejects) == (0, 0, 1, None)


@pytest.mark.parametrize("name", ["filename", "file_row_number", "place", "fk_skip", "given"])
def test_a_key_of_any_name_is_kept(name, tmp_path):
    lines = [json.dumps({**json.loads(good(n)), name: f"mine {n}"}) for n in (1, 2)]
    result, _ = imported("\n".join(lines).encode(), tmp_path)
    assert result.events == 2
    fk.import_events(tmp_path / "events.jsonl", tmp_path / "imported")
    kept = next((tmp_path / "imported").glob("events-*.parquet")).read_bytes()
    assert b"mine 1" in kept
