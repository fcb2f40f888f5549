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
from funnelkit.specs.define import define


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


@pytest.mark.parametrize(
    ("files", "definition", "counts"),
    [
        (["pre_era"], {}, [1177, 638, 448, 417]),
        (["post_era"], {}, [2245, 980, 566, 509]),
        (
            ["post_era"],
            {"where": "feature in (home_product_recs, product_detail_related)"},
            [895, 536, 320, 282],
        ),
        (["post_era"], {"where": "feature is (none)"}, [1634, 584, 324, 297]),
        (
            ["pre_era", "post_era"],
            {"from_": "2020-04-02T09:17:23", "to": "2020-05-02T09:17:23"},
            [1177, 720, 520, 487],
        ),
    ],
    ids=["pre", "post", "feature", "organic", "both"],
)
def test_the_plain_statement_gives_the_numbers_of_the_real_events(
    real_events, files, definition, counts
):
    funnel = define(
        steps="ProductViewed > ProductAdded > CheckoutStarted > OrderCompleted", **definition
    )
    with open_events([str(real_events / f"{name}.jsonl.gz") for name in files]) as table:
        rows = duckdb.connect().execute(plain_sql(funnel, table)).fetchall()
    assert [users for _step, _event, users in rows] == counts
