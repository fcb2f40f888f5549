"""Every worked case of a feature that exists, from a file of events to the public answer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from run import computed, differences, main, missing_features
from worked_case import (
    PROJECT_CASES,
    WorkedCase,
    export_line,
    http_line,
    is_whole_milliseconds,
    read_cases,
)

CASES = read_cases()
BUILT = [case for case in CASES if not missing_features(case)]

AN_HOUR_OF_TWINS = WorkedCase(
    "the_second_copy_of_an_insert_id_is_dropped",
    {
        "events": [
            {
                "user_id": "u1",
                "device_id": "d1",
                "insert_id": "i1",
                "event_type": "A",
                "time": f"2024-01-01T{hour}:00:00Z",
                "event_properties": {},
                "user_properties": {},
            }
            for hour in (10, 11)
        ],
        "funnel": {
            "steps": [{"event": "A"}, {"event": "A"}],
            "window_seconds": 86400,
            "start": "2024-01-01",
            "end": "2024-01-31",
        },
        "expected": {"step_counts": [1, 0]},
    },
)


@pytest.mark.parametrize("case", BUILT, ids=lambda case: case.name)
@pytest.mark.parametrize("line", [export_line, http_line], ids=["export", "http"])
def test_the_worked_case_gives_its_numbers(case, line, tmp_path):
    if line is http_line and not is_whole_milliseconds(case):
        pytest.skip("HTTP V2 carries whole milliseconds")
    assert differences(case.expected, computed(case, tmp_path, line)) == {}


@pytest.mark.parametrize(
    "case",
    [case for case in CASES if case.name.startswith(("identity_", "insert_id_"))],
    ids=lambda case: case.name,
)
@pytest.mark.parametrize("line", [export_line, http_line], ids=["export", "http"])
def test_the_worked_case_gives_its_numbers_after_an_import(case, line, tmp_path):
    assert differences(case.expected, computed(case, tmp_path, line, imported=True)) == {}


def test_no_case_waits_for_a_feature():
    assert [case.name for case in CASES if missing_features(case)] == []


@pytest.mark.parametrize("imported", [False, True], ids=["read", "imported"])
def test_the_second_copy_of_an_insert_id_is_dropped(imported, tmp_path):
    came = computed(AN_HOUR_OF_TWINS, tmp_path, imported=imported)
    assert differences(AN_HOUR_OF_TWINS.expected, came) == {}


def a_file_of(cases, path):
    path.write_text(json.dumps({"cases": [case.content for case in cases]}), encoding="utf-8")
    return str(path)


def test_a_passing_file_ends_with_exit_code_0(tmp_path, capsys):
    assert main([a_file_of(BUILT[:2], tmp_path / "cases.json")]) == 0
    assert capsys.readouterr().out == "2 passed, 0 failed\n"


def test_a_failing_case_is_shown_with_what_was_expected_and_what_came(tmp_path, capsys):
    content = json.loads(json.dumps(BUILT[0].content))
    content["expected"] = {"step_counts": [7, 1, 1]}
    wrong = WorkedCase("wrong", content | {"name": "wrong"})
    assert main([a_file_of([wrong, BUILT[1]], tmp_path / "cases.json")]) == 1
    out = capsys.readouterr().out
    assert "FAILED wrong" in out
    assert "expected step_counts [7, 1, 1]" in out
    assert "came     step_counts [1, 1, 1]" in out
    assert out.endswith("1 passed, 1 failed\n")


def test_a_case_that_needs_an_unknown_feature_fails_and_names_it(tmp_path, capsys):
    content = json.loads(json.dumps(BUILT[0].content))
    content["funnel"]["moon_phase"] = "full"
    assert main([a_file_of([WorkedCase("moon", content)], tmp_path / "cases.json")]) == 1
    assert "not built yet: the key 'moon_phase'" in capsys.readouterr().out


def test_a_file_that_cannot_be_read_is_named(tmp_path, capsys):
    assert main([str(tmp_path / "nowhere.json")]) == 2
    assert "nowhere.json" in capsys.readouterr().err


def test_the_copy_of_the_cases_is_the_shared_one():
    shared = Path(__file__).parents[3] / "shared" / "cases" / PROJECT_CASES.name
    if not shared.exists():
        pytest.skip(f"{shared} is not here")
    assert PROJECT_CASES.read_bytes() == shared.read_bytes()
