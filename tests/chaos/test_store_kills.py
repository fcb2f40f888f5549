"""A store survives the death of its writers: a few kills here, two hundred in `make chaos`."""

import os

import pytest
from kill_store import torture


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked, which needs POSIX")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_ten_kills_at_random_moments_lose_nothing(tmp_path):
    assert sum(torture(tmp_path, kills=10, seed=20260401).values()) == 10
