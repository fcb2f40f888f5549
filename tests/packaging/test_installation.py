"""What must hold wherever funnelkit runs."""

from __future__ import annotations

import importlib.resources
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from funnelkit.engine.sqlfiles import read_sql
from funnelkit.errors import FunnelkitError
from funnelkit.packaged import packaged_folder
from funnelkit.sample import sample_folder

STEPS = "ProductViewed > ProductAdded > CheckoutStarted > OrderCompleted"


def run_python(*arguments: str, **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        **options,
    )


def test_sql_of_a_checkout_is_found_beside_the_package(repository):
    for file in (repository / "sql").glob("*.sql"):
        assert read_sql(file.stem) == file.read_text("utf-8")


def test_folder_inside_the_package_is_preferred(tmp_path, monkeypatch):
    (tmp_path / "funnelkit" / "sql").mkdir(parents=True)
    (tmp_path / "sql").mkdir()
    monkeypatch.setattr("funnelkit.packaged.files", lambda _: tmp_path / "funnelkit")
    assert packaged_folder("sql") == tmp_path / "funnelkit" / "sql"


def test_missing_folder_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("funnelkit.packaged.files", lambda _: tmp_path / "funnelkit")
    with pytest.raises(FunnelkitError, match=r"sample_events/ is missing from this installation"):
        sample_folder()


def test_missing_sql_file_is_named_with_those_that_are_there():
    with pytest.raises(FunnelkitError, match=r"sql/no such\.sql is missing .* found .+\.sql"):
        read_sql("no such")


def test_sql_is_read_from_inside_an_archive_and_the_sample_says_it_cannot(tmp_path):
    package = Path(str(importlib.resources.files("funnelkit")))
    archive = tmp_path / "funnelkit.zip"
    with zipfile.ZipFile(archive, "w") as made:
        for name in (
            "__init__",
            "errors",
            "packaged",
            "sample",
            "engine/__init__",
            "engine/sqlfiles",
        ):
            made.write(package / f"{name}.py", f"funnelkit/{name}.py")
        made.writestr("funnelkit/sql/one.sql", "SELECT 1 -- é")
        made.writestr("funnelkit/sample_events/README.md", "")
    code = (
        f"import sys; sys.path.insert(0, {str(archive)!r})\n"
        "from funnelkit.engine.sqlfiles import read_sql\n"
        "from funnelkit.sample import sample_folder\n"
        "assert read_sql('one') == 'SELECT 1 -- \\xe9', read_sql('one')\n"
        "sample_folder()\n"
    )
    done = run_python("-I", "-c", code)
    assert "inside an archive" in done.stderr.splitlines()[-1]


def test_time_zones_work_without_the_systems_database(repository, plain_environment):
    done = run_python(
        *("-m", "funnelkit", "report", str(repository / "sample_events" / "workshop")),
        *("--steps", STEPS, "--timezone", "Australia/Lord_Howe", "--format", "json"),
        env=plain_environment | {"PYTHONTZPATH": ""},
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["funnel"]["timezone"] == "Australia/Lord_Howe"


@pytest.mark.parametrize("name", ["two words", "naïve ñame", "it's", "100%", "[x] {y}", "a;b"])
def test_events_are_found_in_a_folder_of_any_name(repository, tmp_path, plain_environment, name):
    folder = tmp_path / name
    folder.mkdir()
    sample = next((repository / "sample_events" / "workshop").glob("*.parquet"))
    events = folder / f"{name}.parquet"
    events.write_bytes(sample.read_bytes())
    arguments = ["-m", "funnelkit", "report", "--steps", STEPS, "--format", "json"]
    here = run_python(*arguments, str(events), env=plain_environment)
    assert here.returncode == 0, here.stderr
    relative = run_python(*arguments, f"{name}.parquet", env=plain_environment, cwd=folder)
    assert relative.returncode == 0, relative.stderr
    found = [json.loads(done.stdout)["segments"] for done in (here, relative)]
    assert found[0] == found[1]
    assert found[0][0]["steps"][0]["count"] > 0


def test_module_and_program_are_the_same(plain_environment):
    module = run_python("-m", "funnelkit", "--help", env=plain_environment)
    program = subprocess.run(
        ["funnelkit", "--help"],
        env=plain_environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert program.returncode == 0, program.stderr
    assert module.stdout == program.stdout
