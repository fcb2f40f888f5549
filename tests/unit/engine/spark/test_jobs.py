"""How files are cut into pieces for tasks, and what a task is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from itertools import pairwise

import polars as pl
import pytest

from funnelkit.engine.chart import Chart
from funnelkit.engine.spark.jobs import LEAST_ROWS, MOST_ROWS, job_of, splits
from funnelkit.errors import FunnelkitError
from funnelkit.events.sources import open_events
from funnelkit.specs.define import define


def test_a_long_file_is_cut_into_equal_pieces_without_a_gap():
    found = splits([("long", 10 * MOST_ROWS + 7)], tasks=2, in_parts=True)
    assert len(found) == 11
    assert found[0].first == 0
    assert all(one.last == other.first for one, other in pairwise(found))
    assert found[-1].last == 10 * MOST_ROWS + 7
    assert max(split.rows for split in found) <= MOST_ROWS


def test_a_file_of_middling_length_gives_every_processor_work():
    assert len(splits([("file", 8 * LEAST_ROWS)], tasks=4, in_parts=True)) == 8


def test_short_files_are_read_together():
    found = splits([(f"file {n}", 10) for n in range(1000)], tasks=2, in_parts=True)
    assert [len(split.files) for split in found] == [1000]


def test_a_file_that_may_not_be_cut_is_read_whole():
    found = splits([("long", 10 * MOST_ROWS)], tasks=2, in_parts=False)
    assert [split.files for split in found] == [("long",)]


def test_no_file_gives_no_piece():
    assert splits([], tasks=2, in_parts=True) == []


def a_job(tmp_path, steps="A > B", **definition):
    frame = pl.DataFrame(
        {
            "user_id": ["u"],
            "event_type": ["A"],
            "event_time": [datetime.fromisoformat("2024-01-01")],
            "event_properties": [{"p": "x"}],
            "unused": [1],
        }
    )
    frame.write_parquet(tmp_path / "events.parquet")
    with open_events(tmp_path / "events.parquet") as table:
        return job_of(0, Chart(define(steps=steps, **definition), None), table, tasks=2)


def test_a_task_is_told_only_the_columns_that_are_read(tmp_path):
    job = a_job(tmp_path)
    assert "unused" not in job.needed
    assert "event_properties" not in job.needed
    assert "event_properties" in a_job(tmp_path, where="p is x").needed


@pytest.mark.parametrize(
    ("definition", "looks_around"),
    [
        ({"where": "p is x"}, False),
        ({"users": "new"}, True),
        ({"unit": "session"}, True),
        ({"segment": "s: performed(A) >= 2"}, True),
        ({"steps": "A[historical count is 2] > B"}, True),
    ],
)
def test_only_conditions_on_other_events_need_all_events_of_a_user(
    tmp_path, definition, looks_around
):
    assert a_job(tmp_path, **definition).looks_around is looks_around


def test_a_worker_with_another_version_is_named(tmp_path):
    job = replace(a_job(tmp_path), versions=("0.0.0", "9.9.9"))
    with pytest.raises(
        FunnelkitError, match=r"the driver has funnelkit 0\.0\.0 with DuckDB 9\.9\.9"
    ):
        job.check_versions()
