from math import inf, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelkit.comparison.estimate import Estimate, estimate, estimate_of, units_on_both_sides
from funnelkit.engine.entrants import Entrants
from funnelkit.stats.difference import newcombe
from funnelkit.stats.proportion import Proportion


def entrants(reach_by_unit, *, steps=3, arrays=False):
    units, reach = list(reach_by_unit), list(reach_by_unit.values())
    column = np.array if arrays else list
    return Entrants(
        steps=steps,
        unit=column(units),
        interval=column([0] * len(units)),
        reach=column(reach),
        entries=column([1] * len(units)),
        entered=column([0] * len(units)),
        durations=(),
        totals=[],
    )


sides = st.dictionaries(st.integers(0, 30), st.integers(1, 3), min_size=1)


@given(sides, sides, st.sampled_from([2, 3]))
def test_the_covariance_is_the_sum_over_the_shared_units(one, other, step):
    found = estimate_of(entrants(one), entrants(other), step=step)
    x1 = {unit: reach >= step for unit, reach in one.items()}
    x2 = {unit: reach >= step for unit, reach in other.items()}
    p1, p2 = sum(x1.values()) / len(x1), sum(x2.values()) / len(x2)
    total = sum((x1[unit] - p1) * (x2[unit] - p2) for unit in x1.keys() & x2.keys())
    assert found.shared == len(x1.keys() & x2.keys())
    assert found.covariance == pytest.approx(total / (len(x1) * len(x2)), abs=1e-12)
    variance = p1 * (1 - p1) / len(x1) + p2 * (1 - p2) / len(x2) - 2 * found.covariance
    assert found.standard_error == pytest.approx(sqrt(max(0, variance)), abs=1e-9)


@given(sides, sides)
def test_lists_and_arrays_give_the_same_estimate(one, other):
    lists = estimate(entrants(one), entrants(other))
    arrays = estimate(entrants(one, arrays=True), entrants(other, arrays=True))
    assert lists == arrays
    assert units_on_both_sides(entrants(one), entrants(other)) == lists.shared


def test_sides_without_a_shared_unit_have_newcombes_interval():
    found = estimate(entrants({1: 3, 2: 1, 3: 3}), entrants({4: 1, 5: 3}))
    assert found.shared == 0
    assert found.interval == newcombe(Proportion(2, 3), Proportion(1, 2))


def test_an_empty_side_has_no_estimate():
    assert estimate(entrants({}), entrants({1: 1})) is None


def test_json_has_counts_fractions_and_no_infinity():
    found = Estimate(baseline=Proportion(0, 40), against=Proportion(4, 40)).to_dict()
    assert found["baseline"] == {"entered": 40, "converted": 0, "conversion": 0.0}
    assert found["difference"] == 0.1
    assert found["relative"] is None
    assert found["relative_interval"][1] is None
    assert inf not in found["relative_interval"]
