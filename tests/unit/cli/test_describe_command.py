"""`funnelkit describe`."""

import json

import pytest
from typer.testing import CliRunner

from funnelkit.cli.app import application
from funnelkit.cli.run import run

NASTY = "[/x] [bold]\x1b[31m\n| A" + "n" * 500


@pytest.fixture(name="events")
def _events(tmp_path):
    path = tmp_path / "events.jsonl"
    event = {"time": 1, "user_id": "u", "event_type": NASTY, "event_properties": {NASTY: NASTY}}
    path.write_text(json.dumps(event))
    return path


def describe(*arguments):
    result = CliRunner().invoke(application(), ["describe", *map(str, arguments)])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_nasty_name_stays_on_its_line_and_is_only_text(events):
    table = describe(events)
    assert "\x1b" not in table
    assert "[/x] [bold]\\x1b" in table
    assert all(len(line) <= 80 for line in table.splitlines()[1:])


def test_markdown_cells_hold_nothing_that_markdown_reads(events):
    row = describe(events, "--format", "markdown").splitlines()[4]
    assert row.startswith(r"| \[/x\] \[bold\]\\x1b\[31m\\n\| A")
    assert row.count(" | ") == 4


def test_json_has_names_and_values_in_full(events):
    content = json.loads(describe(events, "--format", "json"))
    [event] = content["event_types"]
    assert content["schema"] == "funnelkit.describe/1"
    assert (content["first"], event["event_type"]) == ("1970-01-01T00:00:00.001000Z", NASTY)
    assert event["properties"][0]["top"] == [{"value": NASTY, "events": 1}]


def test_the_plan_is_compared(events):
    said = describe(events, "--plan")
    assert "events and tracking plan differ in 12 points:" in said
    assert "nobody sent 'ProductViewed', which is planned" in said


def test_another_plan_can_be_given(events, tmp_path):
    plan = tmp_path / "plan.toml"
    plan.write_text("")
    assert "differ in 1 points" in describe(events, "--plan-file", plan)


def test_a_missing_file_ends_with_three(capfd):
    assert run(["describe", "nowhere.parquet"]) == 3
    assert "there is no file nowhere.parquet" in capfd.readouterr().err


def test_notes_go_to_stderr(tmp_path, capfd):
    path = tmp_path / "a.csv"
    path.write_text("user,event_type,event_time\nu,A,2020-05-02\n")
    assert run(["describe", str(path)]) == 0
    out, err = capfd.readouterr()
    assert "note: user_id is read from the column 'user'" in err
    assert "is read from" not in out
