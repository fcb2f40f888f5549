"""`funnelkit fixture`: what it writes and says."""

from __future__ import annotations

import json

import pytest

from funnelkit.cli.run import run

SAMPLE = ["--steps", "ProductViewed > OrderCompleted", "--window", "1d"]


@pytest.fixture(name="fixture")
def _fixture(repository, capsys, tmp_path):
    def fixture(*options, output="cut.parquet"):
        events = str(repository / "sample_events" / "workshop")
        code = run(["fixture", events, "-o", str(tmp_path / output), *options])
        return code, *capsys.readouterr()

    return fixture


def test_says_what_it_kept_and_which_numbers_are_the_same(fixture, tmp_path):
    code, out, err = fixture(*SAMPLE, "--group-by", "feature")
    assert code == 0
    assert (tmp_path / "cut.parquet").is_file()
    assert "hashed with a key that was thrown away" in out
    assert "values   feature" in out
    assert "note: every value of feature stays as it is" in err


def test_key_may_come_from_the_environment(fixture, tmp_path, monkeypatch):
    monkeypatch.setenv("FUNNELKIT_FIXTURE_KEY", "secret")
    bytes_of = []
    for output in ("one.parquet", "two.parquet"):
        code, out, _ = fixture(*SAMPLE, output=output)
        assert code == 0
        assert "hashed with the given key" in out
        assert "secret" not in out
        bytes_of.append((tmp_path / output).read_bytes())
    assert bytes_of[0] == bytes_of[1]


def test_json_has_the_counts(fixture):
    _, out, _ = fixture(*SAMPLE, "--format", "json")
    said = json.loads(out)
    assert said["schema"] == "funnelkit.fixture/1"
    (one,) = said["counts"]
    assert (one["segment"], len(one["counts"])) == ("all users", 2)


def test_doubts_about_the_question_are_warnings(fixture):
    code, _, err = fixture("--steps", "ProductVewed > OrderCompleted", "--window", "1d")
    assert code == 0
    assert "warning: step 1: no event of the type 'ProductVewed' was read. Did you mean" in err


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        ([*SAMPLE, "--max-size", "1kB"], 3, "to make it smaller"),
        ([*SAMPLE, "--max-size", "small"], 2, "a size is written"),
        ([*SAMPLE, "--key", ""], 2, "is empty"),
        ([*SAMPLE, "--shift", "1h"], 2, "whole days"),
        ([], 2, "a funnel needs steps"),
    ],
)
def test_what_cannot_be_is_said(fixture, options, code, words):
    found, _, err = fixture(*options)
    assert (found, words in err.lower()) == (code, True)


def test_only_a_parquet_file_is_written(fixture):
    code, _, err = fixture(*SAMPLE, output="cut.csv")
    assert (code, "a fixture is a Parquet file" in err) == (2, True)
