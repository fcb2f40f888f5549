"""The A/B view of a report: which series are variants, and what is said of them."""

from datetime import datetime, timedelta

import polars as pl
import pytest

import funnelkit as fk

START = datetime.fromisoformat("2024-05-01T00:00:00")
VARIANTS = {"control": (100, 20), "blue": (100, 35), "green": (50, 11), "tiny": (10, 1)}
"""Users of each variant that entered, and that converted."""


@pytest.fixture(scope="module")
def events():
    """Each user views once; the first ones of each variant buy a minute later."""
    rows = []
    for variant, (entered, converted) in VARIANTS.items():
        for n in range(entered):
            user = f"{variant}{n}"
            rows.append((user, "View", START, variant))
            if n < converted:
                rows.append((user, "Buy", START + timedelta(minutes=1), None))
    names = ("user_id", "event_type", "event_time", "variant")
    return pl.DataFrame(rows, schema=names, orient="row", infer_schema_length=None)


def ab(events, baseline, **definition):
    return fk.report(events, steps="View > Buy", baseline=baseline, **definition).ab


def segments(*names):
    return [f"{name}: variant is {name}" for name in names]


def test_the_segments_are_the_variants(events):
    test = ab(events, "control", segment=segments("control", "blue", "green"))
    assert [(row.name, row.count, row.converted) for row in test.rows] == [
        ("control", 100, 20),
        ("blue", 100, 35),
        ("green", 50, 11),
    ]
    assert [row.conversion for row in test.rows] == [0.2, 0.35, 0.22]
    assert test.rows[1].improvement == pytest.approx(0.75)
    assert test.rows[2].improvement == pytest.approx(0.1)


def test_only_the_best_variant_is_judged(events):
    control, blue, green = ab(events, "control", segment=segments("control", "blue", "green")).rows
    # t = 0.15 / sqrt(0.2 * 0.8 / 100 + 0.35 * 0.65 / 100) = 2.40966; 192.169 degrees of freedom.
    assert blue.significance == pytest.approx(1 - 0.0169106, abs=1e-7)
    assert blue.significant
    assert control.significance is None
    assert green.significance is None
    assert green.not_judged == ("only the best variant is judged",)


def test_any_segment_can_be_the_baseline(events):
    test = ab(events, "blue", segment=segments("control", "blue"))
    assert test.rows[test.baseline].name == "blue"
    assert test.rows[0].improvement == pytest.approx((0.2 - 0.35) / 0.35)


def test_the_groups_of_the_only_series_are_the_variants(events):
    test = ab(events, "control", group_by="variant")
    assert {row.name: (row.count, row.converted) for row in test.rows} == VARIANTS
    (tiny,) = (row for row in test.rows if row.name == "tiny")
    assert tiny.significance is None


def test_those_who_did_not_reach_the_grouped_step_are_no_variant(events):
    test = ab(events, "(none)", group_by="2: variant")
    assert [row.name for row in test.rows] == ["(none)"]


def test_too_few_units_are_not_judged(events):
    _, tiny = ab(events, "control", segment=segments("control", "tiny")).rows
    assert tiny.significance is None
    assert tiny.not_judged == (
        "tiny has 10 samples, fewer than 30",
        "tiny has 1 conversion, fewer than 5",
    )


def test_the_test_is_that_of_the_settings(events):
    found = [
        ab(events, "control", segment=segments("control", "blue"), setting=setting).rows[1]
        for setting in ("variance=n", "variance=n - 1")
    ]
    assert found[0].significance > found[1].significance


def test_a_report_without_a_baseline_has_no_view(events):
    result = fk.report(events, steps="View > Buy", group_by="variant")
    assert result.ab is None
    assert "ab" not in result.to_dict()


def test_the_numbers_are_in_the_dictionary_in_full(events):
    result = fk.report(events, steps="View > Buy", group_by="variant", baseline="blue")
    found = result.to_dict()["ab"]
    assert found["baseline"] == "blue"
    assert [row["improvement"] for row in found["rows"]] == [
        row.improvement for row in result.ab.rows
    ]


@pytest.mark.parametrize(
    ("definition", "words"),
    [
        ({}, "nothing beside it"),
        ({"segment": segments("control")}, "nothing beside it"),
        ({"segment": segments("control", "blue")}, "no segment is called 'Control'"),
        ({"group_by": "variant"}, "no group is called 'Control'. Did you mean 'control'?"),
        ({"group_by": "variant", "count_by": "totals"}, "unique units"),
        ({"steps": "View > Any > Buy", "optional_step": 2}, "several funnels of the same units"),
        ({"compare_event": "2: Add", "group_by": "variant"}, "several funnels"),
    ],
    ids=["one series", "one segment", "segment", "group", "totals", "optional", "compared"],
)
def test_what_has_no_variants_is_refused(events, definition, words):
    with pytest.raises(fk.DefinitionError, match=words):
        fk.report(events, **{"steps": "View > Buy", **definition}, baseline="Control")
