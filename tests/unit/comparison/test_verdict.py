from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelkit.comparison.estimate import Estimate
from funnelkit.comparison.likeness import Likeness
from funnelkit.comparison.placebo import Placebo, Trial
from funnelkit.comparison.verdict import judge
from funnelkit.stats.proportion import Proportion


def estimate(baseline, against, n=1000):
    return Estimate(baseline=Proportion(baseline, n), against=Proportion(against, n))


def likeness(counted, common=None, first=None):
    return Likeness(
        counted=counted,
        common=common or counted,
        first=first or counted,
        window=1,
        short_window=1,
        complete=True,
        own_end=True,
        counted_entrants=(),
        first_entrants=(),
    )


def placebo(*answers, stretch=1.0):
    return Placebo(
        kind="earlier periods",
        trials=tuple(
            Trial(start=0, middle=1, end=2, answers=(a, a, a), stretch=stretch) for a in answers
        ),
    )


QUIET = placebo(estimate(300, 303))
LIFT = estimate(300, 400)


def test_a_lift_that_every_answer_confirms_is_larger_than_usual():
    assert judge(likeness(LIFT), QUIET, scatter=1).call == "larger than usual"


@pytest.mark.parametrize(
    ("alike", "usual", "reason"),
    [
        (likeness(estimate(300, 310)), QUIET, "the interval includes 0"),
        (likeness(LIFT, common=estimate(300, 310)), QUIET, "not at a common follow-up"),
        (likeness(LIFT, first=estimate(300, 310)), QUIET, "not with first entries"),
        (likeness(estimate(300, 310)), None, "the interval includes 0"),
    ],
)
def test_an_interval_that_includes_0_is_consistent_with_no_change(alike, usual, reason):
    found = judge(alike, usual, scatter=1)
    assert (found.call, found.reason) == ("no change", reason)


@pytest.mark.parametrize(
    ("alike", "usual", "reason"),
    [
        (likeness(LIFT, common=estimate(400, 300)), QUIET, "the other way at a common follow-up"),
        (likeness(LIFT, first=estimate(400, 300)), QUIET, "the other way with first entries"),
        (replace(likeness(LIFT), common=None), QUIET, "nobody left at a common follow-up"),
        (replace(likeness(LIFT), first=None), QUIET, "nobody left with first entries"),
        (likeness(LIFT), None, "too little data for a placebo"),
        (likeness(LIFT), placebo(estimate(300, 380)), "no more than the placebo"),
        (likeness(LIFT), placebo(estimate(380, 300)), "no more than the placebo"),
    ],
)
def test_a_difference_that_excludes_0_and_is_no_evidence_is_undecided(alike, usual, reason):
    found = judge(alike, usual, scatter=1)
    assert (found.call, found.reason) == ("undecided", reason)


def test_the_widest_of_several_placebos_counts():
    usual = placebo(estimate(300, 303), estimate(300, 385), estimate(300, 299))
    assert judge(likeness(LIFT), usual, scatter=1).call == "undecided"


def test_a_placebo_over_half_the_distance_counts_double():
    half = estimate(300, 345, n=1000)
    assert judge(likeness(LIFT), placebo(half), scatter=1).call == "larger than usual"
    assert judge(likeness(LIFT), placebo(half, stretch=2), scatter=1).call == "undecided"


def test_days_that_scatter_more_than_chance_widen_the_interval():
    assert judge(likeness(LIFT), QUIET, scatter=9).call == "undecided"


def test_a_noisy_placebo_needs_a_larger_lift_than_a_precise_one():
    small, large = (estimate(3 * n // 10, 3 * n // 10, n=n) for n in (100, 10_000))
    needed = [judge(likeness(LIFT), placebo(trial), scatter=1).needed for trial in (small, large)]
    assert needed[0] > needed[1]


def test_the_usual_movement_is_the_drift_over_the_distance_and_the_chance_error():
    usual = judge(likeness(LIFT), placebo(estimate(300, 345), stretch=2), scatter=1).usual
    assert usual.seen == pytest.approx(0.045)
    assert 0 < usual.drift < usual.seen
    assert usual.size == pytest.approx(2 * usual.drift + usual.chance_error)


counts = st.integers(0, 200)


@given(counts, counts, counts, counts, st.floats(1, 10))
def test_exchanging_the_sides_does_not_change_the_call(one, other, early, late, scatter):
    usual = placebo(estimate(early, late, n=200))
    there = judge(likeness(estimate(one, other, n=200)), usual, scatter=scatter)
    back = judge(likeness(estimate(other, one, n=200)), usual, scatter=scatter)
    assert there.call == back.call


@given(counts, counts, counts, counts)
def test_no_change_is_said_of_an_interval_with_0_only(one, other, early, late):
    answer = estimate(one, other, n=200)
    found = judge(likeness(answer), placebo(estimate(early, late, n=200)), scatter=1)
    assert (found.call == "no change") == (0 in answer.interval)
