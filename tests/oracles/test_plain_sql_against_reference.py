"""The plain SQL statement and the exhaustive reference count the same on random input."""

from __future__ import annotations

import tempfile
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_funnels import PACES, culprit, funnels, plainer, random_log, write_log
from reference_funnel import reference

from funnelkit.engine.plain_sql import plain_sql
from funnelkit.events.sources import open_events


def counted(log, funnel, folder):
    with open_events(str(write_log(log, folder / "log.jsonl"))) as table:
        rows = duckdb.connect().execute(plain_sql(funnel, table)).fetchall()
    return [users for _step, _event, users in rows]


@pytest.mark.parametrize("pace", PACES, ids=["seconds", "hours"])
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), seed=st.integers(0, 2**32), users=st.integers(1, 60))
def test_the_plain_statement_agrees_with_the_reference(pace, data, seed, users):
    funnel = plainer(data.draw(funnels(pace)))
    log = random_log(seed, users, pace, funnel.timezone)
    with tempfile.TemporaryDirectory() as folder:

        def differs(some):
            (answer,) = reference(some, funnel)
            found = counted(some, funnel, Path(folder))
            return None if found == list(answer.counts) else (answer.counts, found)

        assert differs(log) is None, f"{funnel}\n{culprit(log, differs)}"
