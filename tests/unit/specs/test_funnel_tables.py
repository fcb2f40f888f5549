"""A funnel as plain values, as reports carry it."""

import json
from datetime import timedelta

import pytest

from funnelkit.errors import DefinitionError
from funnelkit.model import Funnel
from funnelkit.model.settings import setting_choices
from funnelkit.specs.steps import parse_segment, parse_steps
from funnelkit.specs.tables import funnel_from_dict, funnel_to_dict


def test_every_default_is_spelt_out():
    assert funnel_to_dict(Funnel(steps=parse_steps("A[x is 1] > B | C"))) == {
        "name": None,
        "steps": ["A[x is 1]", "B | C"],
        "segments": {},
        "from": None,
        "to": None,
        "last": None,
        "offset": None,
        "exclude_incomplete": False,
        "exclude_weekday": [],
        "time_of_day": None,
        "timezone": "UTC",
        "window": "30d",
        "window_is_default": True,
        "order": "this",
        "count_by": "uniques",
        "unit": "user",
        "users": "active",
        "hold": [],
        "exclude": [],
        "group_by": None,
        "group_limit": None,
        "resolution": "second",
        "where_every_event": None,
        "optional_step": None,
        "compare_event": [],
        "custom_events": {},
        "inactive_events": [],
        "interval": None,
        "time_to_convert": False,
        "bins": None,
        "frequency": False,
        "sum": None,
        "by_age": False,
        "settings": {name: choices[0] for name, choices in setting_choices().items()},
    }


def test_everything_that_a_funnel_says_stands_in_its_table():
    table = {
        "steps": ["A[historical count is 2]", "B", "ce:Big Spender"],
        "segments": {"big": "user.plan is pro and performed(C | D[x > 1]) >= 3 in 30d"},
        "last": "30d",
        "offset": "7d",
        "exclude_incomplete": True,
        "exclude_weekday": ["saturday", "sunday"],
        "time_of_day": "09:00..17:30",
        "window": "366d",
        "count_by": "totals",
        "unit": "group.company",
        "users": "new on first day",
        "hold": ['"[Amplitude] Session ID"', "item_id"],
        "exclude": ["C[x is 1] | D between 1 and 2"],
        "group_by": ["2: city", "2: user.plan"],
        "group_limit": 20,
        "where_every_event": "platform is Web",
        "optional_step": 2,
        "compare_event": ["1: A2[x is 1]"],
        "custom_events": {"Big Spender": "C[price > 99] | D"},
        "inactive_events": ["Ping"],
        "interval": "week",
        "time_to_convert": True,
        "bins": "0s..1h/10s",
        "frequency": True,
        "sum": "price",
        "by_age": True,
        "settings": {"seconds": "round"},
    }
    written = funnel_to_dict(funnel_from_dict(table))
    assert {key: written[key] for key in table if key != "settings"} == {
        key: value for key, value in table.items() if key != "settings"
    }
    assert written["settings"]["seconds"] == "round"


def test_a_table_survives_json():
    funnel = Funnel(
        name="a",
        steps=parse_steps("A > B"),
        segments=(parse_segment("all:"), parse_segment("b: x is 1")),
        window=timedelta(days=30),
    )
    table = json.loads(json.dumps(funnel_to_dict(funnel)))
    assert table["window_is_default"] is False
    assert funnel_from_dict(table) == funnel


def test_only_steps_are_mandatory():
    assert funnel_from_dict({"steps": "A > B"}) == Funnel(steps=parse_steps("A > B"))


def test_everything_that_is_wrong_is_said_in_one_go():
    with pytest.raises(DefinitionError) as raised:
        funnel_from_dict({"step": "A", "window": "7"}, source="here")
    assert str(raised.value).split("\n") == [
        "here: step: unknown key 'step'. Did you mean 'steps'?",
        'here: a funnel needs steps = "A > B"',
        "here: window: window '7' is no duration: a unit is missing; for days write 7d",
    ]


def test_too_many_steps_are_a_problem_of_the_steps():
    with pytest.raises(DefinitionError, match=r"here: steps: a funnel has 1 to 62 steps; got 63"):
        funnel_from_dict({"steps": ["A"] * 63}, source="here")
