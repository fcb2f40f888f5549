import json

import polars as pl
import pytest

from funnelkit.cli.run import run

STEPS = ("--steps", "A > B")
PERIODS = ("--baseline", "2026-03-02..2026-03-08", "--against", "2026-03-09..2026-03-15")


@pytest.fixture
def events(tmp_path):
    """Fourteen days of ten users: 2 in 10 convert in the first week, 6 in 10 in the second."""
    from datetime import UTC, datetime, timedelta

    rows = []
    for day in range(14):
        for n in range(10):
            at = datetime(2026, 3, 2, 12, tzinfo=UTC) + timedelta(days=day)
            user = f"u{day}-{n}"
            rows.append({"user_id": user, "event_type": "A", "event_time": at, "plan": "xy"[n % 2]})
            if n < (2 if day < 7 else 6):
                late = at + timedelta(minutes=5)
                rows.append({"user_id": user, "event_type": "B", "event_time": late, "plan": None})
    path = tmp_path / "events.parquet"
    pl.DataFrame(rows).write_parquet(path)
    return str(path)


def test_the_comparison_is_printed(events, capfd):
    assert run(["compare", events, *STEPS, *PERIODS, "--window", "1h"]) == 0
    out = capfd.readouterr().out
    assert "+40.0 points" in out
    assert "Like with like?" in out


@pytest.mark.parametrize(
    ("claim", "code"),
    [
        ("lift > 0 points", 0),
        ("lift > 30 points", 1),
        ("lift < 0 points", 1),
        ("lift > 50 percent", 0),
        ("step 2 lift > 10 points", 0),
        ("step 3 lift > 10 points", 2),
        ("conversion > 10%", 2),
    ],
)
def test_an_assertion_decides_the_exit_code(events, capfd, claim, code):
    assert run(["compare", events, *STEPS, *PERIODS, "--window", "1h", "--assert", claim]) == code
    assert bool(capfd.readouterr().err) == bool(code)


@pytest.mark.parametrize("claim", ["conversion > 10%", "step 1 lift > 1 points"])
def test_an_assertion_that_no_comparison_can_hold_is_refused_before_the_events_are_read(
    capfd, claim
):
    assert run(["compare", "no-such-file.parquet", *STEPS, *PERIODS, "--assert", claim]) == 2
    assert capfd.readouterr().err.startswith("error: ")


def test_an_assertion_about_a_step_that_is_not_there_prints_no_comparison(events, capfd):
    arguments = ["compare", events, *STEPS, *PERIODS, "--window", "1h"]
    assert run([*arguments, "--assert", "step 3 lift > 1 points"]) == 2
    assert capfd.readouterr().out == ""


def test_an_assertion_that_the_interval_leaves_open_says_so(events, capfd):
    arguments = ["compare", events, *STEPS, *PERIODS, "--window", "1h"]
    assert run([*arguments, "--assert", "lift > 38 points"]) == 1
    assert "lift > 38 points is undecided: the lift is +40.0 points" in capfd.readouterr().err


def test_json_goes_to_a_file(events, tmp_path, capfd):
    target = tmp_path / "answer.json"
    arguments = ["compare", events, *STEPS, *PERIODS, "--format", "json", "-o", str(target)]
    assert run(arguments) == 0
    assert json.loads(target.read_text("utf-8"))["schema"] == "funnelkit.compare/1"
    assert capfd.readouterr().out == ""


def test_filters_of_each_side_in_one_period(events, capfd):
    sides = ("--baseline-where", "plan is x", "--against-where", "plan is y")
    assert run(["compare", events, *STEPS, *sides, "--window", "1h"]) == 0
    assert "Each side has a filter of its own" in " ".join(capfd.readouterr().out.split())


def test_variants_by_a_property(events, capfd):
    arguments = ["compare", events, *STEPS, "--randomised-by", "plan", "--window", "1h"]
    assert run(arguments) == 0
    assert "Randomised comparison: " in capfd.readouterr().out


def test_two_named_definitions(events, tmp_path, capfd):
    path = tmp_path / "funnels.toml"
    path.write_text(
        '[funnels.one]\nsteps = "A > B"\nwindow = "1h"\nfrom = 2026-03-02\nto = 2026-03-08\n'
        '[funnels.two]\nsteps = "A > B"\nwindow = "1h"\nfrom = 2026-03-09\nto = 2026-03-15\n',
        "utf-8",
    )
    named = ("--funnel", f"{path}:one", "--against-funnel", f"{path}:two")
    assert run(["compare", events, *named]) == 0
    assert "+40.0 points" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((*STEPS,), "--baseline FROM..TO"),
        ((*STEPS, "--baseline", "2026-03-02"), "FROM..TO"),
        ((*STEPS, "--baseline", "2026-03-08..2026-03-02", "--against", ".."), "ends before"),
        ((*STEPS, *PERIODS, "--data-end", "2026-03-10"), "goes on after its stated end"),
        ((*STEPS, *PERIODS, "--assert", "lift > 0"), "points"),
        ((*STEPS, *PERIODS, "--from", "2026-03-02"), "--from is for both sides"),
        ((*STEPS, *PERIODS, "--to", "2026-03-20"), "--to is for both sides"),
        ((*STEPS, *PERIODS[:2]), "give --against FROM..TO as well"),
        ((*STEPS, *PERIODS[:2], "--randomised-by", "plan"), "give --from and --to instead"),
        (("--steps", "A", *PERIODS), "at least 2 steps"),
        ((*STEPS, "--randomised-by", "plam"), "Did you mean 'plan'"),
        ((*STEPS, *PERIODS, "--decompose", "nothing"), "no event has"),
    ],
)
def test_a_wrong_definition_exits_with_2_and_says_what_is_near(events, capfd, arguments, words):
    assert run(["compare", events, *arguments]) == 2
    assert words in capfd.readouterr().err


def test_a_period_outside_the_data_exits_with_3(events, capfd):
    periods = ("--baseline", "2026-03-02..2026-03-08", "--against", "2027-01-01..2027-01-31")
    assert run(["compare", events, *STEPS, *periods]) == 3
    assert "the data runs from 2026-03-02T12:00:00" in capfd.readouterr().err


def test_the_help_asserts_what_a_comparison_can_assert(capfd):
    assert run(["compare", "--help"]) == 0
    help_text = capfd.readouterr().out
    assert "lift > 0 points" in help_text
    assert "conversion >=" not in help_text
