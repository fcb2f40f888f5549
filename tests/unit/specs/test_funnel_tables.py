"""A funnel as plain values, as reports carry it."""

import json
from datetime import timedelta

import pytest

from funnelkit.errors import DefinitionError
from funnelkit.model import Funnel
from funnelkit.specs.steps import parse_segment, parse_steps
from funnelkit.specs.tables import funnel_from_dict, funnel_to_dict


def test_every_default_is_spelt_out():
    assert funnel_to_dict(Funnel(steps=parse_steps("A[x is 1] > B | C"))) == {
        "name": None,
        "steps": ["A[x is 1]", "B | C"],
        "segments": {},
        "from": None,
        "to": None,
        "timezone": "UTC",
        "window": "30d",
        "window_is_default": True,
        "order": "this",
        "count_by": "uniques",
        "unit": "user",
        "group_by": None,
        "resolution": "second",
    }


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
