"""A report, written as Amplitude would answer, is found again in every number."""

import json
from datetime import datetime, timedelta
from random import Random

import polars as pl
import pytest

import funnelkit as fk

START = datetime.fromisoformat("2026-03-27T22:00:00")


@pytest.fixture(scope="module")
def events():
    """Three hundred users of three plans and two platforms, over the days of a clock change."""
    draw = Random(20260329)
    rows = []
    for number in range(300):
        plan, platform = draw.choice(["pro", "free", "gold"]), draw.choice(["Web", "iOS"])
        for _ in range(draw.randint(1, 3)):
            seconds = draw.randint(0, 4 * 86_400)
            for name in ("View", "Add", "Buy")[: draw.randint(1, 3)]:
                rows.append(
                    (f"u{number}", name, START + timedelta(seconds=seconds), plan, platform)
                )
                seconds += draw.randint(1, 40_000)
    return pl.DataFrame(
        rows, orient="row", schema=["user_id", "event_type", "event_time", "plan", "platform"]
    )


def milliseconds(series):
    """Return averages, cut to milliseconds as Amplitude's are, and medians; -1 for none."""
    parts = [series, *series.steps[1:]]
    averages = [one.average_seconds for one in parts]
    medians = [one.median_seconds for one in parts]
    return [
        [-1 if value is None else int(value * 1000 + 1e-7) for value in values]
        for values in (averages, medians)
    ]


def element(series, *, index, group=""):
    """Return a series as an element of `data` (specification B2)."""
    averages, medians = milliseconds(series)
    days = series.intervals
    return {
        "meta": {"segmentIndex": index},
        "groupValue": group,
        "events": [step.event for step in series.steps],
        "cumulativeRaw": list(series.counts),
        "avgTransTimes": averages,
        "medianTransTimes": medians,
        "dayFunnels": {
            "xValues": [one.name for one in days],
            "series": [list(one.series.counts) for one in days],
            "isComplete": [True for _ in days],  # asked long after, as timeComputed says
        },
        "dayAvgTransTimes": {"series": [milliseconds(one.series)[0] for one in days]},
        "dayMedianTransTimes": {"series": [milliseconds(one.series)[1] for one in days]},
    }


def answer(result):
    data = []
    for index, segment in enumerate(result.segments):
        groups = [group for group in segment.groups if group.values]
        data += [element(group, index=index, group=group.name) for group in groups]
        if not groups:
            data.append(element(segment, index=index))
    return {"data": data, "timeComputed": 1_790_000_000_000, "minSampleRate": 1.0}


FUNNEL = {
    "steps": "View > Add > Buy", "window": "1d", "timezone": "Europe/Berlin",
    "from_": "2026-03-28", "to": "2026-03-31",
}  # fmt: skip


@pytest.mark.parametrize("interval", ["hour", "day", "week", "month"])
@pytest.mark.parametrize(
    "options",
    [{}, {"segment": ["Web: platform is Web", "iOS: platform is iOS"]}, {"group_by": "plan"}],
    ids=["whole", "segments", "groups"],
)
def test_every_number_is_found_again_and_one_that_is_changed_is_not(
    events, tmp_path, options, interval
):
    result = fk.report(events, interval=interval, **FUNNEL, **options)
    path = tmp_path / "answer.json"
    path.write_text(json.dumps(answer(result)))
    run = fk.verify_files(path, events=events, **FUNNEL, **options)
    (found,) = run.results
    assert found.cause == ""
    assert len(found.comparison.checks) > 12
    changed = answer(result)
    changed["data"][-1]["dayFunnels"]["series"][-1][0] += 1
    path.write_text(json.dumps(changed))
    run = fk.verify_files(path, events=events, **FUNNEL, **options)
    (check,) = run.results[0].comparison.of("fail")
    assert check.difference == -1
