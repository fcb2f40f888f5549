"""Start-up time is a feature: what is loaded when, seen in a fresh process."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = {
    "duckdb", "polars", "pyarrow", "numpy", "numba", "pandas", "rich", "pydantic", "lark",
}  # fmt: skip

SMALLEST_TYPER_PROGRAM = """
import typer
app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
@app.callback()
def program(version: bool = False):
    pass
@app.command()
def command():
    pass
app(args={arguments!r}, standalone_mode=False)
"""


def loaded(code: str) -> set[str]:
    """Return the heavy packages that a fresh Python holds after running `code`."""
    script = f"""
import json, sys
try:
    {code.strip().replace(chr(10), chr(10) + "    ")}
except SystemExit as end:
    assert not end.code, end.code
names = {{name.partition(".")[0] for name in sys.modules}}
print(json.dumps(sorted(names)), file=sys.stderr)
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return HEAVY & set(json.loads(done.stderr.splitlines()[-1]))


def run(*arguments: str) -> str:
    return f"from funnelkit.cli.run import run; assert run({list(arguments)!r}) == 0"


def typer_itself(*arguments: str) -> set[str]:
    """Return what Typer loads on its own: some of its versions read options with Pydantic."""
    return loaded(SMALLEST_TYPER_PROGRAM.format(arguments=list(arguments)))


def test_importing_funnelkit_loads_nothing_heavy():
    assert loaded("import funnelkit") == set()


def test_importing_the_command_line_loads_nothing_heavy():
    assert loaded("import funnelkit.cli.app") == set()


def test_list_of_commands_loads_no_more_than_typer_does():
    assert loaded(run("--help")) <= typer_itself("--help")


@pytest.mark.parametrize("command", ["report", "compare", "simulate", "demo", "verify", "lock"])
def test_help_of_a_command_loads_no_more_than_typer_does(command):
    assert loaded(run(command, "--help")) <= typer_itself("command", "--help")


def test_version_loads_no_more_than_typer_does():
    assert loaded(run("--version")) <= typer_itself("--version", "command")


@pytest.mark.parametrize("form", ["json", "csv", "markdown"])
def test_small_report_loads_only_the_engine_and_the_grammar(repository, form):
    events = repository / "sample_events" / "workshop" / "pre.parquet"
    steps = "ProductViewed > ProductAdded > CheckoutStarted > OrderCompleted"
    found = loaded(run("report", str(events), "--steps", steps, "--format", form))
    assert found - typer_itself("command") <= {"duckdb", "lark"}


def test_small_verification_loads_only_the_engine_and_the_grammar(repository, tmp_path):
    events = repository / "sample_events" / "workshop" / "pre.parquet"
    path = tmp_path / "shop.funnel.toml"
    path.write_text(
        f"events = '{events}'\nsteps = 'ProductViewed > ProductAdded'\nwindow = '30d'\n"
        "[expect]\ncounts = [1951, 792]\nseries = { 2026-04-01 = [78, 35] }\n"
    )
    for form in ("table", "junit", "markdown", "github"):
        found = loaded(run("verify", str(path), "--format", form))
        assert found - typer_itself("command") <= {"duckdb", "lark"}
