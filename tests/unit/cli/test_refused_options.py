"""Options that are refused, with what would do; and a window that is echoed as it was asked for."""

import json

import pytest

from funnelkit.cli.run import run

EVENTS = [
    {"user_id": "u", "time": 0, "event_type": "A", "session_id": 1, "event_properties": {"p": "x"}},
    {"user_id": "u", "time": 5, "event_type": "B", "session_id": 1, "event_properties": {"p": "x"}},
    {"user_id": "v", "time": 0, "event_type": "A", "session_id": 2, "event_properties": {"p": "y"}},
]
TWICE = "seconds=floor", "--setting", "seconds=round"


@pytest.fixture
def told(tmp_path, capfd):
    """Run a command on the events; return exit code, stdout and stderr."""
    path = tmp_path / "events.jsonl"
    path.write_text("\n".join(map(json.dumps, EVENTS)), "utf-8")

    def command(name, *options):
        code = run([name, str(path), "--steps", "A > B", *options])
        return code, *capfd.readouterr()

    return command


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ["users", "--reached", "1", "--group-by", "p", "--group", "nope"],
            "there is no group 'nope'. There are x, y, Did not reach step.",
        ),
        (
            ["report", "--group-by", "p", "--compare-to", "group nope"],
            "there is no group 'nope'. There are x, y.",
        ),
        (["report", "--exclude", "D betwen 1 and 2"], "Write Refund between 1 and 2"),
        (["report", "--exclude", "D within 1 and 2"], "Write Refund between 1 and 2"),
        (["report", "--setting", *TWICE], "the setting seconds is given twice: floor and round"),
        (["report", "--hold", "p", "--hold", "p"], "the property p is held twice"),
    ],
    ids=lambda value: value if isinstance(value, str) else value[-1],
)
def test_a_refusal_says_what_would_do(told, arguments, words):
    code, out, err = told(*arguments)
    assert (code, out) == (2, "")
    assert words in err


def test_the_same_choice_of_a_setting_twice_is_one(told):
    assert told("report", "--setting", "seconds=round", "--setting", "seconds=round")[0] == 0


def test_a_window_of_a_session_is_echoed_as_one(told):
    code, out, _ = told("report", "--window", "session")
    assert code == 0
    words = "window one session: held [Amplitude] Session ID, from step 1 to the last"
    assert words in " ".join(out.split())
