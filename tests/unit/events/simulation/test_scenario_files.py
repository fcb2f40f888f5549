import re
from fractions import Fraction

import pytest

from funnelkit.errors import DataError, DefinitionError
from funnelkit.events.simulation import simulate
from funnelkit.events.simulation.scenario_files import (
    SHIPPED,
    load_scenario,
    parse_scenario,
    scenario_text,
)

SMALL = """
clock = 2026-01-02
hours = [100, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
go_on = [0.5]
[[periods]]
name = "only"
days = 1
templates = { one = 3, two = 1 }
[templates]
one = ["A", "B"]
two = ["A"]
[events.A]
where = "shop"
"""


def parse(text):
    return parse_scenario(text, name="small", source="small.toml")


@pytest.mark.parametrize("name", SHIPPED)
def test_a_copy_of_a_shipped_scenario_makes_the_same_events(name, tmp_path):
    copy = tmp_path / f"{name}.toml"
    copy.write_text(scenario_text(name), encoding="utf-8")
    settings = {"seed": 5, "days": 2}
    assert simulate(copy, **settings).content_hash() == simulate(name, **settings).content_hash()


def test_a_small_scenario_says_what_it_says():
    scenario = parse(SMALL)
    period = scenario.periods[0]
    assert [template.name for template in period.templates] == ["one", "two"]
    assert list(dict(period.shares()).values()) == [Fraction(3, 4), Fraction(1, 4)]
    assert scenario.returning == Fraction(1, 2)
    assert scenario.end.isoformat() == "2026-01-02T00:00:00+00:00"
    store = simulate(scenario, seed=1)
    assert {value["where"] for value in store.events["event_properties"] if value["where"]} == {
        "shop"
    }


def test_decimals_mean_what_is_written():
    assert parse(SMALL.replace("[0.5]", "[0.1]")).go_on == (Fraction(1, 10),)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("go_on", "goon", "key 'goon' is unknown. Did you mean 'go_on'?"),
        ('name = "only"', "", "period 1: 'name' is missing"),
        ("days = 1", "days = 0", "period 'only' has 0 days"),
        ("days = 1", "days = 1.5", "'days' is a whole number; got 1.5"),
        ("days = 1", "dais = 1", "period 'only': key 'dais' is unknown. Did you mean 'days'?"),
        ("two = 1 }", "tow = 1 }", "no template 'tow'. Did you mean 'two'?"),
        ("{ one = 3, two = 1 }", "[]", "period 'only' has no templates"),
        ("{ one = 3, two = 1 }", "3", "a list of names or a table of weights"),
        ("one = 3", "one = -3", "one weight, 0 or more"),
        ("one = 3, two = 1", "one = 0, two = 0", "at least one weight is above 0"),
        ("[100,", "[90,", "add up to 90, not to 100"),
        ("[100,", "[", "hours has 24 percentages"),
        ("[0.5]", "[1.5]", "go_on has at least one chance"),
        ("[0.5]", '["x"]', "'go_on' is a number; got 'x'"),
        ("[0.5]", "0.5", "'go_on' is a list of numbers"),
        ("2026-01-02", '"never"', "'clock' is a date"),
        ('"shop"', '"{cart.idd}"', "events.A, where: a session has no field 'cart.idd'"),
        ('one = ["A", "B"]', "one = 1", "template 'one' is a list of events"),
        ('name = "only"', 'name = "../up"', "a name has letters, digits"),
        ('name = "only"', 'name = "truth"', "this name belongs to truth.parquet"),
        ("clock", 'platform = "web "\nclock', "got 'web '. Did you mean 'web'?"),
        ("clock", 'timezone = "Europe/Berln"\nclock', "Did you mean 'Europe/Berlin'"),
        ("clock", "returning = 1.5\nclock", "returning is a share from 0 to 1; got 1.5"),
        ("clock", "gap_seconds = [9, 1]\nclock", "gap_seconds is a shortest and a longest"),
        ("clock", "gap_seconds = 9\nclock", "'gap_seconds' is a list of numbers"),
        ("clock", "jitter_seconds = 4000\nclock", "jitter_seconds lies between 0 and 3600"),
        ("clock", "sessions_per_day = -1\nclock", "sessions_per_day is 0 or more"),
        ("clock", "sessions_per_day = true\nclock", "'sessions_per_day' is a whole number"),
        ("clock", 'insert_id = "yes"\nclock', "'insert_id' is true or false"),
        ("clock", "clock = = 1\nclock", "Invalid value"),
        ("[templates]", "[experiment]\nuplfit = 1\n[templates]", "Did you mean 'uplift'?"),
        ("[templates]", "[experiment]\nvariants = ['a']\n[templates]", "variants are two names"),
        ("[templates]", "[experiment]\nvariants = ['a', 'a']\n[templates]", "both variants are"),
        ("[templates]", "[experiment]\ngoal = 3\n[templates]", "a name is a text; got 3"),
        ("[templates]", "[experiment]\nshare = 2\n[templates]", "share lies between 0 and 1"),
    ],
)
def test_what_is_wrong_is_named_with_what_is_near(old, new, message):
    assert old in SMALL
    with pytest.raises(DefinitionError, match=re.escape(message)) as caught:
        parse(SMALL.replace(old, new, 1))
    assert str(caught.value).startswith("small.toml: ")


def test_everything_that_is_wrong_is_said_at_once():
    wrong = (
        SMALL.replace("go_on", "goon").replace("days = 1", "days = 0").replace('"A"]', '"A", 1]')
    )
    with pytest.raises(DefinitionError) as caught:
        parse(wrong)
    lines = str(caught.value).splitlines()
    assert len(lines) == 4  # missing, unknown, days, template
    assert all(line.startswith("small.toml: ") for line in lines)


def test_an_unknown_scenario_is_refused_with_the_nearest_name():
    with pytest.raises(DefinitionError, match="Did you mean 'workshop-search'"):
        load_scenario("workshop-serch")


def test_a_missing_file_is_a_data_error(tmp_path):
    with pytest.raises(DataError, match=r"mine\.toml: not a readable scenario"):
        load_scenario(tmp_path / "mine.toml")


def test_weights_may_come_with_the_call():
    store = simulate(weights={"pre": {"A": 0, "D": 0}, "post": {"Bf": 98}}, seed=2)
    chosen = store.truth.filter(step=1).group_by("period", "template").len().rows()
    counts = {(period, template): sessions for period, template, sessions in chosen}
    assert set(counts) == {("pre", "B"), ("pre", "C"), ("post", "Bf"), ("post", "B"), ("post", "C")}
    assert counts["post", "Bf"] > 2850
    with pytest.raises(DefinitionError, match="no template 'Z'; there are A, B, C, D"):
        simulate(weights={"pre": {"Z": 1}})
