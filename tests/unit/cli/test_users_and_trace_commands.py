"""`funnelkit users` and `funnelkit trace`: lists on stdout or in a file, and what is refused."""

from __future__ import annotations

import csv
import io
import json

import polars as pl
import pytest

from funnelkit.cli.run import run

EVENTS = [
    ("anna", 0, "View", "pro"),
    ("anna", 5.5, "Add", "pro"),
    ('[bold] b, "b"', 60, "View", "free"),
    ("cleo", 90_000, "View", "pro"),
]  # fmt: skip
STEPS = ("--steps", "View > Add")


@pytest.fixture
def events(tmp_path):
    path = tmp_path / "events.jsonl"
    lines = [
        {
            "user_id": user,
            "time": int(seconds * 1000),
            "event_type": event_type,
            "event_properties": {"plan": plan},
        }
        for user, seconds, event_type, plan in EVENTS
    ]
    path.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    return str(path)


@pytest.fixture
def command(events, capfdbinary):
    """Run a command on the events; return exit code, stdout and stderr."""

    def command(name, *arguments):
        code = run([name, events, *arguments])
        out, err = capfdbinary.readouterr()
        return code, out.decode(), err.decode()

    return command


def test_the_table_has_the_definition_the_bar_and_a_line_for_each(command):
    code, out, err = command("users", *STEPS, "--lost-before", "2", "--timezone", "Asia/Tokyo")
    assert (code, err) == (0, "")
    assert out.startswith("steps    View > Add\n")
    assert out.endswith(
        "bar      lost before step 2, all users\n"
        "\n"
        "2 users\n"
        "user_id        entered              steps     took\n"
        '[bold] b, "b"  1970-01-01 09:01:00      1\n'
        "cleo           1970-01-02 10:00:00      1\n"
    )


def test_long_names_leave_the_line_at_80_columns(tmp_path, capfdbinary):
    path = tmp_path / "events.jsonl"
    line = {"time": 0, "event_type": "A", "event_properties": {"p": "y" * 50, "q": "ż" * 50}}
    path.write_text(json.dumps(line | {"user_id": "x" * 50}), "utf-8")
    asked = ("--hold", "p", "--group-by", "q", "--reached", "1")
    assert run(["users", str(path), "--steps", "A", *asked]) == 0
    lines = capfdbinary.readouterr().out.decode().splitlines()
    assert max(map(len, lines)) <= 80
    assert "xxx…" in lines[-1]


def test_csv_has_raw_times_in_utc(command):
    _, out, _ = command("users", *STEPS, "--reached", "2", "-f", "csv")
    assert list(csv.DictReader(io.StringIO(out))) == [
        {
            "user_id": "anna",
            "steps": "2",
            "step_1": "1970-01-01T00:00:00.000000+00:00",
            "step_2": "1970-01-01T00:00:05.500000+00:00",
        }
    ]


@pytest.mark.parametrize("large", [False, True], ids=["small", "large"])
def test_the_ending_of_the_file_decides_the_format(command, tmp_path, monkeypatch, large):
    if large:
        monkeypatch.setattr("funnelkit.engine.select.SMALL", -1)
    asked = ("users", *STEPS, "--reached", "1", "--exclude", "Other", "-o")
    for ending in ("parquet", "csv", "json"):
        code, out, _ = command(*asked, str(tmp_path / f"list.{ending}"))
        assert (code, out) == (0, "")
    parquet = pl.read_parquet(tmp_path / "list.parquet")
    with (tmp_path / "list.csv").open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    said = json.loads((tmp_path / "list.json").read_text("utf-8"))["users"]
    assert parquet["user_id"].to_list() == [line["user_id"] for line in lines]
    assert parquet["user_id"].to_list() == [line["user_id"] for line in said]
    assert parquet["step_1"].dt.to_string("%s").to_list() == ["0", "60", "90000"]
    assert [line["step_2"] for line in lines] == ["1970-01-01T00:00:05.500000+00:00", "", ""]
    assert [line["excluded"] for line in lines] == ["false"] * 3


def test_a_parquet_file_of_something_else_is_refused(command, tmp_path):
    target = str(tmp_path / "list.parquet")
    code, _, err = command("users", *STEPS, "--reached", "1", "-o", target, "-f", "csv")
    assert code == 2
    assert "leave out --format csv" in err


def test_a_bar_is_picked_by_segment_group_and_interval(command):
    _, out, _ = command(
        *("users", *STEPS, "--reached", "1", "-f", "csv", "--interval", "day"),
        *("--segment", "pro: plan is pro", "--segment", "free: plan is free"),
        *("--segment-name", "pro", "--group-by", "plan", "--group", "pro"),
        *("--in-interval", "1970-01-02"),
    )
    assert [line["user_id"] for line in csv.DictReader(io.StringIO(out))] == ["cleo"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "say which bar is meant: --reached STEP or --lost-before STEP"),
        (("--reached", "5"), "step 5 cannot be reached: the funnel has 2 steps"),
        (("--reached", "two"), "Invalid value for '--reached'"),
        (("--reached", "1", "--in-interval", "monday"), "the funnel has no intervals"),
        (("--reached", "1", "--group", "x"), "the funnel is not grouped"),
    ],
)
def test_a_bar_that_is_not_there_ends_with_2(command, arguments, words):
    code, out, err = command("users", *STEPS, *arguments)
    assert (code, out) == (2, "")
    assert words in err


def test_what_may_be_wrong_is_said_on_stderr(command):
    code, _, err = command("users", "--steps", "View > add", "--reached", "2")
    assert code == 0
    assert "warning: step 2: no event of the type 'add' was read. Did you mean 'Add'?" in err


def test_a_trace_shows_events_attempts_and_the_verdict(command):
    code, out, err = command("trace", *STEPS, "--user", "anna", "--group-by", "plan")
    assert (code, err) == (0, "")
    assert out.endswith(
        "traced   anna, among all users: 2 events\n"
        "\n"
        "unit     user_id anna: counts as a user in steps 1 to 2: converted\n"
        "\n"
        "     time                   event                           fits    fills\n"
        "   1 1970-01-01 00:00:00    View                            1       1\n"
        "     plan = pro\n"
        "   2 1970-01-01 00:00:05.5  Add                             2       2\n"
        "     plan = pro\n"
        "\n"
        "attempts\n"
        "   1 1970-01-01 00:00:00  2 of 2 steps, by events 1, 2\n"
        "     converted\n"
    )


def test_a_trace_says_why_it_went_no_further(command):
    _, out, _ = command(
        "trace", *STEPS, "--user", "cleo", "--window", "1h", "--timezone", "Asia/Tokyo"
    )
    assert out.endswith(
        "attempts\n"
        "   1 1970-01-02 10:00:00  1 of 2 steps, by event 1\n"
        "     window over at 1970-01-02 11:00:00\n"
        "     step 2, Add never came\n"
    )


def test_a_trace_as_json_has_numbers_for_everything(command):
    _, out, _ = command("trace", *STEPS, "--user", "anna", "-f", "json")
    said = json.loads(out)
    assert said["schema"] == "funnelkit.trace/1"
    (unit,) = said["units"]
    assert unit["unit"] == {"user_id": "anna"}
    assert [event["fills"] for event in unit["events"]] == [[1], [2]]
    assert unit["attempts"] == [
        {
            "entered": "1970-01-01T00:00:00+00:00",
            "window_over": "1970-01-31T00:00:00+00:00",
            "steps": 2,
            "events": [1, 2],
            "counts": True,
            "stopped": None,
        }
    ]


def test_an_unknown_user_ends_with_3_and_the_nearest_id(command):
    code, out, err = command("trace", *STEPS, "--user", "ana")
    assert (code, out) == (3, "")
    assert err == "error: no event has the user 'ana'. Did you mean 'anna'?\n"
