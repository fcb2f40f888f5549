"""`funnelkit report`: data on stdout, talk on stderr, and the exit code."""

import csv
import io
import json

import pytest

from funnelkit.cli.run import run

STEPS = ("--steps", "View > Add")
EVENTS = [
    {"user_id": "u", "time": 0, "event_type": "View", "event_properties": {"plan": "pro"}},
    {"user_id": "u", "time": 5_000, "event_type": "Add"},
    {"user_id": "v", "time": 0, "event_type": "View", "event_properties": {"plan": "free"}},
    {"user_id": "w", "time": 90_000_000, "event_type": "View"},
]


@pytest.fixture
def events(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_text("\n".join(map(json.dumps, EVENTS)), "utf-8")
    return str(path)


@pytest.fixture
def report(events, capfdbinary):
    """Run the command; return exit code, stdout and stderr."""

    def command(*arguments):
        code = run(["report", events, *arguments])
        out, err = capfdbinary.readouterr()
        return code, out.decode(), err.decode()

    return command


def counts(out):
    return [[step["count"] for step in segment["steps"]] for segment in json.loads(out)["segments"]]


def test_a_table_with_the_definition_is_printed(report, events):
    code, out, err = report(*STEPS)
    assert (code, err) == (0, "")
    assert out.startswith("steps    View > Add\n")
    assert "conversion 33.3 %, in 5s on average" in out
    assert "window   30d (default)" in out
    assert f"{events}:4events" in "".join(out.split())


def test_every_option_reaches_the_definition(report):
    code, out, _ = report(
        *("--step", "View", "--step", "Add", "--where", "plan is not (none)"),
        *("--where-every-step", "other is (none)", "--segment", "pro: plan is pro"),
        *("--from", "1970-01-01", "--to", "1970-01-02", "--timezone", "Asia/Tokyo"),
        *("--window", "7d", "--unit", "session", "--group-by", "plan"),
        *("--resolution", "millisecond", "--format", "json"),
    )
    assert code == 0
    funnel = json.loads(out)["funnel"]
    assert funnel["steps"] == [
        "View[plan is not (none) and other is (none)]",
        "Add[other is (none)]",
    ]
    assert funnel["segments"] == {"pro": "plan is pro"}
    assert (funnel["from"], funnel["to"]) == ("1970-01-01", "1970-01-02")
    assert (funnel["timezone"], funnel["window"]) == ("Asia/Tokyo", "7d")
    assert (funnel["unit"], funnel["group_by"]) == ("session", "plan")
    assert funnel["resolution"] == "millisecond"
    assert counts(out) == [[1, 1]]


def test_each_format_says_the_same(report):
    _, out, _ = report(*STEPS, "-f", "json")
    assert counts(out) == [[3, 1]]
    _, out, _ = report(*STEPS, "-f", "csv")
    assert [row["count"] for row in csv.DictReader(io.StringIO(out))] == ["3", "1"]
    _, out, _ = report(*STEPS, "-f", "markdown")
    assert "| 2 | Add | 1 | 33.3 % |" in out


@pytest.mark.parametrize("form", ["table", "json", "csv", "markdown"])
def test_a_file_gets_the_bytes_that_stdout_would(events, tmp_path, capfdbinary, form):
    target = tmp_path / "answer"
    assert run(["report", events, *STEPS, "-f", form]) == 0
    printed = capfdbinary.readouterr().out
    assert run(["report", events, *STEPS, "-f", form, "-o", str(target)]) == 0
    assert capfdbinary.readouterr().out == b""
    assert target.read_bytes() == printed


def test_doubts_and_notes_are_talk(report):
    code, out, err = report("--steps", "View > add", "-f", "json")
    assert code == 0
    assert "warning: step 2: no event of the type 'add' was read. Did you mean 'Add'?" in err
    assert json.loads(out)["warnings"]


def test_an_assertion_that_holds_is_silent(report):
    code, _, err = report(*STEPS, "--assert", "conversion > 33%", "--assert", "step 1 == 3 users")
    assert (code, err) == (0, "")


def test_an_assertion_that_fails_ends_with_1_after_the_report(report):
    code, out, err = report(*STEPS, "--assert", "conversion > 34%")
    assert code == 1
    assert "conversion 33.3 %" in out
    assert "conversion > 34% does not hold in all users: it is 33.33333333%" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "a funnel needs steps"),
        (("--steps", "View >"), "View >"),
        ((*STEPS, "--step", "View"), "give --steps or --step, not both"),
        ((*STEPS, "--where", "plan si pro"), "plan si pro"),
        ((*STEPS, "--window", "7 parsecs"), "7 parsecs"),
        ((*STEPS, "--from", "yesterday"), "yesterday"),
        ((*STEPS, "--from", "2020-05-02", "--to", "2020-05-01"), "ends before it starts"),
        ((*STEPS, "--timezone", "Mars/Olympus"), "unknown time zone 'Mars/Olympus'"),
        ((*STEPS, "--unit", "device"), "'device'"),
        ((*STEPS, "--format", "xml"), "'xml'"),
        ((*STEPS, "--assert", "conversion > 30"), "a unit is missing"),
        ((*STEPS, "--assert", "step 9 > 30 users"), "the funnel has 2 steps"),
        ((*STEPS, "--funnel", "nowhere.toml:x"), "nowhere.toml"),
        ((*STEPS, "--stesp", "x"), "--stesp"),
        ((*STEPS, "-o", "no/such/folder/file"), "cannot write"),
    ],
)
def test_a_wrong_definition_ends_with_2_and_says_what_is_wrong(report, arguments, words):
    code, _, err = report(*arguments)
    assert code == 2
    assert words in err
    assert "rror: " in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("nowhere.parquet", None, "nowhere.parquet"),
        ("cut.parquet", b"PAR1 and no more", "cut.parquet"),
        ("cut.jsonl", b'{"user_id": "u", "time": 0, "event_ty', "cut.jsonl"),
        ("time.jsonl", b'{"user_id": "u", "time": "soon", "event_type": "A"}', "soon"),
        ("ids.csv", b"event_type,event_time\nView,2020-05-02\n", "user"),
    ],
)
def test_events_that_cannot_be_read_end_with_3(tmp_path, capfd, name, content, words):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    assert run(["report", str(path), *STEPS]) == 3
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("error: ")
    assert words in err
    assert "Traceback" not in err
