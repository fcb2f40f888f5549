"""Chunks are turned into runs two at a time; what is told of them comes in the order of lines."""

import json
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import duckdb
import pytest

import funnelkit as fk
from funnelkit.events.connection import connect
from funnelkit.events.importers import chunks
from funnelkit.events.importers.crew import Crew

LONG = 30
"""Seconds after which a thread that waits for another one has waited in vain."""


@pytest.fixture
def crew() -> Iterator[Crew]:
    with connect() as connection:
        crew = Crew(connection)
        yield crew
        crew.close()


def test_second_attempt_runs_during_the_first_and_settles_after_it(crew: Crew) -> None:
    second_has_run = Event()
    settled = []

    def first(_: duckdb.DuckDBPyConnection) -> str:
        assert second_has_run.wait(LONG)
        return "first"

    def second(connection: duckdb.DuckDBPyConnection) -> str:
        second_has_run.set()
        return str(connection.execute("SELECT 'second'").fetchall()[0][0])

    for attempt in (first, second):
        crew.submit(attempt, lambda _, found: settled.append(found))
    crew.wait()
    assert settled == ["first", "second"]


def test_work_after_one_that_fails_is_not_settled_and_the_first_failure_is_raised(
    crew: Crew,
) -> None:
    settled = []

    def fail(_: duckdb.DuckDBPyConnection) -> None:
        raise ValueError("the first")

    def later(_: duckdb.DuckDBPyConnection, __: object) -> None:
        settled.append("the second")

    crew.submit(fail, later)
    crew.submit(lambda _: None, later)
    with pytest.raises(ValueError, match="the first"):
        crew.wait()
    crew.close()
    assert settled == []


def test_key_that_a_later_chunk_spells_otherwise_is_refused_there_whichever_is_faster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "CHUNK", 1)  # each block of lines is a chunk
    monkeypatch.setattr("funnelkit.events.importers.lines.BLOCK", 4000)
    event = {"event_type": "A", "event_time": "2024-01-01 10:00:00", "user_id": "u"}
    # The first chunks have different keys, and take two passes.
    slow = [event | {"Tier": number, f"key {number % 7}": 1} for number in range(60)]
    fast = [event | {"tIER": number} for number in range(60)]
    source = tmp_path / "a.json"
    source.write_text("".join(json.dumps(each) + "\n" for each in slow + fast))
    result = fk.import_events([source], tmp_path / "events", rejects=tmp_path / "rejects.jsonl")
    rejects = [json.loads(line) for line in (tmp_path / "rejects.jsonl").read_text().splitlines()]
    assert result.events == len(slow)
    assert [each["line"] for each in rejects] == [61 + number for number in range(60)]
    assert {each["reason"] for each in rejects} == {
        "the key 'tIER' differs only in case from 'Tier' of other events"
    }
