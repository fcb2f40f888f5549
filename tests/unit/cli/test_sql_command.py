from __future__ import annotations

from datetime import datetime, timedelta

import duckdb
import polars as pl
import pytest

from funnelkit.cli.run import run

START = datetime(2024, 1, 1)  # noqa: DTZ001 - files carry times in UTC without saying so


@pytest.fixture
def events(tmp_path):
    path = tmp_path / "events.parquet"
    pl.DataFrame(
        {
            "user_id": ["u", "u", "v", "w"],
            "event_type": ["A", "B", "A", "A"],
            "event_time": [START + timedelta(hours=hour) for hour in (0, 1, 2, 50)],
            "plan": ["free", "free", "pro", "free"],
        }
    ).write_parquet(path)
    return path


def test_what_is_printed_runs_in_duckdb_as_it_stands(events, capfdbinary):
    code = run(
        ["sql", str(events), "--steps", "A > B", "--where", "plan is free", "--window", "1h"]
    )
    printed = capfdbinary.readouterr().out.decode()
    assert code == 0
    assert duckdb.connect().execute(printed).fetchall() == [(1, "A", 2), (2, "B", 1)]


def test_the_range_is_in_the_statement(events, capfdbinary):
    assert run(["sql", str(events), "--steps", "A > B", "--to", "2024-01-01"]) == 0
    printed = capfdbinary.readouterr().out.decode()
    assert duckdb.connect().execute(printed).fetchall() == [(1, "A", 2), (2, "B", 1)]


def test_the_statement_goes_to_the_file_that_is_named(events, tmp_path, capfdbinary):
    written = tmp_path / "funnel.sql"
    assert run(["sql", str(events), "--steps", "A", "-o", str(written)]) == 0
    assert capfdbinary.readouterr().out == b""
    assert duckdb.connect().execute(written.read_text()).fetchall() == [(1, "A", 3)]


def test_a_file_that_is_read_through_a_copy_is_refused(tmp_path, capfd):
    lines = tmp_path / "events.jsonl"
    lines.write_text('{"user_id": "u", "event_type": "A", "time": 1704067200000}\n')
    assert run(["sql", str(lines), "--steps", "A"]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert "events.jsonl is not Parquet" in err


def test_a_misspelt_event_is_named_beside_the_statement(events, capfd):
    assert run(["sql", str(events), "--steps", "A > BB", "--where", "plam is free"]) == 0
    said = capfd.readouterr()
    assert said.out.startswith(("--", "WITH", "SELECT"))
    assert "step 2: no event of the type 'BB' was read." in said.err
    assert "no event has the event property 'plam'" in said.err
