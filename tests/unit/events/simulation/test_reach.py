"""The proof that funnels come out as the probabilities say: 2,000 sessions a day for 30 days."""

from fractions import Fraction

import polars as pl
import pytest

from funnelkit.events.simulation import simulate

STEPS = ["ProductViewed", "ProductAdded", "CheckoutStarted", "OrderCompleted"]
FEATURES = ["home_product_recs", "product_detail_related"]
FEATURE = pl.col("event_properties").struct.field("feature")

REACH = {
    "A": [1, 0.6, 0.42, 0.336, 0.3024, 0.3024],
    "B": [1, 0.6, 0.42, 0.336, 0.3024],
    "Bf": [1, 0.6, 0.42, 0.336, 0.3024],
    "C": [1],
    "D": [1],
}


def funnel(events, entry):
    """Return how many users do each of the steps in order; each user has one session at most."""
    users = events.filter((pl.col("event_type") == STEPS[0]) & entry).select(
        "user_id", "event_time"
    )
    counts = [users.height]
    for step in STEPS[1:]:
        done = events.filter(event_type=step).select("user_id", then="event_time")
        users = (
            users.join(done, on="user_id")
            .filter(pl.col("then") >= pl.col("event_time"))
            .select("user_id", event_time="then")
        )
        counts.append(users.height)
    assert users["user_id"].is_unique().all()
    return counts


def assert_within_four_standard_errors(successes, of, probability):
    error = (probability * (1 - probability) / of) ** 0.5
    assert abs(successes / of - probability) <= 4 * error


@pytest.fixture(scope="module")
def big_store():
    return simulate("workshop", seed=20, returning=0, sessions_per_day=2000)


@pytest.mark.parametrize(
    ("period", "entry", "probability"),
    [
        ("pre", pl.lit(value=True), 0.6048 / 2.6),
        ("post", pl.lit(value=True), 0.6048 / 3),
        ("post", FEATURE.is_in(FEATURES), 0.3024),
        ("post", FEATURE.is_null(), 0.1512),
    ],
    ids=["pre 23.26 %", "post 20.16 %", "post, feature 30.24 %", "post, organic 15.12 %"],
)
def test_last_step_conversion_of_users(big_store, period, entry, probability):
    counts = funnel(big_store.period(period), entry)
    assert_within_four_standard_errors(counts[-1], counts[0], probability)


@pytest.mark.parametrize("name", ["workshop", "workshop-search"])
def test_every_template_reaches_its_events_as_often_as_it_should(name):
    store = simulate(name, seed=21, sessions_per_day=2000)
    counts = store.truth.group_by("template", "step").agg(pl.len()).rows()
    found = {(template, step): count for template, step, count in counts}
    reach = {**REACH, "Af": REACH["A"]}
    for template in {template for template, _ in found}:
        started = found[template, 1]
        for step, probability in enumerate(reach[template], start=1):
            reached = found[template, step]
            assert_within_four_standard_errors(reached, started, probability)
        assert (template, len(reach[template]) + 1) not in found


def test_templates_are_chosen_equally_often(big_store):
    shares = big_store.truth.filter(step=1).group_by("period", "template").agg(pl.len())
    for period, template, sessions in shares.rows():
        among = {"pre": 4, "post": 3}[period]
        assert_within_four_standard_errors(sessions, 60_000, 1 / among), template


def test_both_features_are_drawn_equally_often(big_store):
    drawn = big_store.period("post").select(FEATURE).drop_nulls().to_series().value_counts()
    assert_within_four_standard_errors(drawn["count"][0], drawn["count"].sum(), 0.5)
    assert sorted(drawn["feature"]) == FEATURES


def test_the_promised_reach_is_exact():
    scenario = simulate().scenario
    for period in scenario.periods:
        for template in period.templates:
            expected = [Fraction(str(value)) for value in REACH[template.name]]
            assert scenario.reach(period, template) == expected


def test_a_longer_template_goes_on_with_the_last_chance():
    store = simulate(templates={"pre": [["A", "B", "C", "D"]]}, go_on=[0.5, 0.25])
    period = store.scenario.periods[0]
    expected = [1, Fraction(1, 2), Fraction(1, 8), Fraction(1, 32)]
    assert store.scenario.reach(period, period.templates[0]) == expected
