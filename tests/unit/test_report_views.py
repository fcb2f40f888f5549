"""The views of a report as frames, and what must hold between them and the counts."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import funnelkit as fk
from funnelkit.result.records import VIEWS

START = datetime.fromisoformat("2024-03-01T00:00:00")
EVERYTHING = {
    "steps": "A > B > C",
    "window": "2d",
    "interval": "day",
    "time_to_convert": True,
    "frequency": True,
    "by_age": True,
    "sum": "price",
    "from_": "2024-03-02",
    "to": "2024-03-03",
    "compare_to": "previous",
}


def frame(rows):
    """Return events from (user, event, hours after the start, plan, country)."""
    return pl.DataFrame(
        [
            (str(user), event, START + timedelta(hours=hours), plan, country, 2.5)
            for user, event, hours, plan, country in rows
        ],
        schema={
            "user_id": pl.String,
            "event_type": pl.String,
            "event_time": pl.Datetime("us"),
            "plan": pl.String,
            "country": pl.String,
            "price": pl.Float64,
        },
        orient="row",
    )


EVENTS = frame(
    [
        ("u", "A", 25, "pro", "DE"),
        ("u", "B", 26, None, None),
        ("u", "A", 49, "pro", "DE"),
        ("u", "B", 50, None, None),
        ("u", "C", 60, None, None),
        ("v", "A", 30, "free", None),
        ("v", "X", 31, None, None),
        ("v", "B", 32, None, None),
        ("w", "A", 1, "pro", "DE"),
        ("z", "A", 26, "pro", "FR"),
        ("z", "Z", 200, None, None),
    ]
)


@pytest.fixture(scope="module")
def result():
    return fk.report(EVENTS, **EVERYTHING, group_by=["plan", "country"], baseline="pro; DE")


def whole_of(found):
    return found.filter(pl.col("group").is_null())


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_is_a_frame_with_the_columns_that_csv_has(result, view):
    from funnelkit.render.report import render_report

    found = result.to_polars(view)
    header = render_report(result, format="csv", view=view).splitlines()[0]
    assert header.split(",") == found.columns
    assert len(found) > 0


def test_two_properties_have_a_column_each(result):
    found = result.to_polars().filter(step=1).select("group", "group_1", "group_2", "count").rows()
    assert found == [
        (None, None, None, 3),
        ("free; (none)", "free", "(none)", 1),
        ("pro; DE", "pro", "DE", 1),
        ("pro; FR", "pro", "FR", 1),
    ]


def test_the_sum_stands_beside_the_last_step(result):
    assert whole_of(result.to_polars())["property_sum"].to_list() == [None, None, 2.5]


def test_instants_are_in_utc(result):
    found = result.to_polars("intervals")
    assert found.schema["start"] == pl.Datetime("us", "UTC")
    assert found["start"][0] == datetime(2024, 3, 2, tzinfo=UTC)


def test_frames_hold_the_numbers_of_the_records(result):
    (whole,) = result.segments
    times = whole_of(result.to_polars("time_to_convert"))
    assert times.filter(from_step=1, to_step=2)["count"].sum() == whole.counts[1]
    assert times.filter(from_step=1, to_step=3)["median_seconds"].unique().to_list() == [
        whole.median_seconds
    ]
    assert times["share"].sum() == pytest.approx(3)
    ages = whole_of(result.to_polars("by_age"))
    assert ages.row(0, named=True)["conversion"] == whole.by_age[0].conversion
    often = whole_of(result.to_polars("frequency")).filter(step=1)
    assert often.select("times", "count").rows() == [(1, whole.counts[1])]
    beside = whole_of(result.to_polars("compared_to")).filter(pl.col("interval").is_null())
    assert beside.select("count", "compared_count").rows() == [(3, 1), (2, 0), (1, 0)]


def test_a_column_has_its_type_though_nothing_is_in_it():
    found = fk.report(frame([("u", "A", 1, None, None)]), steps="A > B", time_to_convert=True)
    assert found.to_polars("time_to_convert").is_empty()
    assert found.to_polars("time_to_convert").schema["bin_start"] == pl.Float64
    assert found.to_polars().schema["group"] == pl.String
    assert found.to_polars().schema["average_seconds"] == pl.Float64


def test_excluded_drop_offs_have_a_column_where_something_is_excluded():
    plain = fk.report(EVENTS, steps="A > B")
    assert "excluded_drop_off" not in plain.to_polars().columns
    found = fk.report(EVENTS, steps="A > B", exclude="X")
    assert found.to_polars()["excluded_drop_off"].to_list() == [0, 1]


def test_a_view_that_was_not_asked_for_is_refused():
    plain = fk.report(EVENTS, steps="A > B")
    with pytest.raises(fk.DefinitionError, match="no view 'by_age': it comes with --by-age"):
        plain.to_polars("by_age")
    with pytest.raises(fk.DefinitionError, match=r"Did you mean 'intervals'\?"):
        plain.to_polars("interval")


ROWS = st.lists(
    st.tuples(
        st.integers(0, 4),
        st.sampled_from("AABBC"),
        st.integers(0, 95),
        st.sampled_from(["pro", "free"]),
        st.sampled_from(["DE", None]),
    ),
    min_size=1,
    max_size=40,
)


@settings(max_examples=40)
@given(rows=ROWS)
def test_every_view_agrees_with_the_counts(rows):
    result = fk.report(frame(rows), **EVERYTHING, group_by="plan")
    (whole,) = result.segments
    # A unit counts once in each interval in which it entered: at least once, then.
    entered = [interval.series.counts[0] for interval in whole.intervals]
    assert sum(entered) >= whole.counts[0] >= max(entered, default=0)
    converted = [interval.series.counts[-1] for interval in whole.intervals]
    assert sum(converted) >= whole.counts[-1]
    for times in whole.time_to_convert:
        assert times.units == sum(b.count for b in times.bins) == whole.counts[times.to_step - 1]
    for frequency in whole.frequency:
        assert sum(frequency.counts) == whole.counts[frequency.step]
    assert whole.property_sum == 2.5 * whole.counts[-1]
    shares = [point.conversion for point in whole.by_age]
    assert shares == sorted(shares)
    if whole.counts[0]:
        # Entrants that were not watched to the end can only raise the estimate.
        assert shares[-1] >= whole.conversion - 1e-9
    for k, count in enumerate(whole.counts):
        assert count == sum(group.counts[k] for group in whole.groups)
    (beside, *_) = result.compared_to
    assert tuple(step.count for step in beside.steps) == whole.counts


def test_those_who_did_not_reach_the_grouped_step_are_no_group_that_is_shown():
    rows = [("u", "A", 1, None, None), ("u", "B", 2, "pro", None), ("v", "A", 1, None, None)]
    rows += [("w", "A", 1, None, None), ("w", "B", 2, "free", None)]
    found = fk.report(frame(rows), steps="A > B", group_by="2: plan", group_limit=1)
    assert [group.name for group in found.segments[0].groups] == ["free", "Did not reach step"]
    assert found.warnings == ("all users: the 1 largest groups are shown, 1 are left out",)


def test_dates_without_a_day_have_a_list_of_no_intervals():
    found = fk.report(
        EVENTS, steps="A > B", interval="day", from_="2024-03-02", to="2024-03-02",
        exclude_weekday="saturday",
    ).to_dict()  # fmt: skip
    assert found["segments"][0]["intervals"]
    empty = fk.report(EVENTS.head(0), steps="A > B", interval="day").to_dict()
    assert empty["segments"][0]["intervals"] == []
    assert "intervals" not in fk.report(EVENTS.head(0), steps="A > B").to_dict()["segments"][0]


def test_groups_of_an_optional_step_are_missing_where_the_step_is_and_that_is_said():
    asked = {"steps": "A > B > C", "optional_step": 2}
    result = fk.report(EVENTS, group_by="2: plan", **asked)
    assert [bool(series.groups) for series in result.segments] == [True, False]
    words = "the groups are those of step 2, which is optional: the funnel without it has none"
    assert words in result.warnings
    assert words not in fk.report(EVENTS, group_by="plan", **asked).warnings
