"""pytest collects `*.funnel.toml`, and offers events and funnels as fixtures."""

import json
import sys
from importlib.metadata import entry_points

import duckdb  # noqa: F401 - pytester forgets what its runs import, which DuckDB does not survive
import pytest

pytest_plugins = ["pytester"]

SHOP = """
events = "events.jsonl"
steps = "View > Add"
window = "1d"
from = 2026-05-01
to = 2026-05-02
[expect]
counts = [2, 1]
"""
TWO = """
events = "events.jsonl"
[funnels.good]
steps = "View > Add"
window = "1d"
expect = [2, 1]
[funnels.bad]
steps = "View > Add"
window = "1d"
expect = [2, 2]
"""
EVENTS = [
    {"user_id": "u", "time": 1_777_593_600_000, "event_type": "View"},
    {"user_id": "u", "time": 1_777_593_610_000, "event_type": "Add"},
    {"user_id": "v", "time": 1_777_593_600_000, "event_type": "View"},
]
HEAVY = {
    "duckdb", "polars", "pyarrow", "numpy", "numba", "pandas", "lark", "typer",
    "funnelkit.api", "funnelkit.events", "funnelkit.engine", "funnelkit.specs",
}  # fmt: skip


@pytest.fixture
def run(pytester, monkeypatch):
    """Run pytest on the funnels of a folder, in this process."""
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    (pytester.path / "events.jsonl").write_text("\n".join(map(json.dumps, EVENTS)))

    def command(*arguments, **files):
        for name, text in files.items():
            (pytester.path / f"{name}.funnel.toml").write_text(text)
        return pytester.runpytest_inprocess(*_plugin(), "-p", "no:cacheprovider", *arguments)

    return command


def _plugin():
    """Load the plugin where the installation does not know it yet."""
    known = any(one.value == "funnelkit.pytest_plugin" for one in entry_points(group="pytest11"))
    return [] if known else ["-p", "funnelkit.pytest_plugin"]


def test_every_funnel_of_a_file_is_a_test(run):
    result = run("-v", shop=SHOP, two=TWO)
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        ["*shop.funnel.toml::shop PASSED*", "*two.funnel.toml::good PASSED*", "*::bad FAILED*"]
    )
    result.stdout.fnmatch_lines(["! step 2 Add *2 *1 *-1"])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_k_chooses_among_funnels_as_among_tests(run):
    run("-k", "good", two=TWO).assert_outcomes(passed=1, deselected=1)


def test_what_has_not_settled_is_skipped_with_the_reason_or_fails(run):
    early = SHOP + "fetched_at = 2026-05-03\n"
    result = run("-rs", shop=early)
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*not settled when it was read on 2026-05-03*"])
    run("--funnel-unchecked=fail").assert_outcomes(failed=1)


def test_what_warns_is_a_warning_of_pytest(run):
    text = SHOP.replace("[2, 1]", "[3, 1]") + "fail_over = 1\n"
    result = run("-W", "default", shop=text)
    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines(["*FunnelWarning: shop: step 1 View: expected 3, found 2 (-1)*"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("steps = ", "*shop.funnel.toml: Invalid value*"),
        ("[project]\n", "*it holds no funnel*"),
        (SHOP.replace("events.jsonl", "gone.jsonl"), "*gone.jsonl*"),
    ],
)
def test_a_file_that_is_wrong_is_a_test_that_fails_and_says_why(run, text, words):
    result = run(shop=text)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([words])


def test_fixtures_hold_events_and_expect_funnels(run, pytester):
    pytester.makepyfile("""
        import pytest

        def test_tracking(event_log):
            event_log.track("View", user_id="u", item=1)
            event_log.track("Add", user_id="u")
            event_log.expect("View[item is 1] > Add", "1, 1")
            assert event_log.report("View > Add").counts == (1, 1)

        def test_files(verify_funnel):
            verify_funnel("events.jsonl", steps="View > Add", window="1d", expect="2, 1")

        def test_fails(event_log):
            event_log.track("View", user_id="u")
            event_log.expect("View > Add", "1, 1")
    """)
    result = run()
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*FunnelFailed*", "*step 2 Add*1*0*-1*"])


def test_collecting_imports_nothing_heavy(pytester):
    (pytester.path / "conftest.py").write_text(f"""
import sys

def pytest_collection_finish(session):
    loaded = {HEAVY!r} & set(sys.modules)
    print("COLLECTED", len(session.items), "LOADED", sorted(loaded))
""")
    (pytester.path / "two.funnel.toml").write_text(TWO)
    arguments = ["-p", "no:cacheprovider", "--collect-only", *_plugin()]
    result = pytester.run(sys.executable, "-m", "pytest", *arguments)
    result.stdout.fnmatch_lines(["*COLLECTED 2 LOADED []*"])
