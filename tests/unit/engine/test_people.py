"""The list behind a bar adds up to the bar, whatever the bar is of."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_funnels import PACES, TYPED, all_funnels, random_log, write_log, write_typed_log

import funnelkit as fk
from funnelkit.api.dates import dated, extent_of
from funnelkit.engine import select
from funnelkit.engine.bars import choose_bar
from funnelkit.engine.people import people
from funnelkit.events.sources import open_events
from funnelkit.model import ComparedEvent, EventSelector, Step

EXAMPLES = max(5, int(os.environ.get("FUNNELKIT_FUZZ", "0")))
USERS = 25
MOST_BARS = 8


@st.composite
def funnels_with_variants(draw, pace):
    funnel = draw(all_funnels(pace))
    last = len(funnel.steps)
    if last > 2 and draw(st.integers(0, 4)) == 0:
        return replace(funnel, optional_step=draw(st.integers(2, last - 1)))
    if draw(st.integers(0, 4)) == 0:
        step = draw(st.integers(1, last))
        compared = ComparedEvent(step, Step((EventSelector("A"), EventSelector("X"))))
        return replace(funnel, compared_events=(compared,))
    return funnel


def bars(report):
    """Yield (arguments of `choose_bar`, step as reported) for every bar of the report."""
    names = [name or None for name, _ in report.funnel.variants()]
    each = len(report.segments) // len(names)
    for number, segment in enumerate(report.segments):
        variant = names[number // each]
        name = segment.name.removesuffix(f", {variant}") if variant else segment.name
        groups = [(None, segment)]
        groups += [(group.values or group.name, group) for group in segment.groups]
        for group, series in groups:
            for interval, steps in [
                (None, series.steps),
                *((found.start, found.series.steps) for found in series.intervals),
            ]:
                chosen = {
                    "segment": name,
                    "variant": variant,
                    "group": group,
                    "interval": interval,
                }
                for step in steps:
                    yield chosen | {"reached": step.step, "lost_before": None}, step
                    if step.step > 1:
                        yield chosen | {"reached": None, "lost_before": step.step}, step


@pytest.mark.parametrize("small", [True, False], ids=["plain", "compiled"])
@pytest.mark.parametrize("pace", PACES, ids=["seconds", "hours"])
@settings(
    max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(data=st.data(), seed=st.integers(0, 2**32), typed=st.sampled_from([None, None, *TYPED]))
def test_a_list_has_as_many_lines_as_its_bar_counts(small, pace, data, seed, typed):
    funnel = data.draw(funnels_with_variants(pace))
    log = random_log(seed, USERS, pace, funnel.timezone, typed=typed)
    most = select.SMALL if small else -1
    with tempfile.TemporaryDirectory() as folder, patch.object(select, "SMALL", most):
        path = Path(folder) / ("log.parquet" if typed else "log.jsonl")
        if typed:
            write_typed_log(log, path, typed=typed)
        else:
            write_log(log, path)
        found = list(bars(fk.report(path, funnel=funnel)))
        picked = st.lists(st.integers(0, len(found) - 1), max_size=MOST_BARS, unique=True)
        with open_events(path) as table:
            extent = extent_of(funnel, table, None)
            for number in data.draw(picked):
                chosen, step = found[number]
                listed = people(choose_bar(dated(funnel, extent), extent, **chosen), table)
                lost = chosen["reached"] is None
                assert len(listed) == (step.drop_off if lost else step.count), listed.bar
                if lost and step.excluded_drop_off is not None:
                    assert sum(listed.columns[-1].values) == step.excluded_drop_off
                if funnel.count_by == "uniques":
                    who = [line[: listed.who] for line in listed.rows()]
                    assert len(set(who)) == len(who)
