"""`make` on a machine that has Python and nothing else."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


def make(repository, environment, *arguments):
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=repository,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def test_make_alone_lists_every_target(repository, plain_environment):
    listed = re.findall(
        r"^make ([\w-]+) ", make(repository, plain_environment).stdout, re.MULTILINE
    )
    (phony,) = re.findall(
        r"^\.PHONY: (.*)$", (repository / "Makefile").read_text("utf-8"), re.MULTILINE
    )
    assert listed == phony.split()


def test_no_new_enough_python_is_said_in_words(repository, plain_environment, tmp_path):
    old = tmp_path / "old python"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    venv = tmp_path / "venv"
    arguments = (f"VENV={venv}", f"PYTHON='{old}' no-such-python", "demo")
    done = make(repository, plain_environment, *arguments)
    assert done.returncode != 0
    assert "needs Python 3.11 or newer" in done.stderr
    assert "no-such-python" in done.stderr
    assert not venv.exists()


def test_environment_that_could_not_be_made_is_not_taken_for_one(
    repository, plain_environment, tmp_path
):
    broken = tmp_path / "python"
    broken.write_text(
        f'#!/bin/sh\ncase "$1" in -c|--version) exit 0;; esac\n'
        f'mkdir -p "{tmp_path}/venv/bin"; touch "{tmp_path}/venv/bin/python"; exit 1\n'
    )
    broken.chmod(0o755)
    done = make(repository, plain_environment, f"VENV={tmp_path}/venv", f"PYTHON={broken}", "demo")
    assert done.returncode != 0
    assert not (tmp_path / "venv" / "bin" / "python").exists()
