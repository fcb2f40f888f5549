import pytest

from funnelkit.comparison.sides import AGAINST, BASELINE, EVERYBODY, sides
from funnelkit.errors import DataError, DefinitionError, UnsupportedError
from funnelkit.model import Filter, Property, Segment
from funnelkit.specs.define import define

FIRST, SECOND = ("2026-03-01", "2026-03-07"), ("2026-03-08", "2026-03-14")


def funnel(days=(None, None), *, steps="A > B", **options):
    return define(steps=steps, from_=days[0], to=days[1], **options)


def has(name, value):
    return Filter(Property(name), "is", (value,))


def test_shared_filters_stay_with_the_step_and_the_others_become_segments():
    found = sides(
        funnel(FIRST, where="plan is pro"),
        funnel(SECOND, where=["plan is pro", "feature is x"]),
    )
    (selector,) = found.funnel.steps[0].events
    assert selector.filters == (has("plan", "pro"),)
    assert found.funnel.segments[BASELINE].filters == ()
    assert found.funnel.segments[AGAINST].filters == (has("feature", "x"),)
    assert found.funnel.segments[EVERYBODY].filters == ()
    assert found.funnel.period.start is None


def test_the_one_segment_of_a_side_is_a_filter_of_step_1():
    found = sides(funnel(segment="Pro: plan is pro"), funnel(segment="Free: plan is free"))
    assert found.filters == ((has("plan", "pro"),), (has("plan", "free"),))


def test_periods_are_cut_to_the_data():
    found = sides(funnel(("2026-01-01", "2026-03-07")), funnel(("2026-03-08", None)))
    first, last = 1_772_500_000_000_000, 1_773_500_000_000_000
    pair = found.pair(first, last)
    assert pair.baseline.start == first
    assert pair.against.end == last + 1 == pair.data_end


def test_a_stated_end_of_the_data_lengthens_an_open_period():
    found = sides(funnel(FIRST), funnel(("2026-03-08", None)))
    pair = found.pair(1_772_500_000_000_000, 1_773_000_000_000_000, data_end=1_774_000_000_000_000)
    assert pair.against.end == pair.data_end == 1_774_000_000_000_000


def test_a_period_outside_the_data_is_named_with_the_range_of_the_data():
    found = sides(funnel(FIRST), funnel(("2027-01-01", "2027-01-31")))
    with pytest.raises(DataError, match=r"'against' lies outside the data; .* 2026-03-03T"):
        found.pair(1_772_500_000_000_000, 1_773_500_000_000_000)


@pytest.mark.parametrize(
    ("baseline", "against", "words"),
    [
        (funnel(FIRST, steps="A"), funnel(SECOND, steps="A"), "at least 2 steps"),
        (funnel(FIRST), funnel(SECOND, steps="X > B"), "begin with the same step"),
        (funnel(FIRST), funnel(SECOND, steps="A > C"), "differ in steps: B and C"),
        (funnel(FIRST, window="1d"), funnel(SECOND), "differ in window: 1 day"),
        (funnel(FIRST, unit="session"), funnel(SECOND), "differ in unit: session and user"),
        (funnel(FIRST), funnel(("2026-03-07", "2026-03-14")), "overlap on 2026-03-07, where"),
        (funnel(FIRST), funnel(("2026-03-05", None)), "overlap from 2026-03-05 to 2026-03-07"),
        (funnel(("2026-03-01", None)), funnel(SECOND), "overlap from 2026-03-08 to 2026-03-14"),
        (funnel(("2026-03-01", None)), funnel(("2026-03-08", None)), "from 2026-03-08 on"),
        (
            funnel(("2026-03-01T10:00", "2026-03-02T12:00"), timezone="Asia/Tokyo"),
            funnel(("2026-03-02T11:30", "2026-03-04"), timezone="Asia/Tokyo"),
            "overlap from 2026-03-02T11:30:00 to 2026-03-02T12:00:00",
        ),
        (funnel(FIRST), funnel(), "'against' has none: give --against FROM..TO"),
        (funnel(), funnel(SECOND), "'baseline' has none: give --baseline FROM..TO"),
        (funnel(), funnel(), "select the same entries: .*--baseline FROM..TO"),
        (
            funnel(segment=["X: plan is pro", "Y: plan is free"]),
            funnel(SECOND),
            "one segment at most; got X, Y",
        ),
    ],
)
def test_sides_that_cannot_be_compared_are_refused(baseline, against, words):
    with pytest.raises(DefinitionError, match=words):
        sides(baseline, against)


def test_alternatives_of_step_1_that_differ_one_by_one_are_refused():
    with pytest.raises(UnsupportedError, match="alternatives of step 1"):
        sides(
            funnel(FIRST, steps="A|B > C"),
            funnel(SECOND, steps="A[plan is pro]|B > C"),
        )


def test_a_window_that_is_stated_and_the_default_of_the_same_length_agree():
    assert sides(funnel(FIRST, window="30d"), funnel(SECOND)).filters == ((), ())


def test_one_period_with_two_filters_can_be_compared():
    found = sides(funnel(where="plan is pro"), funnel(where="plan is free"))
    assert found.baseline.segments == ()
    assert found.funnel.segments[0] == Segment("baseline", (has("plan", "pro"),))
