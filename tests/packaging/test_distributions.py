"""The wheel and the source distribution: what is in them, and that they work."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path, PurePosixPath

import pytest

pytestmark = pytest.mark.slow


def build(project: Path, kind: str, folder: Path) -> Path:
    """Build a distribution of `project` with the project's own back end."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", kind, "--directory", folder],
        cwd=project,
        check=True,
        capture_output=True,
    )
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def wheel(repository, tmp_path_factory):
    return build(repository, "wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def sdist(repository, tmp_path_factory):
    return build(repository, "sdist", tmp_path_factory.mktemp("sdist"))


def files_of(repository: Path, folder: str) -> set[str]:
    """The files of a folder, by their names from the root of the checkout."""
    return {
        path.relative_to(repository).as_posix()
        for path in (repository / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def contents(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_wheel_carries_the_package_the_sql_and_the_sample_and_nothing_else(wheel, repository):
    package = files_of(repository, "funnelkit")
    carried = files_of(repository, "sql") | files_of(repository, "sample_events")
    assert any(name.endswith(".sql") for name in carried)
    assert any(name.endswith(".parquet") for name in carried)
    code = {name for name in contents(wheel) if ".dist-info/" not in name}
    assert code == package | {f"funnelkit/{name}" for name in carried}


def test_source_distribution_carries_what_a_checkout_needs(sdist, repository):
    with tarfile.open(sdist) as archive:
        names = {"/".join(PurePosixPath(name).parts[1:]) for name in archive.getnames()}
    for folder in ("funnelkit", "sql", "sample_events", "tests", "docs", "examples"):
        assert files_of(repository, folder) <= names
    assert {"pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "Makefile"} <= names


def test_wheel_built_from_the_source_distribution_is_the_same(sdist, wheel, tmp_path):
    with tarfile.open(sdist) as archive:
        # Early 3.11 knows no filters; later versions warn where none is chosen.
        archive.extraction_filter = getattr(tarfile, "data_filter", None)
        archive.extractall(tmp_path / "unpacked")
    (project,) = (tmp_path / "unpacked").iterdir()
    again = build(project, "wheel", tmp_path / "wheel")
    assert contents(again) == contents(wheel)


def test_sql_and_sample_names_survive_every_file_system(repository):
    for folder in ("sql", "sample_events", "funnelkit"):
        names = files_of(repository, folder)
        assert all(name.isascii() and not set(name) & set('<>:"\\|?* ') for name in names)
        assert len({name.casefold() for name in names}) == len(names)


def test_wheel_alone_in_an_empty_environment_runs_the_demo(wheel, tmp_path, plain_environment):
    home = tmp_path / "an empty environment"
    venv.create(home, with_pip=True)
    scripts = home / ("Scripts" if sys.platform == "win32" else "bin")
    install = subprocess.run(
        [scripts / "python", "-m", "pip", "install", "--quiet", "--no-input", wheel],
        capture_output=True,
        text=True,
        check=False,
    )
    if "ConnectionError" in install.stderr or "PIP_NO_INDEX" in os.environ:
        pytest.skip(f"pip reaches no index: {install.stderr.splitlines()[-1:]}")
    assert install.returncode == 0, install.stderr
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    demo = subprocess.run(
        [scripts / "funnelkit", "demo"],
        cwd=elsewhere,
        env=plain_environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert demo.returncode == 0, demo.stderr
    assert "OrderCompleted" in demo.stdout
    assert list(elsewhere.iterdir()) == []  # it leaves nothing behind
    packages = subprocess.run(
        [scripts / "python", "-m", "pip", "list", "--format=freeze"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "pytest" not in packages
