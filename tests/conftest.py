"""What every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from console_blocks import plain_environment
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


@pytest.fixture(scope="session", name="plain_environment")
def _plain_environment() -> dict[str, str]:
    """Environment variables under which every program prints the same everywhere."""
    return plain_environment()
