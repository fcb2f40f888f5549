"""A store survives the death of its writers: a few kills here, two hundred in `make chaos`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("kill_store.py")


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked, which needs POSIX")
def test_ten_kills_at_random_moments_lose_nothing():
    # In a process of its own: one that has used DuckDB or deltalake cannot be forked.
    done = subprocess.run(
        [sys.executable, PROGRAM, "--kills", "10", "--seed", "20260401"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "10 kills" in done.stdout
    assert "nothing was lost" in done.stdout
