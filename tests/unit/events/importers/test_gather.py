"""Rows that are picked in order are those that DuckDB sorts, in the same columns and types."""

import json
from pathlib import Path

import duckdb
import pytest

import funnelkit as fk
from funnelkit.events.importers import chunks, gather, held
from funnelkit.events.importers.runs import Run


def event(number: int) -> dict[str, object]:
    return {
        "amplitude_id": 100 + number * 7919 % 50,
        "event_id": number % 3,
        "uuid": f"u{number % 950}",  # some are copies
        "event_type": ["A", "B", "Ä"][number % 3],
        "event_time": f"2024-01-{1 + number * 31 % 28:02} 10:00:00.{number:06}",
        "user_id": None if number % 4 else f"user {number % 50}",
        "location_lat": number / 8 if number % 5 else None,
        "is_attribution_event": [True, False, None][number % 3],
        "event_properties": {"price": number, "é": ["a", None]} if number % 6 else {},
        "language": None,
    }


def stored(
    tmp_path: Path, name: str, files: list[Path]
) -> tuple[tuple[int, int, int], list[object]]:
    result = fk.import_events(files, tmp_path / name)
    (events,) = (tmp_path / name).glob("events-*.parquet")
    with duckdb.connect() as connection:
        types = connection.execute("DESCRIBE FROM read_parquet($f)", {"f": str(events)}).fetchall()
        rows = connection.execute("FROM read_parquet($f)", {"f": str(events)}).fetchall()
    return (result.events, result.duplicates, result.rejected), [types, rows]


def write(tmp_path: Path, more: dict[str, object]) -> list[Path]:
    lines = [json.dumps(event(number) | more, ensure_ascii=False) for number in range(1000)]
    lines[500] = "no JSON"
    lines[501] = json.dumps(event(501) | {"amplitude_id": "7.5"})
    files = [tmp_path / "a.json", tmp_path / "b.json"]
    files[0].write_text("\n".join(lines[:600]) + "\n", encoding="utf-8")
    files[1].write_text("\n".join(lines[600:]) + "\n", encoding="utf-8")
    return files


@pytest.fixture
def picked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many runs were in memory whenever rows were gathered; chunks and row groups are small."""
    found: list[int] = []
    whole = gather.gather

    def noted(runs: list[Run], kept: held.Held, *others: object) -> None:
        found.append(sum(kept.get(run) is not None for run in runs))
        whole(runs, kept, *others)  # type: ignore[arg-type]

    monkeypatch.setattr("funnelkit.events.importers.finish.gather", noted)
    monkeypatch.setattr(chunks, "CHUNK", 50_000)
    monkeypatch.setattr("funnelkit.events.importers.lines.BLOCK", 20_000)
    monkeypatch.setattr(gather, "_ROWS", 300)
    return found


SORTED = (948, 50, 2)


@pytest.mark.parametrize("more", [{}, {"of its own": {"a": 1}}], ids=["plain", "with JSON"])
def test_runs_that_are_held_in_memory_give_the_events_that_are_sorted_from_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, picked: list[int], more: dict[str, object]
) -> None:
    files = write(tmp_path, more)
    sorted_there = stored(tmp_path, "sorted", files)
    monkeypatch.setattr(held, "FEWEST", 1)
    assert stored(tmp_path, "held", files) == sorted_there
    assert sorted_there[0] == SORTED
    # JSON columns stay with DuckDB, which knows the type.
    assert picked == ([] if more else [5])


@pytest.mark.parametrize("largest", [1000, 25_000, 45_000])
def test_import_that_crosses_from_memory_to_disk_gives_the_same_events(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, picked: list[int], largest: int
) -> None:
    files = write(tmp_path, {})
    sorted_there = stored(tmp_path, "sorted", files)
    monkeypatch.setattr(held, "FEWEST", 1)
    monkeypatch.setattr(held, "LARGEST", largest)
    written = []
    write_all = held.Held.write
    monkeypatch.setattr(held.Held, "write", lambda kept: (written.append(1), write_all(kept)))
    assert stored(tmp_path, "crossed", files) == sorted_there
    assert picked == []  # all of it is too large
    assert written


def test_runs_on_disk_that_fit_into_memory_are_gathered_with_those_that_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, picked: list[int]
) -> None:
    files = write(tmp_path, {})
    sorted_there = stored(tmp_path, "sorted", files)
    monkeypatch.setattr(held, "FEWEST", 1)
    asked: list[int] = []

    def every_other(_: held.Held, rows: int) -> bool:
        asked.append(rows)
        return len(asked) % 2 == 0

    monkeypatch.setattr(held.Held, "wants", every_other)
    assert stored(tmp_path, "mixed", files) == sorted_there
    assert picked == [len(asked) // 2]


def test_second_import_writes_its_runs_to_disk_and_sorts_them_with_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, picked: list[int]
) -> None:
    first, second = write(tmp_path, {})
    expected = [stored(tmp_path, "sorted", [first]), stored(tmp_path, "sorted", [second])]
    monkeypatch.setattr(held, "FEWEST", 1)
    assert stored(tmp_path, "held", [first]) == expected[0]
    written = []
    write_all = held.Held.write
    monkeypatch.setattr(held.Held, "write", lambda kept: (written.append(kept), write_all(kept)))
    assert stored(tmp_path, "held", [second]) == expected[1]
    assert len(picked) == 1  # the first time only
    assert [kept.size for kept in written] == [0]  # which leaves the memory to DuckDB


def test_events_without_an_amplitude_id_get_the_same_one_from_memory_as_from_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, picked: list[int]
) -> None:
    lines = [event(number) | {"amplitude_id": None, "device_id": f"d{number % 9}"} for number in range(400)]  # noqa: E501  # fmt: skip
    file = tmp_path / "a.json"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    expected = stored(tmp_path, "sorted", [file])
    monkeypatch.setattr(held, "FEWEST", 1)
    assert stored(tmp_path, "held", [file]) == expected
    assert expected[0][0] == 400
    assert picked == []


def test_times_that_seem_to_be_in_another_unit_are_told_of_runs_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.json"
    sent = {"event_type": "A", "user_id": "u", "insert_id": "i"}
    lines = [sent | {"time": 1_700_000_000 + number} for number in range(5)]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    from_disk = fk.import_events([file], tmp_path / "disk").notes
    monkeypatch.setattr(held, "FEWEST", 1)
    assert fk.import_events([file], tmp_path / "held").notes == from_disk
    assert "are in early 1970 as milliseconds" in from_disk[0]


def test_lines_that_are_all_rejected_give_a_file_without_events(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, picked: list[int]
) -> None:
    file = tmp_path / "a.json"
    file.write_text("".join(json.dumps(event(n) | {"event_time": "?"}) + "\n" for n in range(3)))
    expected = stored(tmp_path, "sorted", [file])
    monkeypatch.setattr(held, "FEWEST", 1)
    assert stored(tmp_path, "held", [file]) == expected
    assert expected[0] == (0, 0, 3)
    assert picked == [1]


def test_what_is_too_large_or_too_small_is_left_to_duckdb(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.json"
    file.write_text("".join(json.dumps(event(number)) + "\n" for number in range(100)))
    asked: list[bool] = []
    can = gather.can_gather

    def noted(*arguments: object) -> bool:
        asked.append(can(*arguments))  # type: ignore[arg-type]
        return asked[-1]

    monkeypatch.setattr("funnelkit.events.importers.finish.can_gather", noted)
    stored(tmp_path, "small", [file])
    monkeypatch.setattr(held, "FEWEST", 1)
    stored(tmp_path, "fits", [file])
    monkeypatch.setattr(held, "LARGEST", 1000)
    stored(tmp_path, "large", [file])
    assert asked == [False, True, False]
