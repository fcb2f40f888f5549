"""A result beside expected numbers: every number is a check with a verdict of its own."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

import funnelkit as fk
from funnelkit.errors import DefinitionError
from funnelkit.specs.define import define
from funnelkit.verification.compare import asked, compare
from funnelkit.verification.expected import (
    AmplitudeAnswer,
    Expectation,
    ExpectedInterval,
    ExpectedSeries,
    ExpectedTime,
)
from funnelkit.verification.terms import Allowance, KnownDifference, Terms, Threshold

NOON = datetime.fromisoformat("2026-05-01T12:00:00")
DAY = 86_400


@pytest.fixture(scope="module")
def events():
    """Two users of plan pro enter on 1 May, one of them adds after 10 s; one of free on 2 May."""
    happened = [
        ("u", "View", 0, "pro"), ("u", "Add", 10, "pro"), ("v", "View", 5, "pro"),
        ("w", "View", DAY, "free"), ("w", "Add", DAY + 25, "free"),
    ]  # fmt: skip
    return pl.DataFrame(
        {
            "user_id": [one[0] for one in happened],
            "event_type": [one[1] for one in happened],
            "event_time": [NOON + timedelta(seconds=one[2]) for one in happened],
            "plan": [one[3] for one in happened],
        }
    )


@pytest.fixture
def check(events):
    """Return the comparison of the events' funnel with a series, or several."""

    def compared(*series, terms=None, answer=None, now=None, **options):
        expectation = Expectation(
            segments=series, source="expected", answer=answer or AmplitudeAnswer()
        )
        defined = {"steps": "View > Add", "window": "1d", "from_": "2026-05-01", "to": "2026-05-02"}
        funnel = asked(define(**{**defined, **options}), expectation)
        compare_to = "previous" if expectation.has_previous else None
        result = fk.report(events, funnel=funnel, compare_to=compare_to)
        return compare(expectation, result, terms, now=now)

    return compared


def verdicts(comparison):
    return [(one.what, one.expected, one.found, one.verdict) for one in comparison.checks]


def test_counts_are_checked_step_by_step(check):
    found = check(ExpectedSeries(counts=(3, 1)))
    assert verdicts(found) == [("step 1 View", 3, 3, "pass"), ("step 2 Add", 1, 2, "fail")]
    assert found.checks[1].difference == 1
    assert (found.verdict, found.ok) == ("fail", False)


def test_a_series_by_interval_is_checked_interval_by_interval(check):
    found = check(
        ExpectedSeries(
            intervals=(
                ExpectedInterval(name="2026-05-01", counts=(2, 1)),
                ExpectedInterval(name="2026-05-02T00:00:00", conversion=1.0),
            )
        )
    )
    assert [(one.what, one.verdict) for one in found.checks] == [
        ("2026-05-01, step 1 View", "pass"),
        ("2026-05-01, step 2 Add", "pass"),
        ("2026-05-02T00:00:00, conversion", "pass"),
    ]


def test_weekly_dates_ask_for_weeks(check):
    weeks = tuple(ExpectedInterval(name=name, counts=(0, 0)) for name in ("2026-04-20",))
    week = (*weeks, ExpectedInterval(name="2026-04-27", counts=(3, 2)))
    assert [one.verdict for one in check(ExpectedSeries(intervals=week)).checks] == [
        "fail", "fail", "pass", "pass",
    ]  # fmt: skip


def test_an_interval_that_nobody_listed_fails_where_all_are_listed(check):
    first = (ExpectedInterval(name="2026-05-01", counts=(2, 1)),)
    assert check(ExpectedSeries(intervals=first)).ok
    found = check(ExpectedSeries(intervals=first, all_intervals=True))
    assert verdicts(found)[-2] == ("2026-05-02, step 1 View", 0, 1, "fail")


def test_groups_are_checked_by_their_values(check):
    pro = ExpectedSeries(name="pro", counts=(2, 1))
    nobody = ExpectedSeries(name="gold", counts=(0, 0))
    found = check(ExpectedSeries(groups=(pro, nobody)), group_by="plan")
    assert found.ok
    found = check(ExpectedSeries(groups=(pro,), all_groups=True), group_by="plan")
    assert verdicts(found)[-2] == ("group free, step 1 View", 0, 1, "fail")


def test_a_group_that_somebody_mistyped_is_no_group_of_nobody(check):
    found = check(
        ExpectedSeries(groups=(ExpectedSeries(name="pr", counts=(2, 1)),)), group_by="plan"
    )
    assert found.checks[0].words == (
        "group pr, step 1 View: expected 2, found nothing; there is no such group."
        " Did you mean 'pro'?"
    )


def test_an_allowance_at_a_step_that_is_not_there_is_a_wrong_definition(check):
    far = Allowance(step=3, users=1, missing=True, reason="testers")
    with pytest.raises(DefinitionError, match="missing_users are allowed at step 3"):
        check(ExpectedSeries(counts=(3, 2)), terms=Terms(allowances=(far,)))


def test_groups_of_a_funnel_that_has_none_are_a_wrong_definition(check):
    with pytest.raises(DefinitionError, match="expects groups, but the funnel has none"):
        check(ExpectedSeries(groups=(ExpectedSeries(name="pro", counts=(2, 1)),)))


def test_segments_are_found_by_name_or_by_place(check):
    options = {"segment": ["paid: plan is pro", "free: plan is free"]}
    by_name = check(ExpectedSeries(name="free", counts=(1, 1)), **options)
    assert verdicts(by_name)[0] == ("free, step 1 View", 1, 1, "pass")
    assert check(ExpectedSeries(counts=(2, 1)), ExpectedSeries(counts=(1, 1)), **options).ok
    with pytest.raises(DefinitionError, match=r"a segment 'fre'.* Did you mean 'free'"):
        check(ExpectedSeries(name="fre", counts=(1, 1)), **options)


def test_the_name_of_the_only_segment_does_not_matter(check):
    assert check(ExpectedSeries(name="All Users", counts=(3, 2))).ok


@pytest.mark.parametrize(("average", "verdict"), [(17.5, "pass"), (17.499, "fail"), (17, "fail")])
def test_averages_are_exact_but_for_what_amplitude_cuts_off(check, average, verdict):
    found = check(ExpectedSeries(times=(ExpectedTime(step=2, average_seconds=average),)))
    assert verdicts(found) == [("average time from step 1 to 2", average, 17.5, verdict)]


def test_an_average_cut_to_milliseconds_passes(events):
    more = pl.DataFrame(
        {
            "user_id": ["x", "x"], "event_type": ["View", "Add"], "plan": ["pro", "pro"],
            "event_time": [NOON, NOON + timedelta(seconds=5)],
        }
    )  # fmt: skip
    result = fk.report(pl.concat([events, more.select(events.columns)]), steps="View > Add")
    assert result.segments[0].average_seconds == pytest.approx(40 / 3)
    series = ExpectedSeries(times=(ExpectedTime(step=None, average_seconds=13.333),))
    assert compare(Expectation(segments=(series,), source="e"), result).ok
    series = ExpectedSeries(times=(ExpectedTime(step=None, average_seconds=13.332),))
    assert not compare(Expectation(segments=(series,), source="e"), result).ok


def test_the_median_of_one_or_two_is_exact_and_of_more_approximate(events):
    rows = [("x", 20), ("y", 100)]
    more = pl.DataFrame(
        {
            "user_id": [user for user, _ in rows for _ in "12"],
            "event_type": ["View", "Add"] * 2,
            "event_time": [NOON + timedelta(seconds=at) for _, s in rows for at in (0, s)],
            "plan": ["pro"] * 4,
        }
    )
    series = ExpectedSeries(times=(ExpectedTime(step=None, median_seconds=17.6),))
    expectation = Expectation(segments=(series,), source="e")
    two = fk.report(events, steps="View > Add")
    assert [one.verdict for one in compare(expectation, two).checks] == ["fail"]
    four = fk.report(pl.concat([events, more]), steps="View > Add")
    assert four.segments[0].median_seconds == 22.5
    near = ExpectedSeries(times=(ExpectedTime(step=None, median_seconds=22.0),))
    found = compare(Expectation(segments=(near,), source="e"), four)
    assert (found.verdict, found.checks[0].reason) == ("pass", "within 0.05 of the median")
    assert not compare(expectation, four).ok


def test_rows_of_the_previous_period_are_compared_by_their_place(check):
    previous = ExpectedSeries(
        name="all users",
        previous=True,
        intervals=(ExpectedInterval(name="2026-05-02", conversion=0.5),),
    )
    current = ExpectedSeries(
        name="all users", intervals=(ExpectedInterval(name="2026-05-02", conversion=1.0),)
    )
    found = check(current, previous, from_="2026-05-02", to="2026-05-02", interval="day")
    assert verdicts(found) == [
        ("2026-05-02, conversion", 1.0, 1.0, "pass"),
        ("[Previous], 2026-05-02, conversion", 0.5, 0.5, "pass"),
    ]


def test_missing_and_extra_users_are_allowed_at_their_step_and_no_further(check):
    missing = Allowance(step=2, users=1, missing=True, reason="a bot was removed")
    assert check(ExpectedSeries(counts=(3, 3)), terms=Terms(allowances=(missing,))).checks[
        1
    ].reason == ("allowed: a bot was removed")
    assert not check(ExpectedSeries(counts=(3, 1)), terms=Terms(allowances=(missing,))).ok
    extra = replace(missing, missing=False)
    assert check(ExpectedSeries(counts=(3, 1)), terms=Terms(allowances=(extra,))).ok
    assert not check(ExpectedSeries(counts=(2, 1)), terms=Terms(allowances=(extra,))).ok


@pytest.mark.parametrize(
    ("terms", "verdict"),
    [
        (Terms(), "fail"),
        (Terms(fail_over=Threshold(users=1)), "warn"),
        (Terms(warn_over=Threshold(users=1), fail_over=Threshold(users=1)), "pass"),
        (Terms(fail_over=Threshold(share=0.34)), "warn"),
        (Terms(fail_over=Threshold(share=0.32)), "fail"),
    ],
)
def test_thresholds_warn_first_and_fail_later(check, terms, verdict):
    assert check(ExpectedSeries(counts=(3, 3)), terms=terms).verdict == verdict


def test_a_warning_above_the_failure_makes_no_sense():
    with pytest.raises(DefinitionError, match="warn_over is not above fail_over"):
        Terms(warn_over=Threshold(users=2))


def known(until):
    return Terms(known_difference=KnownDifference(reason="bots", until=date.fromisoformat(until)))


def test_a_known_difference_warns_until_it_expires(check):
    now = datetime(2026, 6, 1, tzinfo=UTC)
    found = check(ExpectedSeries(counts=(3, 3)), terms=known("2026-06-01"), now=now)
    assert [one.verdict for one in found.checks] == ["pass", "warn"]
    assert found.checks[1].reason == "known until 2026-06-01: bots"
    found = check(ExpectedSeries(counts=(3, 3)), terms=known("2026-05-31"), now=now)
    assert found.checks[1].verdict == "fail"
    assert "expired on 2026-05-31" in found.checks[1].reason


def test_a_known_difference_that_is_no_longer_needed_fails(check):
    found = check(ExpectedSeries(counts=(3, 2)), terms=known("2999-01-01"))
    assert found.verdict == "fail"
    assert "nothing differs any more" in found.checks[0].reason


def test_numbers_that_were_read_too_early_are_undecided_even_if_they_agree(check):
    days = tuple(
        ExpectedInterval(name=name, counts=counts)
        for name, counts in (("2026-05-01", (2, 1)), ("2026-05-02", (1, 1)))
    )
    series = ExpectedSeries(counts=(3, 2), intervals=days)
    # 1 May ends on the 2nd; one day of window and 14 to settle are over on the 17th.
    early = AmplitudeAnswer(fetched_at=datetime(2026, 5, 17, tzinfo=UTC))
    found = check(series, answer=early)
    assert [one.verdict for one in found.checks] == ["undecided"] * 2 + ["pass"] * 2 + [
        "undecided"
    ] * 2
    assert found.verdict == "undecided"
    assert "over on 2026-05-18" in found.checks[0].reason
    late = AmplitudeAnswer(fetched_at=datetime(2026, 5, 18, tzinfo=UTC))
    assert check(series, answer=late).verdict == "pass"
    assert check(series, answer=early, terms=Terms(settle=timedelta(days=13))).verdict == "pass"


def test_the_end_of_the_dates_is_that_of_the_project_time_zone(check):
    read = AmplitudeAnswer(fetched_at=datetime(2026, 5, 18, tzinfo=UTC))
    series = ExpectedSeries(counts=(3, 2))
    assert check(series, answer=read, timezone="Asia/Tokyo").verdict == "pass"
    assert check(series, answer=read, timezone="America/New_York").verdict == "undecided"


def test_amplitudes_numbers_without_an_end_of_the_dates_never_settle(check):
    read = AmplitudeAnswer(fetched_at=datetime(2027, 1, 1, tzinfo=UTC))
    found = check(ExpectedSeries(counts=(3, 2)), answer=read, from_=None, to=None)
    assert "the dates have no end" in found.checks[0].reason


def test_sampled_numbers_decide_nothing_unless_allowed_by_name(check):
    sampled = AmplitudeAnswer(sample_rate=0.1)
    found = check(ExpectedSeries(counts=(3, 2)), answer=sampled)
    assert found.verdict == "undecided"
    assert "allow it by name, sampled" in found.checks[0].reason
    assert check(ExpectedSeries(counts=(3, 2)), answer=sampled, terms=Terms(allow=("sampled",))).ok


@pytest.mark.parametrize("counts", [(3,), (3, 2, 1)])
def test_another_number_of_counts_than_steps_is_a_wrong_definition(check, counts):
    words = f"expects {len(counts)} counts, the funnel has 2 steps"
    with pytest.raises(DefinitionError, match=words):
        check(ExpectedSeries(counts=counts))


def test_segments_of_which_nothing_is_said_are_a_wrong_definition(check):
    with pytest.raises(DefinitionError, match="numbers of 1 segments, the funnel has 2: a, b"):
        check(ExpectedSeries(counts=(3, 2)), segment=["a: plan is pro", "b: plan is free"])


def test_counts_that_rise_are_refused_anywhere():
    with pytest.raises(DefinitionError, match="step 2 with 3 follows 2"):
        ExpectedSeries(intervals=(ExpectedInterval(name="2026-05-01", counts=(2, 3)),))
