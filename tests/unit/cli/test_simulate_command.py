import json
import tomllib

import polars as pl
import pytest

from funnelkit.cli.run import run


def test_files_are_named_on_stdout_and_periods_on_stderr(tmp_path, capsys):
    assert run(["simulate", "-o", str(tmp_path), "--seed", "3", "--days", "2"]) == 0
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        str(tmp_path / f"{name}.parquet") for name in ("pre", "post", "truth")
    ]
    pre, post = said.err.splitlines()
    assert pre.startswith("pre: ")
    assert "200 sessions" in pre
    assert post.endswith("2026-05-29 00:00 to 2026-05-31 00:00 UTC")
    assert pl.read_parquet(tmp_path / "pre.parquet").height > 200


def test_every_option_reaches_the_simulation(tmp_path, capsys):
    options = (
        "--seed 4 --clock 2026-01-02T03:00 --timezone Europe/Berlin --days 1 "
        "--sessions-per-day 50 --returning 0.2 --jitter 30 --platform ios --identify "
        "--session-id --uplift 1.5 --format jsonl"
    )
    assert run(["simulate", "workshop-experiment", "-o", str(tmp_path), *options.split()]) == 0
    assert "50 sessions were asked for" in capsys.readouterr().err
    lines = (tmp_path / "experiment.jsonl").read_text().splitlines()
    events = [json.loads(line) for line in lines]
    assert events[0]["event_type"] == "$identify"
    assert {event["platform"] for event in events} == {"iOS"}
    assert all("session_id" in event and "insert_id" in event for event in events)


def test_a_scenario_is_shown_copied_and_used(tmp_path, capsys):
    assert run(["simulate", "--show", "workshop-search"]) == 0
    text = capsys.readouterr().out
    assert tomllib.loads(text)["periods"][1]["templates"] == ["Af", "Bf", "C", "B"]
    mine = tmp_path / "mine.toml"
    mine.write_text(text.replace('"after', '"').replace("days = 30", "days = 1"), encoding="utf-8")
    assert run(["simulate", str(mine), "-o", str(tmp_path)]) == 0
    assert (tmp_path / "post.parquet").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 2, "Name a folder with -o DIR, or a server: --to-amplitude URL"),
        (["workshp", "-o", "x"], 2, "Did you mean 'workshop'"),
        (["nothing.toml", "-o", "x"], 3, "not a readable scenario"),
        (["-o", "x", "--returning", "2"], 2, "returning is a share from 0 to 1"),
        (["-o", "x", "--returning", "nan"], 2, "'returning' is a number"),
        (["-o", "x", "--clock", "soon"], 2, "'clock' is a date"),
        (["-o", "x", "--days", "0"], 2, "has 0 days"),
        (["-o", "x", "--days", "9999999"], 2, "1 to 36,525 will do"),
        (["-o", "x", "--clock", "0001-01-03"], 2, "between the years 1 and 9999"),
        (["-o", "x", "--sessions-per-day", "99999999999"], 2, "2,147,483,647 will do"),
        (["-o", "x", "--sessions-per-day", "-1"], 2, "sessions_per_day is 0 or more"),
        (["-o", "x", "--timezone", "Mars"], 2, "unknown time zone 'Mars'"),
        (["-o", "x", "--uplift", "5"], 2, "has no experiment"),
        (["-o", "x", "--products", "none.yaml"], 3, "not a readable catalog"),
        (["-o", "x", "--users", "none.json"], 3, "not a readable list of users"),
        (["--show", "mine.toml"], 2, "no scenario 'mine.toml'"),
        (["--to-amplitude", "localhost"], 5, "FUNNELKIT_AMPLITUDE_API_KEY"),
        (["--to-amplitude", "localhost", "--api-key", "abc"], 2, "a server's address looks like"),
    ],
)
def test_what_is_wrong_is_said_with_the_right_exit_code(
    tmp_path, capsys, monkeypatch, arguments, code, message
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FUNNELKIT_AMPLITUDE_API_KEY", raising=False)
    assert run(["simulate", *arguments]) == code
    said = capsys.readouterr()
    assert message in said.err
    assert said.out == ""
    assert list(tmp_path.iterdir()) == []
