"""`funnelkit verify`: exit 0 where every count holds, 1 where one differs."""

import json

import pytest

from funnelkit.cli.run import run

DEFINED = ("--steps", "View > Add", "--window", "30d")
EVENTS = [
    {"user_id": "u", "time": 0, "event_type": "View"},
    {"user_id": "u", "time": 5_000, "event_type": "Add"},
    {"user_id": "v", "time": 0, "event_type": "View"},
]


@pytest.fixture
def verify(tmp_path, capfdbinary):
    """Run the command; return exit code, stdout and stderr."""
    path = tmp_path / "events.jsonl"
    path.write_text("\n".join(map(json.dumps, EVENTS)), "utf-8")

    def command(*arguments):
        code = run(["verify", str(path), *arguments])
        out, err = capfdbinary.readouterr()
        return code, out.decode(), err.decode()

    return command


def test_counts_that_hold_end_with_0_and_say_what_was_in_force(verify):
    code, out, err = verify(*DEFINED, "--expect", "2, 1", "--timezone", "Asia/Tokyo")
    assert (code, err) == (0, "")
    assert out.endswith("ok: 2 > 1\n")
    assert "window   30d from step 1 to the last" in out
    assert "dates    every date (time zone Asia/Tokyo)" in out


def test_a_count_that_differs_by_one_ends_with_1_and_a_table(verify):
    code, out, err = verify(*DEFINED, "--expect", "2, 2")
    assert code == 1
    assert "! 2 Add" in out
    assert ["!", "2", "Add", "2", "1", "-1"] in [line.split() for line in out.splitlines()]
    assert err == (
        "failed: the counts differ at step 2; no lock says how things were when the numbers held "
        "(funnelkit lock)\n"
    )


def test_a_failure_without_a_lock_says_what_cannot_be_told_apart_and_how_to_make_one(verify):
    _, out, _ = verify(*DEFINED, "--expect", "2, 2")
    said = " ".join(out.split())
    assert "cause no lock says how things were when the numbers held" in said
    assert "the definition, the events, funnelkit or Amplitude's numbers may have changed" in said
    assert "funnelkit lock EVENTS --steps … -o NAME.lock.json" in said
    assert "why none of" in said or "why candidate:" in said
    _, ok, _ = verify(*DEFINED, "--expect", "2, 1")
    assert "cause" not in ok


def test_json_carries_the_verdict(verify):
    code, out, _ = verify(*DEFINED, "--expect", "2 > 2", "--format", "json")
    assert code == 1
    assert json.loads(out)["ok"] is False


def test_a_file_gets_what_stdout_would_whatever_the_verdict(verify, tmp_path):
    target = tmp_path / "verdict.txt"
    _, printed, _ = verify(*DEFINED, "--expect", "2, 2")
    code, out, _ = verify(*DEFINED, "--expect", "2, 2", "-o", str(target))
    assert (code, out) == (1, "")
    assert target.read_bytes().decode() == printed


def test_the_funnel_file_holds_definition_and_expectation(verify, tmp_path):
    path = tmp_path / "funnels.toml"
    path.write_text(
        '[funnels.good]\nsteps = "View > Add"\nwindow = "1d"\nexpect = [2, 1]\n'
        '[funnels.bad]\nsteps = "View > Add"\nwindow = "1d"\nexpect = [3, 1]\n'
    )
    assert [verify("--funnel", f"{path}:{name}")[0] for name in ("good", "bad")] == [0, 1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--steps", "View > Add", "--expect", "2, 1"), "say --window 30d"),
        (DEFINED, "nothing is expected: give --expect"),
        ((*DEFINED, "--expect", "2"), "2 steps have 2 counts, not 1"),
        ((*DEFINED, "--expect", "1, 2"), "no funnel can have these counts"),
        ((*DEFINED, "--expect", "two, one"), "got 'two'"),
        ((*DEFINED, "--expect", "2, 1", "--format", "csv"), "'csv'"),
    ],
)
def test_a_wrong_definition_ends_with_2(verify, arguments, words):
    code, out, err = verify(*arguments)
    assert (code, out) == (2, "")
    assert words in err
    assert "Traceback" not in err


def test_warnings_are_talk(verify):
    code, _, err = verify("--steps", "View > add", "--window", "1d", "--expect", "2, 0")
    assert code == 0
    assert err.startswith("warning: step 2: no event of the type 'add'")


def test_the_stated_end_of_the_data_stands_above_the_counts(verify):
    code, out, _ = verify(*DEFINED, "--expect", "2, 1", "--data-end", "1970-01-02")
    assert code == 0
    assert "data to 1970-01-02T23:59:59 UTC" in " ".join(out.split())


@pytest.mark.parametrize(
    "command",
    [
        ["report", *DEFINED],
        ["report", *DEFINED, "--interval", "day"],
        ["verify", *DEFINED, "--expect", "2, 1"],
        ["users", *DEFINED, "--reached", "1"],
        ["trace", *DEFINED, "--user", "u"],
        ["drivers", *DEFINED],
    ],
    ids=" ".join,
)
def test_data_that_goes_on_after_its_stated_end_is_refused(tmp_path, capfd, command):
    path = tmp_path / "events.jsonl"
    path.write_text("\n".join(map(json.dumps, EVENTS)), "utf-8")
    name, *options = command
    assert run([name, str(path), *options, "--data-end", "1970-01-01T00:00:05"]) == 2
    assert (
        "the data goes on after its stated end 1970-01-01T00:00:05: its last event is of "
        "1970-01-01T00:00:05 UTC"
    ) in capfd.readouterr().err


def test_where_the_data_ends_is_said_only_if_it_plays_a_part(tmp_path, capfd):
    path = tmp_path / "events.jsonl"
    path.write_text("\n".join(map(json.dumps, EVENTS)), "utf-8")
    run(["report", str(path), *DEFINED])
    assert "data to" not in " ".join(capfd.readouterr().out.split())
    run(["report", str(path), *DEFINED, "--by-age"])
    assert "data to 1970-01-01T00:00:05 UTC" in " ".join(capfd.readouterr().out.split())
