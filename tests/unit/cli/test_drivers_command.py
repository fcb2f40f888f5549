from __future__ import annotations

import json
from datetime import datetime, timedelta

import polars as pl
import pytest

from funnelkit.cli.run import run

START = datetime.fromisoformat("2024-01-01T00:00:00")


@pytest.fixture
def events(tmp_path):
    path = tmp_path / "events.parquet"
    rows = [
        ("u", "A", 0),
        ("u", "X", 5),
        ("u", "B", 9),
        ("v", "A", 0),
        ("v", "X", 3),
        ("v", "X", 4),
    ]
    pl.DataFrame(
        {
            "user_id": [user for user, _, _ in rows],
            "event_type": [name for _, name, _ in rows],
            "event_time": [START + timedelta(seconds=second) for *_, second in rows],
            "plan": ["free", "free", "free", "free", "free", "pro"],
        }
    ).write_parquet(path)
    return path


def test_the_table_goes_to_stdout_or_to_a_file(events, tmp_path, capfdbinary):
    output = tmp_path / "drivers.txt"
    asked = ["drivers", str(events), "--steps", "A > B", "--window", "1h"]
    assert run(asked) == 0
    printed = capfdbinary.readouterr().out
    assert b"between  step 1 (A) and step 2 (B)" in printed
    assert run([*asked, "-o", str(output)]) == 0
    assert output.read_bytes() == printed


def test_every_option_reaches_the_question(events, capfdbinary):
    asked = [
        "drivers", str(events), "--steps", "A > B > C", "--between", "1,2", "--by", "plan",
        "--limit", "1", "--data-end", "2024-01-01T00:01:01", "--window", "1h", "--format", "json",
    ]  # fmt: skip
    assert run(asked) == 0
    found = json.loads(capfdbinary.readouterr().out)
    # v is a drop-off, watched from second 1 to the stated end at second 61.
    assert (found["converters"], found["drop_offs"]) == (1, 1)
    assert found["drop_off_hours"] == pytest.approx(60 / 3600)
    assert found["by"] == {"scope": "event", "name": "plan"}
    assert [(row["event"], row["value"]) for row in found["rows"]] == [("X", "free")]
    assert found["rows_left_out"] == 1


@pytest.mark.parametrize("between", ["1", "1,2,3", "a,b", "1-2", ""])
def test_between_takes_two_steps(between, events, capfdbinary):
    assert run(["drivers", str(events), "--steps", "A > B", "--between", between]) == 2
    told = capfdbinary.readouterr().err.decode()
    assert told.startswith(f"error: --between takes two steps, like 1,2; got {between!r}")


def test_what_cannot_be_told_is_refused(events, capfdbinary):
    assert run(["drivers", str(events), "--steps", "A > B", "--order", "any"]) == 2
    assert "in any order no step comes before another" in capfdbinary.readouterr().err.decode()


def test_measures_and_groups_are_not_offered(events, capfdbinary):
    assert run(["drivers", str(events), "--steps", "A > B", "--by-age"]) == 2
    assert "--by-age" in capfdbinary.readouterr().err.decode()


def test_the_events_are_not_overwritten(events, capfdbinary):
    before = events.read_bytes()
    assert run(["drivers", str(events), "--steps", "A > B", "-o", str(events)]) == 2
    assert "would overwrite" in capfdbinary.readouterr().err.decode()
    assert events.read_bytes() == before
