"""What the original generator's events say, worked out independently of this project."""

from datetime import UTC, datetime, timedelta

import pytest

import funnelkit as fk
from funnelkit.model import Period

STEPS = "ProductViewed > ProductAdded > CheckoutStarted > OrderCompleted"
FEATURE = "feature in (home_product_recs, product_detail_related)"
FIRST = datetime(2020, 4, 2, 9, 17, 23, 456000, tzinfo=UTC)
CHANGE = FIRST + timedelta(days=30)


@pytest.fixture(scope="module")
def both(real_events):
    return [str(real_events / name) for name in ("pre_era.jsonl.gz", "post_era.jsonl.gz")]


def before_and_after(both, **options):
    return fk.compare(
        both,
        steps=STEPS,
        baseline=Period(FIRST, CHANGE),
        against=Period(CHANGE, None),
        against_where=FEATURE,
        **options,
    )


def percents(estimate):
    return round(100 * estimate.baseline.share, 1), round(100 * estimate.against.share, 1)


@pytest.fixture(scope="module")
def workshop(both):
    return before_and_after(both)


def test_amplitudes_counts_come_first_and_unchanged(workshop):
    assert workshop.baseline.series.counts == (1177, 720, 520, 487)
    assert workshop.against.series.counts == (895, 536, 320, 282)
    assert percents(workshop.lift) == (41.4, 31.5)


def test_each_side_watched_to_its_own_end_is_each_file_alone(workshop):
    line = workshop.line("follow-up")
    assert line.own_period
    assert percents(line.common) == (35.4, 31.5)
    assert line.common.baseline.converted == 417
    assert line.incomplete == (0.0, 1.0)


def test_a_window_of_one_day_is_complete_for_nearly_everybody(both):
    result = before_and_after(both, window="1d")
    assert percents(result.lift) == (35.4, 30.3)
    assert result.line("follow-up") is None


def test_the_filter_is_named_as_a_choice_with_what_it_leaves_out(workshop):
    line = workshop.line("self-selection")
    assert percents(line.unfiltered) == (41.4, 22.7)
    (outside,) = line.complements
    assert (outside.conversion.converted, outside.conversion.entered) == (297, 1634)
    assert outside.in_both == 895 + 1634 - 2245


def test_the_workshops_difference_is_consistent_with_no_change(workshop):
    assert workshop.lift.excludes_no_change
    assert workshop.verdict.call == "no change"
    assert "no change" in workshop.sentence


def test_at_most_six_lines_are_shown(workshop):
    assert [line.name for line in workshop.lines] == [
        "follow-up",
        "attempts",
        "self-selection",
        "same people",
        "placebo",
        "calendar",
    ]


def test_the_placebo_of_the_workshop_is_the_gap_between_its_halves(workshop):
    line = workshop.line("placebo")
    assert line.kind == "halves of the baseline"
    assert percents(line.widest.answers[0]) == (39.9, 30.2)


@pytest.mark.parametrize(("window", "shares"), [("30d", (39.9, 30.2)), ("1d", (33.0, 30.2))])
def test_the_halves_of_a_month_in_which_nothing_happened_are_no_evidence(both, window, shares):
    middle = FIRST + timedelta(days=15)
    result = fk.compare(
        both[0],
        steps=STEPS,
        window=window,
        baseline=Period(FIRST, middle),
        against=Period(middle, None),
    )
    assert percents(result.lift) == shares
    assert result.verdict.call == "no change"


@pytest.mark.parametrize("file", [0, 1])
@pytest.mark.parametrize("days", [5, 10, 18, 25])
@pytest.mark.parametrize("window", ["1h", "1d", "30d"])
def test_no_other_cut_through_a_quiet_month_is_evidence_either(both, file, days, window):
    start = (FIRST, CHANGE)[file]
    result = fk.compare(
        both[file],
        steps=STEPS,
        window=window,
        baseline=Period(start, start + timedelta(days=days)),
        against=Period(start + timedelta(days=days), None),
    )
    assert result.verdict.call in {"no change", "undecided"}


def test_everybody_after_the_change_did_convert_less_and_the_cause_stays_open(both):
    result = fk.compare(
        both, steps=STEPS, baseline=Period(FIRST, CHANGE), against=Period(CHANGE, None)
    )
    assert percents(result.lift) == (41.4, 22.7)
    assert result.verdict.call == "larger than usual"
    assert result.sentence.startswith("Larger than the usual movement, cause not identified")


def test_sessions_have_one_attempt_each_and_nobody_on_both_sides(both):
    result = before_and_after(both, unit="session")
    assert result.line("attempts") is None
    assert result.line("same people") is None
