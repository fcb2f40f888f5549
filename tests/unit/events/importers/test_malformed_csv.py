"""Rows of a CSV file that are none go to the rejects and take no neighbour along."""

from __future__ import annotations

import gzip
import json

import duckdb
import pytest

import funnelkit as fk
from funnelkit.errors import DataError

HEADER = b"amplitude_id,event_time,event_type,event_properties\n"


def row(number: int, properties: bytes = b"{}") -> bytes:
    return b'%d,2024-01-05 10:00:%02d,A,"%s"\n' % (number, number, properties)


@pytest.fixture
def imported(tmp_path):
    """Import a CSV file; return who has an event, and each reject's line, reason and text."""

    def run(content: bytes, name: str = "events.csv", **options):
        (tmp_path / name).write_bytes(content)
        result = fk.import_events(tmp_path / name, tmp_path / "imported", **options)
        users = duckdb.sql(
            f"SELECT amplitude_id FROM '{tmp_path}/imported/*.parquet' ORDER BY 1"
        ).fetchall()
        rejects = []
        if result.rejects is not None:
            lines = result.rejects.read_text("utf-8").splitlines()
            rejects = [
                (each["line"], each["reason"], each["text"]) for each in map(json.loads, lines)
            ]
        assert result.lines == result.events + result.rejected
        return [user for (user,) in users], rejects

    return run


BAD = [
    (b"2,2024-01-05\n", "2 values in the place of 4"),
    (b"nothing\n", "1 value in the place of 4"),
    (b"2,2024-01-05 10:00:00,A,{},more\n", "5 values in the place of 4"),
    (b'2,2024-01-05 10:00:00,"A,{}\n', "a value goes on after its closing quote"),
    (b'2,2024-01-05 10:00:00,"A"x,{}\n', "a value goes on after its closing quote"),
    (b"2,2024-01-05 10:00:00,\xff,{}\n", "not UTF-8 at byte 23"),
]


@pytest.mark.parametrize(("bad", "reason"), BAD)
@pytest.mark.parametrize("packed", [False, True])
def test_a_malformed_row_is_rejected_and_those_around_it_are_events(imported, bad, reason, packed):
    content = HEADER + row(1) + bad + row(3) + row(4)
    if packed:
        users, rejects = imported(gzip.compress(content), "events.csv.gz")
    else:
        users, rejects = imported(content)
    assert users == [1, 3, 4]
    assert [(line, why) for line, why, _ in rejects] == [(3, reason)]
    assert rejects[0][2] == bad.decode("utf-8", "backslashreplace").rstrip()


def test_a_quote_that_nothing_closes_takes_no_line_along(imported):
    users, rejects = imported(HEADER + row(1) + b'2,2024-01-05 10:00:00,A,"{\n3,2024-01-05,B,')
    assert (users, [line for line, *_ in rejects]) == ([1, 3], [3])
    assert rejects[0][1] == "a quote that is not closed"


def test_lines_are_counted_as_an_editor_does_where_values_have_line_ends(imported):
    long = row(1, b'{""t"":\n""a""}')
    users, rejects = imported(HEADER + long + b"\n" + b"bad\n" + b"3,soon,A,\n" + long)
    assert users == [1, 1]
    assert {line: text for line, _, text in rejects} == {5: "bad", 6: "3,soon,A,"}


def test_a_row_of_lines_that_crlf_ends_is_one(imported):
    content = HEADER + row(1) + b"bad\n" + row(2, b'{""t"":\n""a""}') + row(3)
    users, rejects = imported(b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n"))
    assert (users, [line for line, *_ in rejects]) == ([1, 2, 3], [3])


def test_the_same_malformed_file_twice_changes_nothing(imported):
    content = HEADER + row(1) + b"bad\n"
    assert len(imported(content)[1]) == 1
    assert imported(content) == ([1], [])


def test_strict_stops_at_the_malformed_row(imported):
    with pytest.raises(DataError, match=r"line 3: 1 value in the place of 4"):
        imported(HEADER + row(1) + b"bad\n" + row(2), strict=True)


def test_a_header_that_is_no_text_is_an_error_of_the_file(imported):
    with pytest.raises(DataError, match="has no header that can be read"):
        imported(HEADER.replace(b"event_time", b"\xff") + row(1))
