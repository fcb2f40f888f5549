"""A chunk is read in one pass where its lines are alike, and loses nothing where they are not."""

import json
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

import funnelkit as fk
from funnelkit.events.importers import header
from funnelkit.events.importers.result import ImportResult
from funnelkit.events.table import literally


def line(number: int, **more: object) -> str:
    event = {"event_type": "A", "event_time": "2024-01-05 10:00:00.000000", "user_id": "ann"}
    return json.dumps({**event, "uuid": f"u{number}", **more})


def imported(tmp_path: Path, lines: list[str]) -> tuple[ImportResult, Path]:
    (tmp_path / "events.json").write_text("\n".join(lines) + "\n")
    result = fk.import_events([tmp_path / "events.json"], tmp_path / "store")
    (events,) = (tmp_path / "store").glob("events-*.parquet")
    return result, events


def chunk(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "chunk.jsonl"
    path.write_bytes(header.BLANK + "".join(f"{each}\n" for each in lines).encode())
    return path


def test_this_duckdb_refuses_a_key_that_stands_in_no_header() -> None:
    assert header._refuses_others()


def test_the_rows_of_a_chunk_are_those_below_its_header(tmp_path: Path) -> None:
    path = chunk(tmp_path, '{"a":"1","b":{"x":1}}', '{"b":"text"}', '{"a":2}')
    with duckdb.connect() as connection:
        rows = header.known_rows(connection, path, {"a": "VARCHAR", "b": "JSON"}, longest=1 << 20)
        found = connection.execute(f"FROM {rows}", {"files": literally([str(path)])}).fetchall()
    assert found == [("1", '{"x":1}'), (None, '"text"'), ("2", None)]


@pytest.mark.parametrize("odd", ['{"a":1,"c":2}', '{"a":1,"a":2}', '{"A":1}', "[1]", '{"a":'])
def test_a_line_that_is_not_as_the_others_are_is_refused(tmp_path: Path, odd: str) -> None:
    path = chunk(tmp_path, *['{"a":1}'] * 100, odd)
    with duckdb.connect() as connection, pytest.raises(duckdb.Error):  # noqa: PT012 - in either
        rows = header.known_rows(connection, path, {"a": "VARCHAR"}, longest=1 << 20)
        connection.execute(f"FROM {rows}", {"files": literally([str(path)])}).fetchall()


@pytest.mark.parametrize("name", ["fk_header", "FK_Header", "k" * header.SPACE])
def test_keys_that_no_header_can_hold_are_read_line_by_line(tmp_path: Path, name: str) -> None:
    with duckdb.connect() as connection:
        path = chunk(tmp_path, json.dumps({name: 1}))
        assert header.known_rows(connection, path, {name: "JSON"}, longest=1 << 20) is None


def test_the_sample_has_the_keys_of_lines_from_everywhere(tmp_path: Path) -> None:
    lines = [json.dumps({"a": number, f"k{number // 500}": 1}) for number in range(5000)]
    assert set(header.sampled_keys(chunk(tmp_path, *lines))) == {"a"} | {f"k{n}" for n in range(10)}


def test_a_key_that_one_line_in_the_middle_has_is_kept(tmp_path: Path) -> None:
    lines = [line(number) for number in range(3000)]
    lines[1717] = line(1717, colour={"shade": "red"})
    result, events = imported(tmp_path, lines)
    assert (result.events, result.rejected) == (3000, 0)
    found = pq.read_table(events).to_pylist()
    assert {row["uuid"]: row["colour"] for row in found if row["colour"]} == {
        "u1717": '{"shade":"red"}'
    }


def test_a_bad_line_in_the_middle_takes_no_neighbour_along(tmp_path: Path) -> None:
    lines = [line(number) for number in range(3000)]
    lines[1717] = lines[1717][:40]
    lines[2000] = line(2000, uuid="x")[:-1] + ', "uuid": "y"}'
    result, events = imported(tmp_path, lines)
    assert (result.events, result.rejected) == (2998, 2)
    assert result.rejects is not None
    rejected = [json.loads(each) for each in result.rejects.read_text().splitlines()]
    assert [each["line"] for each in rejected] == [1718, 2001]
    assert "cut off" in rejected[0]["reason"]
    assert "'uuid' stands twice" in rejected[1]["reason"]
    left = set(pq.read_table(events)["uuid"].to_pylist())
    assert left == {f"u{number}" for number in range(3000)} - {"u1717", "u2000"}
