"""Spark gives DuckDB's answers: the worked cases, and random funnels over random events.

Many questions go through Spark together, because to start a job takes longer than to answer one.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from random_funnels import PACES, TYPED, all_funnels, random_log, write_log, write_typed_log
from run import as_expected, differences, missing_features
from worked_case import export_line, read_cases

from funnelkit.api.dates import dated, extent_of
from funnelkit.engine.chart import Chart
from funnelkit.engine.spark.answers import answers
from funnelkit.errors import DefinitionError
from funnelkit.events.sources import open_events
from funnelkit.model import Bins, Measures, Property

pytestmark = pytest.mark.spark

EXAMPLES = int(os.environ.get("FUNNELKIT_FUZZ", "24"))
USERS = 30


def chart_of(funnel, table):
    extent = extent_of(funnel, table, None)
    return Chart(dated(funnel, extent), extent)


def charts_of(funnel, table):
    return [chart_of(variant, table) for _, variant in funnel.variants()]


def test_every_worked_case_gives_its_numbers(spark, tmp_path):
    cases = [case for case in read_cases() if not missing_features(case)]
    with ExitStack() as stack:
        asked = []
        for case in cases:
            path = tmp_path / f"{case.name}.jsonl"
            lines = [export_line(event, number) for number, event in enumerate(case.events, 1)]
            path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
            table = stack.enter_context(open_events(path))
            asked.append((chart_of(case.funnel(), table), table))
        answered = answers(asked, spark)
    assert len(answered) == len(cases) > 80
    wrong = {
        case.name: found
        for case, (series, _) in zip(cases, answered, strict=True)
        if (found := differences(case.expected, as_expected(series[0].to_dict())))
    }
    assert wrong == {}


def some(strategy, examples):
    """Return so many examples of a strategy, the same ones each time in CI."""
    found = []

    @settings(
        max_examples=examples, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    @given(strategy)
    def collect(one):
        found.append(one)

    collect()
    return found


@st.composite
def measured(draw, pace):
    """Funnels with every measure."""
    funnel = draw(all_funnels(pace))
    sums = draw(st.sampled_from([None, Property("n"), Property("p"), Property("a", "user")]))
    bins = Bins(0, 5 * pace.unit_seconds, pace.unit_seconds)
    measures = Measures(
        interval=funnel.measures.interval,
        frequency=funnel.measures.frequency,
        time_to_convert=draw(st.booleans()),
        bins=draw(st.sampled_from([None, bins])),
        sum_of=sums,
        by_age=draw(st.booleans()),
    )
    if not measures.time_to_convert:
        measures = replace(measures, bins=None)
    try:
        return replace(funnel, measures=measures)
    except DefinitionError:  # a measure that this funnel cannot have
        return funnel


@pytest.mark.parametrize("pace", PACES, ids=["seconds", "hours"])
def test_random_funnels_have_the_answers_of_duckdb(spark, tmp_path, pace):
    logs = {
        None: write_log(random_log(1, USERS, pace, "UTC"), tmp_path / "log.jsonl"),
    }
    for number, typed in enumerate(TYPED):
        path = tmp_path / f"{typed}.parquet"
        write_typed_log(random_log(number, USERS, pace, "UTC", typed=typed), path, typed=typed)
        logs[typed] = path
    with ExitStack() as stack:
        asked = []
        for path in logs.values():
            table = stack.enter_context(open_events(path))
            for funnel in some(measured(pace), EXAMPLES):
                asked += [(chart, table) for chart in charts_of(funnel, table)]
        answered = answers(asked, spark)
        assert len(asked) >= EXAMPLES * len(logs)
        for (chart, table), (series, rows) in zip(asked, answered, strict=True):
            expected, read = chart.read(table)
            assert series == expected, chart.funnel
            assert rows.seen == read.seen, chart.funnel
            assert (rows.step_one, rows.step_one_without_user_id) == (
                read.step_one,
                read.step_one_without_user_id,
            )
