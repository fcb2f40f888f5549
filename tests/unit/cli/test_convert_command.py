"""`funnelkit convert`: one funnel, written in each form, is the same funnel."""

from __future__ import annotations

import json

import pytest

import funnelkit as fk
from funnelkit.cli.run import run

FUNNEL = """
[funnels.checkout]
steps = "View[feature in (a, b)] > Add > Order"
segments = { Germans = "user.country is Germany" }
window = "7d"
from = 2024-01-01
to = 2024-01-31
group_by = "user.plan"
"""


CHART = {
    "type": "funnels",
    "vis": "line",
    "name": "Checkout",
    "params": {
        "mode": "sequential",
        "range": "Last 30 Days",
        "timezone": "Europe/Berlin",
        "interval": 7,
        "conversionSeconds": 90,
        "newOrActive": "new",
        "funnelNewUserType": "SAME_DAY",
        "isFunnelPreciseComputationEnabled": True,
        "countGroup": "org id",
        "events": [{"event_type": "View"}, {"event_type": "Buy"}, {"event_type": "Rate"}],
        "segments": [{"conditions": [{"type": "event", "event_type": "Cancel", "op": "=",
                                      "value": 0, "time_type": "rolling", "time_value": 7}]}],
        "groupBy": [{"type": "user", "value": "gp:plan"}, {"type": "user", "value": "country"}],
        "constantProps": [{"type": "event", "value": "[Amplitude] Session ID"}],
        "excludedEvents": [{"event_type": "Refund", "step_index": 1}],
    },
}  # fmt: skip


@pytest.fixture
def convert(tmp_path, capfdbinary, monkeypatch):
    """Run the command beside the file of funnels; return exit code, stdout and stderr."""
    (tmp_path / "funnels.toml").write_text(FUNNEL, "utf-8")
    monkeypatch.chdir(tmp_path)

    def command(*arguments):
        code = run(["convert", *arguments])
        out, err = capfdbinary.readouterr()
        return code, out.decode(), err.decode()

    return command


@pytest.mark.parametrize(
    ("form", "file"), [("toml", "one.toml"), ("json", "one.json"), ("chart", "chart.json")]
)
def test_file_in_every_form_is_the_same_funnel(convert, tmp_path, form, file):
    assert convert("funnels.toml:checkout", "--to", form, "-o", file) == (0, "", "")
    assert fk.load_funnel(tmp_path / file) == fk.load_funnel("funnels.toml")


@pytest.mark.parametrize("form", ["toml", "json", "chart"])
def test_chart_with_everything_loses_nothing(convert, tmp_path, form):
    (tmp_path / "chart.json").write_text(json.dumps(CHART), "utf-8")
    written = f"written.{form.replace('chart', 'json')}"
    assert convert("chart.json", "--to", form, "-o", written) == (0, "", "")
    assert fk.load_funnel(written) == fk.load_funnel("chart.json")


def test_query_is_one_line_and_the_same_funnel_but_for_names(convert):
    code, out, err = convert("funnels.toml", "--to", "query")
    assert (code, err, out.count("\n")) == (0, "", 1)
    before, after = fk.load_funnel("funnels.toml"), fk.load_funnel(out)
    assert [segment.filters for segment in after.segments] == [before.segments[0].filters]
    for field in ("steps", "window", "period", "group_by"):
        assert getattr(after, field) == getattr(before, field)


def test_chart_is_json_for_people_to_read(convert):
    code, out, _ = convert("funnels.toml", "--to", "chart")
    assert code == 0
    assert out.startswith('{\n  "type": "funnels",\n')
    assert json.loads(out)["params"]["conversionSeconds"] == 604_800


def test_time_zone_of_the_project_is_given_to_a_query(convert):
    query = 'e={"event_type":"A"}&start=20240101&end=20240101'
    code, out, _ = convert(query, "--to", "chart", "--timezone", "Europe/Berlin")
    params = json.loads(out)["params"]
    assert (code, params["timezone"], params["start"]) == (0, "Europe/Berlin", 1704063600)


def test_custom_event_that_a_query_only_names_is_given(convert):
    query = 'e={"event_type":"ce:Cart"}&start=20240101&end=20240101'
    code, _, err = convert(query, "--to", "query")
    assert (code, "'ce:Cart' is a custom event" in err) == (2, True)
    code, out, _ = convert(query, "--to", "query", "--custom-event", "Cart = Add | Remove")
    assert (code, out.startswith("e=%7B%22event_type%22%3A%22ce%3ACart%22%7D&")) == (0, True)


def test_setting_says_how_a_query_is_read(convert):
    query = 'e={"event_type":"A"}&start=20240101&end=20240101&mode=unordered&cs=60'
    assert "&cs=86400" in convert(query, "--to", "query")[1]
    as_given = convert(query, "--to", "query", "--setting", "api_any_order_window=as given")
    assert (as_given[0], "&cs=60" in as_given[1]) == (0, True)


def test_what_the_other_form_cannot_say_is_refused_by_name(convert, tmp_path):
    (tmp_path / "open.toml").write_text('[funnels.x]\nsteps = "A|B > C"\n', "utf-8")
    code, out, err = convert("open.toml", "--to", "query")
    assert (code, out) == (2, "")
    assert err.startswith("error: query: step 1 is A | B: ")
    assert "query: the API needs a first and a last day (--from, --to); got no dates" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["none.json", "--to", "toml"], "there is no file of funnels 'none.json'"),
        (["funnels.toml", "--to", "yaml"], "'yaml'"),
        (["funnels.toml"], "--to"),
        (["https://amplitude.com/api/2/users", "--to", "toml"], "asked at /api/2/funnels"),
        (["funnels.toml", "--to", "toml", "--timezone", "Berlin"], "Europe/Berlin"),
    ],
)
def test_bad_call_ends_with_2(convert, arguments, said):
    code, out, err = convert(*arguments)
    assert (code, out) == (2, "")
    assert said in err
