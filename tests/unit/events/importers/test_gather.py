"""Rows that are picked in order are those that DuckDB sorts, in the same columns and types."""

import json
from pathlib import Path

import duckdb
import pytest

import funnelkit as fk
from funnelkit.events.importers import gather, run


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


@pytest.mark.parametrize("more", [{}, {"of its own": {"a": 1}}], ids=["plain", "with JSON"])
def test_gathered_events_are_those_that_are_sorted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: dict[str, object]
) -> None:
    lines = [json.dumps(event(number) | more, ensure_ascii=False) for number in range(1000)]
    lines[500] = "no JSON"
    files = [tmp_path / "a.json", tmp_path / "b.json"]
    files[0].write_text("\n".join(lines[:600]) + "\n", encoding="utf-8")
    files[1].write_text("\n".join(lines[600:]) + "\n", encoding="utf-8")
    monkeypatch.setattr(run, "CHUNK", 50_000)  # several runs
    sorted_there = stored(tmp_path, "sorted", files)
    picked = []
    whole = gather.gather
    monkeypatch.setattr(gather, "FEWEST", 1)
    monkeypatch.setattr(gather, "_ROWS", 300)  # several row groups
    monkeypatch.setattr(
        "funnelkit.events.importers.finish.gather",
        lambda *arguments: (picked.append(1), whole(*arguments)),
    )
    assert stored(tmp_path, "gathered", files) == sorted_there
    assert sorted_there[0] == (949, 50, 1)
    assert bool(picked) == (not more)  # JSON columns stay with DuckDB, which knows the type


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
    monkeypatch.setattr(gather, "FEWEST", 1)
    stored(tmp_path, "fits", [file])
    monkeypatch.setattr(gather, "LARGEST", 1000)
    stored(tmp_path, "large", [file])
    assert asked == [False, True, False]
