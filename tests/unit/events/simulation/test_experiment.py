from fractions import Fraction

import polars as pl
import pytest

from funnelkit.errors import DefinitionError
from funnelkit.events.simulation import simulate

VARIANT = pl.col("event_properties").struct.field("experimentCorrelationId")


def true_conversion(scenario, variant):
    """Return the exact part of viewing sessions that order, by adding up templates."""
    viewed = ordered = Fraction(0)
    period = scenario.periods[0]
    for template, share in period.shares():
        reach = scenario.reach(period, template, variant)
        types = [event.event_type for event in template.events]
        if "ProductViewed" in types:
            viewed += share * reach[types.index("ProductViewed")]
        if "OrderCompleted" in types:
            ordered += share * reach[types.index("OrderCompleted")]
    return ordered / viewed


@pytest.mark.parametrize("uplift", [0, 5, 0.3, -15.12, 10.08])
def test_the_true_difference_is_the_uplift_exactly(uplift):
    scenario = simulate("workshop-experiment", uplift=uplift).scenario
    difference = true_conversion(scenario, 1) - true_conversion(scenario, 0)
    assert difference == Fraction(str(uplift)) / 100
    assert true_conversion(scenario, 0) == Fraction(1512, 10_000)


def test_the_uplift_is_exact_for_any_mix_of_templates():
    search = ["ProductSearched", "ProductViewed", "ProductAdded", "OrderCompleted"]
    store = simulate(
        "workshop-experiment",
        uplift=2,
        templates={"experiment": {"S": search, "C": ["ProductViewed"], "V": search[1:]}},
        weights={"experiment": {"S": 3, "C": 0.5}},
    )
    scenario = store.scenario
    assert true_conversion(scenario, 1) - true_conversion(scenario, 0) == Fraction(2, 100)


@pytest.mark.parametrize("uplift", [0, 5])
def test_simulated_users_show_the_uplift(uplift):
    store = simulate("workshop-experiment", seed=4, uplift=uplift, sessions_per_day=3000)
    bought = store.events.filter(event_type="OrderCompleted").select("user_id", ordered=True)
    viewed = store.events.filter(event_type="ProductViewed").select("user_id", variant=VARIANT)
    users = viewed.join(bought, on="user_id", how="left").group_by("variant")
    rates = {
        variant: (count, ordered / count)
        for variant, count, ordered in users.agg(pl.len(), pl.col("ordered").sum()).rows()
    }
    (n0, p0), (n1, p1) = rates["control"], rates["treatment"]
    error = (p0 * (1 - p0) / n0 + p1 * (1 - p1) / n1) ** 0.5
    assert abs((p1 - p0) - uplift / 100) < 4 * error
    assert abs(n1 / (n0 + n1) - 0.5) < 4 * (0.25 / (n0 + n1)) ** 0.5


def test_a_user_keeps_the_variant_and_the_truth_names_it():
    store = simulate("workshop-experiment", seed=4, returning=0.7)
    events = store.events.select("user_id", variant=VARIANT).with_columns(
        truth=store.truth["variant"]
    )
    per_user = events.group_by("user_id").agg(pl.col("truth").n_unique())
    assert set(per_user["truth"]) == {1}
    named = events.drop_nulls("variant")
    assert (named["variant"] == named["truth"]).all()


def test_without_an_experiment_nobody_has_a_variant():
    assert simulate().truth["variant"].null_count() == simulate().truth.height


def test_an_uplift_without_an_experiment_is_refused():
    with pytest.raises(DefinitionError, match="has no experiment"):
        simulate("workshop", uplift=5)


@pytest.mark.parametrize("uplift", [10.09, -15.13, 100])
def test_an_uplift_out_of_reach_is_refused_with_the_reachable_ones(uplift):
    with pytest.raises(DefinitionError, match=r"can move by -15\.12 to \+10\.08 points"):
        simulate("workshop-experiment", uplift=uplift)


def test_an_experiment_that_no_template_can_reach_is_refused():
    with pytest.raises(DefinitionError, match="no template of period 'experiment' has"):
        simulate("workshop-experiment", templates={"experiment": [["ProductViewed"]]})
