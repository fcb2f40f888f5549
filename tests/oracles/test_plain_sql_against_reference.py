"""The plain SQL statement and the exhaustive reference count the same on random input."""

from __future__ import annotations

import os
import tempfile
from itertools import groupby
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_funnels import PACES, all_funnels, culprit, plainer, random_log, write_log
from reference_funnel import reference

from funnelkit.engine.plain.dialects import find_dialect
from funnelkit.engine.plain.sources import Files
from funnelkit.engine.plain.statement import plain_sql
from funnelkit.events.sources import open_events
from funnelkit.specs.define import define

EXAMPLES = int(os.environ.get("FUNNELKIT_FUZZ", "40"))
DUCKDB = find_dialect("duckdb")


def counted(log, funnel, folder):
    with open_events(str(write_log(log, folder / "log.jsonl"))) as table:
        statement = plain_sql(funnel, Files(table, DUCKDB), DUCKDB)
        return series(duckdb.connect().execute(statement).fetchall())


def series(rows):
    """The counts of each segment and group, from rows (segment, group …, step, event, count)."""
    return {
        labels: [count for *_labels, count in steps]
        for labels, steps in groupby(rows, key=lambda row: tuple(row[:-3]))
    }


def expected(log, funnel):
    found = {}
    for answer in reference(log, funnel):
        name = (answer.name,) if funnel.segments else ()
        if funnel.group_by is None:
            found[name] = list(answer.counts)
        for label, group in answer.groups.items():
            found[*name, *label.split("; ")] = list(group.counts)
    return found


@pytest.mark.parametrize("pace", PACES, ids=["seconds", "hours"])
@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
@given(data=st.data(), seed=st.integers(0, 2**32), users=st.integers(1, 60))
def test_the_plain_statement_agrees_with_the_reference(pace, data, seed, users):
    funnel = plainer(data.draw(all_funnels(pace)), sessions=pace.session_ids is not None)
    log = random_log(seed, users, pace, funnel.timezone)
    if funnel.unit == "session" and all(event.session_id == -1 for event in log):
        return  # sessions are then told apart by pauses, which is refused
    with tempfile.TemporaryDirectory() as folder:

        def differs(some):
            answer = expected(some, funnel)
            found = counted(some, funnel, Path(folder))
            return None if found == answer else (answer, found)

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
        statement = plain_sql(funnel, Files(table, DUCKDB), DUCKDB)
        rows = duckdb.connect().execute(statement).fetchall()
    assert [users for _step, _event, users in rows] == counts
