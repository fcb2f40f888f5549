"""The engine and the exhaustive reference give the same numbers on random input.

`make fuzz` sets FUNNELKIT_FUZZ to the number of examples of each test.
"""

from __future__ import annotations

import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_funnels import (
    PACES,
    TYPED,
    all_funnels,
    culprit,
    funnels,
    random_log,
    write_log,
    write_typed_log,
)
from reference_funnel import reference, reference_over_time

import funnelkit as fk
from funnelkit.engine import labels, select

EXAMPLES = int(os.environ.get("FUNNELKIT_FUZZ", "25"))
USERS = 20
UNHURRIED = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def of_reference(answer, funnel):
    """The numbers of a series of the reference; a lone step has no times."""
    several = len(answer.counts) > 1
    asked = {}
    if funnel.exclusions and funnel.count_by == "uniques":
        asked["excluded"] = list(answer.excluded_drop_off)
    if funnel.measures.frequency:
        asked["frequency"] = [
            {str(times): units for times, units in pair.items()} for pair in answer.frequency
        ]
    return asked | {
        "counts": list(answer.counts),
        "average": [None if each is None else float(each) for each in answer.average_seconds],
        "median": [None if each is None else float(each) for each in answer.median_seconds],
        "whole": [
            None if each is None else float(each)
            for each in (answer.whole_average, answer.whole_median)
            if several
        ],
        "groups": {name: of_reference(group, funnel) for name, group in answer.groups.items()},
    }


def of_engine(segment, funnel):
    steps = segment["steps"]
    several = len(steps) > 1
    asked = {}
    if funnel.exclusions and funnel.count_by == "uniques":
        asked["excluded"] = [step["excluded_drop_off"] for step in steps]
    if funnel.measures.frequency:
        asked["frequency"] = [pair["units_by_times"] for pair in segment.get("frequency", [])]
    return asked | {
        "counts": [step["count"] for step in steps],
        "average": [step["average_seconds"] for step in steps],
        "median": [step["median_seconds"] for step in steps],
        "whole": [segment["average_seconds"], segment["median_seconds"]] if several else [],
        "groups": {group["name"]: of_engine(group, funnel) for group in segment.get("groups", [])},
    }


def over_time(segment, interval):
    """Return the counts per interval in which somebody entered, named as the reference does."""
    return {
        found["start"] if interval in {"5min", "hour"} else found["name"]: tuple(
            step["count"] for step in found["steps"]
        )
        for found in segment.get("intervals", [])
        if found["steps"][0]["count"]
    }


def reference_intervals(log, funnel):
    interval = funnel.measures.interval
    found = reference_over_time(log, funnel, interval=interval)
    if interval not in {"5min", "hour"}:
        return found
    return {
        datetime.fromisoformat(name).astimezone(UTC).isoformat(): counts
        for name, counts in found.items()
    }


def same(left, right):
    """Equal but for the last digit of a float."""
    match left, right:
        case dict(), dict():
            return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
        case list(), list():
            return len(left) == len(right) and all(map(same, left, right))
        case float(), float() | int():
            return left == pytest.approx(right, rel=1e-9, abs=1e-9)
        case _:
            return left == right


def difference(log, funnel, path, typed):
    """Return (reference, engine) where they differ, else None."""
    if typed:
        write_typed_log(log, path, typed=typed)
    else:
        write_log(log, path)
    report = fk.report(path, funnel=funnel).to_dict()
    wanted = {"series": [of_reference(answer, funnel) for answer in reference(log, funnel)]}
    came = {"series": [of_engine(segment, funnel) for segment in report["segments"]]}
    if funnel.measures.interval is not None:
        wanted["intervals"] = reference_intervals(log, funnel)
        came["intervals"] = over_time(report["segments"][0], funnel.measures.interval)
    return None if same(wanted, came) else f"reference {wanted}\nengine    {came}"


def check(small, funnel, log, typed):
    most = select.SMALL if small else -1
    looked_at = 2 if len(log) % 2 else labels.SAMPLED  # before the labels of all others are known
    with (
        tempfile.TemporaryDirectory() as folder,
        patch.object(select, "SMALL", most),
        patch.object(labels, "SAMPLED", looked_at),
    ):
        path = Path(folder) / ("log.parquet" if typed else "log.jsonl")

        def differs(some):
            return difference(some, funnel, path, typed)

        assert differs(log) is None, f"{funnel}\n{culprit(log, differs)}"


either_way = pytest.mark.parametrize("small", [True, False], ids=["plain", "compiled"])
at_any_pace = pytest.mark.parametrize("pace", PACES, ids=["seconds", "hours"])
some_log = given(
    data=st.data(),
    seed=st.integers(0, 2**32),
    users=st.integers(1, USERS),
    typed=st.sampled_from([None, None, *TYPED]),
)


@either_way
@at_any_pace
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=UNHURRIED)
@some_log
def test_the_engine_agrees_with_the_reference(small, pace, data, seed, users, typed):
    funnel = data.draw(funnels(pace))
    check(small, funnel, random_log(seed, users, pace, funnel.timezone, typed=typed), typed)


@either_way
@at_any_pace
@settings(max_examples=2 * EXAMPLES, deadline=None, suppress_health_check=UNHURRIED)
@some_log
def test_the_engine_agrees_with_the_reference_on_everything(small, pace, data, seed, users, typed):
    funnel = data.draw(all_funnels(pace))
    check(small, funnel, random_log(seed, users, pace, funnel.timezone, typed=typed), typed)
