"""The engine and the exhaustive reference give the same numbers on random input."""

from __future__ import annotations

import tempfile
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_funnels import (
    PACES,
    TYPED,
    culprit,
    funnels,
    random_log,
    write_log,
    write_typed_log,
)
from reference_funnel import reference

import funnelkit as fk
from funnelkit.engine import select

USERS = 60


def of_reference(answer):
    """Counts, times and groups of a series of the reference; a lone step has no times."""
    several = len(answer.counts) > 1
    return {
        "counts": list(answer.counts),
        "average": [None if each is None else float(each) for each in answer.average_seconds],
        "median": [None if each is None else float(each) for each in answer.median_seconds],
        "whole": [
            None if each is None else float(each)
            for each in (answer.whole_average, answer.whole_median)
            if several
        ],
        "groups": {name: of_reference(group) for name, group in answer.groups.items()},
    }


def of_engine(segment):
    steps = segment["steps"]
    several = len(steps) > 1
    return {
        "counts": [step["count"] for step in steps],
        "average": [step["average_seconds"] for step in steps],
        "median": [step["median_seconds"] for step in steps],
        "whole": [segment["average_seconds"], segment["median_seconds"]] if several else [],
        "groups": {group["name"]: of_engine(group) for group in segment.get("groups", [])},
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
    wanted = [of_reference(answer) for answer in reference(log, funnel)]
    came = [of_engine(segment) for segment in report["segments"]]
    return None if same(wanted, came) else f"reference {wanted}\nengine    {came}"


@pytest.mark.parametrize("small", [True, False], ids=["plain", "compiled"])
@pytest.mark.parametrize("pace", PACES, ids=["seconds", "hours"])
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(
    data=st.data(),
    seed=st.integers(0, 2**32),
    users=st.integers(1, USERS),
    typed=st.sampled_from([None, None, *TYPED]),
)
def test_the_engine_agrees_with_the_reference(small, pace, data, seed, users, typed):
    funnel = data.draw(funnels(pace))
    log = random_log(seed, users, pace, funnel.timezone, typed=typed)
    most = select.SMALL if small else -1
    with tempfile.TemporaryDirectory() as folder, patch.object(select, "SMALL", most):
        path = Path(folder) / ("log.parquet" if typed else "log.jsonl")

        def differs(some):
            return difference(some, funnel, path, typed)

        assert differs(log) is None, f"{funnel}\n{culprit(log, differs)}"
