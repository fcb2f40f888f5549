import gzip
import json
import threading
import tomllib
from http.server import BaseHTTPRequestHandler, HTTPServer

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
        (["-o", "x", "--api-key", "abc"], 2, "--api-key is about sending"),
        (["-o", "x", "--api-key-file", "k"], 2, "--api-key-file is about sending"),
        (["-o", "x", "--resume-from", "1000"], 2, "--resume-from is about sending"),
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


def test_a_folder_with_other_events_is_left_as_it_is(tmp_path, capsys):
    assert run(["simulate", "-o", str(tmp_path), "--days", "1"]) == 0
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    capsys.readouterr()
    assert run(["simulate", "workshop-experiment", "-o", str(tmp_path), "--days", "1"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "already holds post.parquet, pre.parquet, which would stay" in said.err
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_a_file_in_the_place_of_the_folder_is_a_usage_error(tmp_path, capsys):
    taken = tmp_path / "taken"
    taken.write_text("mine")
    assert run(["simulate", "-o", str(taken), "--days", "1"]) == 2
    assert f"cannot write {taken}: File exists" in capsys.readouterr().err
    assert taken.read_text() == "mine"


@pytest.mark.parametrize(
    ("clock", "options", "said"),
    [
        ("2026-03-30", "", "post: 100 sessions were asked for; the clocks change, and it has 23"),
        ("2026-10-26", "", "post: 100 sessions were asked for; the clocks change, and it has 25"),
        (
            "2026-03-30",
            "--sessions-per-day 50",
            "each hour gets the whole part of its share; the clocks change, and it has 23 hours\n",
        ),
        (
            "2026-03-20",
            "--sessions-per-day 10",
            "post: 10 sessions were asked for; each hour gets the whole part of its share\n",
        ),
    ],
)
def test_another_number_of_sessions_than_asked_for_is_explained(
    tmp_path, capsys, clock, options, said
):
    zone = ["--timezone", "Europe/Berlin", "--clock", clock, "--days", "1"]
    assert run(["simulate", "-o", str(tmp_path), *zone, *options.split()]) == 0
    assert said in capsys.readouterr().err


def test_a_resumption_beyond_the_end_is_refused(capsys, server):
    url = f"http://127.0.0.1:{server.server_port}"
    sending = ["--to-amplitude", url, "--api-key", "d0c7e5f1a2b3", "--resume-from", "999999"]
    assert run(["simulate", "--days", "1", *sending]) == 2
    assert "leaves out 999,999 events, but there are only" in capsys.readouterr().err
    assert server.events == 0


class Counting(BaseHTTPRequestHandler):
    """Accepts events, and counts them; refuses whoever has another key."""

    def do_POST(self):
        body = gzip.decompress(self.rfile.read(int(self.headers["Content-Length"])))
        request = json.loads(body)
        known = request["api_key"] == "d0c7e5f1a2b3"
        self.server.events += len(request["events"]) if known else 0
        self.send_response(200 if known else 400)
        self.end_headers()
        told = {"code": 200, "events_ingested": len(request["events"])}
        refusal = f"Invalid API key: {request['api_key']}"
        self.wfile.write((json.dumps(told) if known else refusal).encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with HTTPServer(("127.0.0.1", 0), Counting) as server:
        server.events = 0
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_events_are_sent_and_the_key_is_not_shown(tmp_path, capsys, server):
    key = tmp_path / "key.yaml"
    key.write_text("api_key: d0c7e5f1a2b3\n")
    url = f"http://127.0.0.1:{server.server_port}"
    arguments = ["simulate", "--days", "2", "--to-amplitude", url, "--resume-from", "100"]
    assert run([*arguments, "--api-key-file", str(key)]) == 0
    said = capsys.readouterr()
    assert said.out == f"{server.events} events accepted in 1 request\n"
    assert server.events > 500
    assert "d0c7e5f1a2b3" not in said.out + said.err


def test_a_wrong_key_is_not_shown_either(capsys, monkeypatch, server):
    monkeypatch.setenv("FUNNELKIT_AMPLITUDE_API_KEY", "wrong-key-0815")
    url = f"http://127.0.0.1:{server.server_port}"
    assert run(["simulate", "--days", "1", "--to-amplitude", url]) == 5
    said = capsys.readouterr()
    assert "refused the events: 400 Invalid API key: (the key)" in said.err
    assert "0815" not in said.out + said.err
