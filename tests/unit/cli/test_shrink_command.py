"""`funnelkit shrink`: what it writes and says."""

from __future__ import annotations

import json

import pytest

from funnelkit.cli.run import run

FUNNEL = ["--steps", "ProductViewed > ProductAdded", "--window", "1d"]


@pytest.fixture(name="shrink")
def _shrink(repository, capsys):
    def shrink(*options):
        events = str(repository / "sample_events" / "workshop")
        return run(["shrink", events, *FUNNEL, *options]), *capsys.readouterr()

    return shrink


def test_table_has_both_readings_and_the_events(shrink):
    code, out, err = shrink("--b", "window=2m")
    assert (code, err) == (0, "")
    assert "without any one of them both readings agree" in out
    assert "after the window" in out.replace("\n         ", " ")
    assert " 2 20" in out
    assert " 3 20" not in out


def test_lines_are_data_and_reasons_are_talk(shrink, tmp_path):
    file = tmp_path / "case.jsonl"
    code, out, err = shrink("--b", "window=2m", "-o", str(file))
    assert (code, out) == (0, "")
    events = [json.loads(line) for line in file.read_text().splitlines()]
    assert [event["event_type"] for event in events] == ["ProductViewed", "ProductAdded"]
    assert "b, window=2m: " in err


def test_json_has_everything(shrink):
    _, out, _ = shrink("--a", "window=2m", "-f", "json")
    said = json.loads(out)
    assert said["schema"] == "funnelkit.shrink/1"
    assert (said["a"]["counts"], said["b"]["counts"]) == (
        {"all users": [1, 0]},
        {"all users": [1, 1]},
    )


def test_readings_that_agree_are_an_error(shrink):
    code, out, err = shrink("--b", "order=any", "--b", "window=1d")
    assert code in {0, 3}
    code, out, err = shrink()
    assert (code, out, "both readings are the same" in err) == (2, "", True)
