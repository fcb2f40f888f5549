"""The options that define a funnel, in every command that takes one."""

import inspect
import json

import pytest
from typer.main import get_command

from funnelkit.cli.app import application
from funnelkit.cli.definition import GROUPS, MEASURES, RELATIVE, defines_a_funnel, definition
from funnelkit.cli.run import run

EVENTS = [
    {"user_id": "u", "time": 1_000, "event_type": "B", "event_properties": {"item": "x"}},
    {"user_id": "u", "time": 5_000, "event_type": "A", "event_properties": {"item": "x"}},
    {"user_id": "v", "time": 1_000, "event_type": "A", "event_properties": {"item": "y"}},
    {"user_id": "v", "time": 5_000, "event_type": "B", "event_properties": {"item": "z"}},
]


def offered(command):
    return {
        parameter.name for parameter in get_command(application(command)).commands[command].params
    }


@pytest.fixture
def events(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_text("\n".join(map(json.dumps, EVENTS)), "utf-8")
    return str(path)


def test_a_report_offers_everything():
    assert set(inspect.signature(definition).parameters) <= offered("report")


@pytest.mark.parametrize(
    ("command", "missing"),
    [
        ("verify", {*MEASURES, "optional_step", "compare_event"}),
        ("compare", {*MEASURES, *GROUPS, *RELATIVE, "segment", "count_by"}),
        ("sql", {*MEASURES, *RELATIVE, "exclude", "count_by"}),
    ],
)
def test_a_command_offers_nothing_that_it_cannot_honour(command, missing):
    assert not missing & offered(command)
    assert {"steps", "funnel", "order", "window", "hold", "custom_event"} <= offered(command)


def test_only_what_was_given_reaches_the_command():
    received = {}

    @defines_a_funnel(without=("frequency",))
    def command(events, output=None, **said):
        received.update(said, events=events, output=output)

    names = list(inspect.signature(command).parameters)
    assert names[:3] == ["events", "funnel", "steps"]
    assert (names[-1], "frequency" in names) == ("output", False)
    given = dict.fromkeys(names[1:]) | {"events": "e", "step": ["A", "B"], "group_limit": 0}
    command(**given)
    assert received == {"events": "e", "output": None, "steps": ["A", "B"], "group_limit": 0}


def test_verify_counts_in_the_order_that_was_asked_for(events, capfd):
    arguments = ["verify", events, "--steps", "A > B", "--window", "1d"]
    assert run([*arguments, "--expect", "2, 1"]) == 0
    assert run([*arguments, "--expect", "2, 2", "--order", "any"]) == 0
    assert run([*arguments, "--expect", "2, 1", "--order", "any", "--hold", "item"]) == 0
    assert run([*arguments, "--expect", "2, 0", "--hold", "item"]) == 0
    capfd.readouterr()


def test_an_option_that_a_command_cannot_honour_ends_with_2(events, capfd):
    assert run(["compare", events, "--steps", "A > B", "--group-by", "item"]) == 2
    assert "--group-by" in capfd.readouterr().err
