"""The search for a reading: what it asks, and how rarely noise looks like a cause."""

from __future__ import annotations

import json
import random
import sys
from dataclasses import replace
from datetime import datetime, timedelta

import polars as pl
import pytest

import funnelkit as fk
from funnelkit.api.why import explain
from funnelkit.cli.run import run
from funnelkit.specs.define import define
from funnelkit.verification.checks import Check, Measure
from funnelkit.verification.expected import Expectation, ExpectedInterval, ExpectedSeries
from funnelkit.verification.reconciliation.explanation import Explanation
from funnelkit.verification.reconciliation.reading import Reading
from funnelkit.verification.reconciliation.search import Answer, search

FUNNEL = {"from_": "2026-05-18", "to": "2026-05-24", "window": "30d"}
STEPS = "ProductViewed[feature is home_product_recs] > ProductAdded > OrderCompleted"


def reading(family, words, likely=1):
    return Reading(family=family, words=words, change=lambda subject: subject, likely=likely)


ONE, TWO, THREE = (reading(kind, kind) for kind in ("window", "order", "counting"))
RARE = reading("dates", "rare", likely=2)


def asked_of(numbers, wanted, log):
    """Return an `ask` by a table of numbers for readings."""

    def ask(readings):
        log.append(readings)
        found = numbers.get(frozenset(readings), numbers[frozenset()])
        return Answer(
            tuple(
                Check(
                    measure=Measure(metric="count", step=step),
                    expected=want,
                    found=have,
                    verdict="pass" if want == have else "fail",
                )
                for step, (want, have) in enumerate(zip(wanted, found, strict=True), 1)
            )
        )

    return ask


def test_nothing_more_is_asked_where_all_is_well():
    log = []
    found = search([ONE, TWO], asked_of({frozenset(): (3, 2)}, (3, 2), log))
    assert (found.asked, log) == (1, [()])
    assert Explanation(search=found).words == "every number is as expected"


def test_rare_readings_are_asked_only_where_no_common_one_fits():
    numbers = {frozenset(): (3, 2), frozenset([ONE]): (4, 2)}
    log = []
    search([ONE, TWO, RARE], asked_of(numbers, (4, 2), log))
    assert (RARE,) not in log
    log = []
    search([ONE, TWO, RARE], asked_of(numbers, (9, 2), log))
    assert (RARE,) in log


def test_pairs_whose_effects_add_up_come_first():
    numbers = {
        frozenset(): (10, 10),
        frozenset([ONE]): (12, 10),
        frozenset([TWO]): (10, 7),
        frozenset([THREE]): (15, 3),
        frozenset([ONE, TWO]): (12, 7),
    }
    log = []
    found = search([ONE, THREE, TWO], asked_of(numbers, (12, 7), log), most_pairs=1)
    assert log[-1] in {(ONE, TWO), (TWO, ONE)}
    assert found.matching[0].words in {"window, and order", "order, and window"}
    assert search([ONE, TWO], asked_of(numbers, (12, 7), []), most_pairs=0).matching == ()


def test_readings_without_effect_are_told_apart_and_not_combined():
    numbers = {frozenset(): (3, 2), frozenset([ONE]): (4, 2)}
    log = []
    found = search([ONE, TWO], asked_of(numbers, (9, 9), log))
    assert [one.words for one in found.without_effect] == ["order"]
    assert all(len(readings) < 2 for readings in log)


@pytest.fixture(scope="module", name="table")
def _table(repository):
    return repository / "sample_events" / "workshop"


def days(result):
    return tuple(
        ExpectedInterval(name=one.name, counts=one.series.counts)
        for one in result.segments[0].intervals
    )


def test_noise_with_days_is_never_called_a_cause(table):
    funnel = define(steps=STEPS, **FUNNEL)
    true = fk.report(table, funnel=funnel, interval="day")
    chance = random.Random(3)
    called = []
    for _ in range(6):
        noisy = [list(day.counts) for day in days(true)]
        for _ in range(chance.randint(1, 4)):
            day = chance.choice(noisy)
            step = chance.randrange(3)
            day[step] = max(0, day[step] + chance.choice([-3, -2, -1, 1, 2, 3]))
        series = tuple(
            replace(day, counts=tuple(sorted(counts, reverse=True)))
            for day, counts in zip(days(true), noisy, strict=True)
        )
        expected = Expectation(
            segments=(ExpectedSeries(counts=true.counts, intervals=series),), source="noise"
        )
        found = explain(table, funnel=funnel, expectations=(expected,), most_pairs=20)
        called.append(found.certainty)
    assert set(called) <= {"none", "nothing differs"}
    assert called.count("none") >= 5


def test_noise_on_totals_is_at_most_a_candidate(table):
    funnel = define(steps=STEPS, **FUNNEL)
    first, *rest = fk.report(table, funnel=funnel).counts
    found = {fk.why(table, expect=(first + off, *rest), funnel=funnel).certainty for off in (1, 7)}
    assert "cause" not in found


def test_copies_that_were_left_out_and_counted_by_others_are_named(tmp_path):
    noon = datetime.fromisoformat("2024-05-06T12:00:00")
    lines = []
    for day in range(4):
        for user in range(3):
            moment = noon + timedelta(days=day, minutes=user)
            line = {
                "user_id": f"u{user}", "device_id": f"d{user}", "event_type": "View",
                "event_time": f"{moment:%Y-%m-%d %H:%M:%S}", "$insert_id": f"{day} {user}",
            }  # fmt: skip
            again = line | {"event_time": f"{moment + timedelta(seconds=5):%Y-%m-%d %H:%M:%S}"}
            lines += [line, again]
    path = tmp_path / "log.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in lines), encoding="utf-8")
    funnel = define(steps="View > View", window="1h")
    names = [f"2024-05-{6 + day:02}" for day in range(4)]
    series = tuple(ExpectedInterval(name=name, counts=(3, 3)) for name in names)
    expected = Expectation(
        segments=(ExpectedSeries(counts=(3, 3), intervals=series),), source="others"
    )
    assert fk.report(path, funnel=funnel).counts == (3, 0)
    found = explain(path, funnel=funnel, expectations=(expected,))
    assert found.certainty == "cause", found.words
    assert "copies kept" in found.causes[0].words


def test_large_events_are_narrowed_to_the_types_in_question(monkeypatch, table):
    monkeypatch.setattr(sys.modules["funnelkit.api.why"], "NARROW", 100)
    result = fk.report(table, steps=STEPS, **FUNNEL | {"timezone": "Asia/Tokyo"}, interval="day")
    expected = Expectation(
        segments=(ExpectedSeries(counts=result.counts, intervals=days(result)),), source="planted"
    )
    found = fk.why(table, expect=expected, steps=STEPS, **FUNNEL)
    assert "Asia/Tokyo" in found.causes[0].words


DEFINED = ["--steps", "View > Add", "--window", "1d"]


@pytest.fixture(name="verify")
def _verify(tmp_path, capsys):
    noon = datetime.fromisoformat("2024-05-06T12:00:00")
    rows = [(f"u{n}", "View", noon) for n in range(5)]
    rows += [(f"u{n}", "Add", noon + timedelta(hours=1 + 30 * n)) for n in range(5)]
    path = tmp_path / "events.parquet"
    pl.DataFrame(rows, schema=["user_id", "event_type", "event_time"], orient="row").write_parquet(
        path
    )

    def verify(*options):
        return run(["verify", str(path), *DEFINED, *options]), *capsys.readouterr()

    return verify


def test_failure_says_why_by_itself(verify):
    code, out, _ = verify("--expect", "5, 5")
    assert code == 1
    assert "why      candidate: window 30d instead of 1d; it fits, but only 1 number" in out


def test_no_why_does_not_look(verify):
    code, out, _ = verify("--expect", "5, 5", "--no-why")
    assert (code, "candidate" in out) == (1, False)


def test_why_says_what_came_nearest(verify):
    _, out, _ = verify("--expect", "9, 7", "--why")
    assert "none of" in out
    assert "steps that differ: 2 (off by 6), 1 (off by 4)" in out
    assert "nearest" in out


def test_json_has_what_was_found(verify):
    _, out, _ = verify("--expect", "5, 5", "--why", "-f", "json")
    assert json.loads(out)["why"]["certainty"] == "candidate"
    _, out, _ = verify("--expect", "5, 1", "--why", "-f", "json")
    assert "why" not in json.loads(out)
