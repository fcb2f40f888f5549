"""What every test may use."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("funnelkit", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("funnelkit")

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def real_events() -> Path:
    """The folder of events that the original generator made, outside the repository."""
    folder = REPOSITORY.parent / "shared" / "data" / "retail_demo_store"
    if not folder.is_dir():
        pytest.skip(f"the original generator's events are not here: {folder}")
    return folder


@pytest.fixture(scope="session")
def plain_environment() -> dict[str, str]:
    """Environment variables under which every program prints the same everywhere.

    80 columns, no colour, and `funnelkit` of the running Python first on the path. Make's own
    variables are taken out: the tests may be running below `make test`.
    """
    loud = {"FORCE_COLOR", "PY_COLORS", "GITHUB_ACTIONS", "TTY_COMPATIBLE", "CI"}
    make = {"MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES"}
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in loud | make and not name.startswith(("FUNNELKIT_", "PYTEST_", "COV_"))
    }
    return kept | {
        "COLUMNS": "80",
        "NO_COLOR": "1",
        "TERM": "dumb",
        "TERMINAL_WIDTH": "80",
        "_TYPER_FORCE_DISABLE_TERMINAL": "1",
        "PYTHONIOENCODING": "utf-8",
        "PYTHONUNBUFFERED": "1",  # stdout and stderr in the order in which they were written
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
    }
