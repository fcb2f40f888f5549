import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelkit.comparison.decomposition import decomposition
from funnelkit.engine.entrants import Entrants
from funnelkit.model import Property

BY = Property("plan")


def entrants(lines, *, arrays=False):
    import numpy as np

    column = np.array if arrays else list
    return Entrants(
        steps=2,
        unit=column(range(len(lines))),
        interval=column([0] * len(lines)),
        reach=column([reach for _, reach in lines]),
        entries=column([1] * len(lines)),
        entered=column([0] * len(lines)),
        durations=(),
        totals=[],
        label=column([code for code, _ in lines]),
    )


def group(code, entered, converted):
    return [(code, 2)] * converted + [(code, 1)] * (entered - converted)


def test_a_change_of_the_mix_alone_is_all_mix():
    # 50 % and 10 % in the groups on both sides; only their shares change.
    baseline = group(0, 20, 10) + group(1, 80, 8)
    against = group(0, 60, 30) + group(1, 40, 4)
    found = decomposition(BY, entrants(baseline), entrants(against), labels=["pro", "free"])
    assert found.within == pytest.approx(0)
    assert found.mix == pytest.approx(0.34 - 0.18)


def test_a_change_within_the_groups_alone_is_all_within():
    baseline = group(0, 50, 10) + group(1, 50, 20)
    against = group(0, 50, 15) + group(1, 50, 25)
    found = decomposition(BY, entrants(baseline), entrants(against), labels=["pro", "free"])
    assert found.mix == pytest.approx(0)
    assert found.within == pytest.approx(0.1)


def test_each_part_follows_the_formula():
    baseline = group(0, 25, 5) + group(1, 75, 30)
    against = group(0, 50, 15) + group(1, 50, 10)
    found = decomposition(BY, entrants(baseline), entrants(against), labels=["pro", "free"])
    pro = next(part for part in found.parts if part.value == "pro")
    assert pro.mix == pytest.approx((0.50 - 0.25) * (0.2 + 0.3) / 2)
    assert pro.within == pytest.approx((0.3 - 0.2) * (0.25 + 0.50) / 2)


def test_a_group_on_one_side_only_is_all_mix():
    baseline, against = group(0, 10, 1), group(0, 5, 1) + group(1, 5, 4)
    found = decomposition(BY, entrants(baseline), entrants(against), labels=["old", "new"])
    new = next(part for part in found.parts if part.value == "new")
    assert new.conversions == (None, 0.8)
    assert (new.mix, new.within) == (pytest.approx(0.5 * 0.8), 0)


lines = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 2)), min_size=1)


@given(lines, lines)
def test_mix_and_within_add_up_to_the_difference(one, other):
    labels = ["a", "b", "c", "d"]
    found = decomposition(BY, entrants(one), entrants(other), labels=labels)
    shares = [sum(reach == 2 for _, reach in side) / len(side) for side in (one, other)]
    assert found.mix + found.within == pytest.approx(shares[1] - shares[0], abs=1e-12)
    arrays = (entrants(one, arrays=True), entrants(other, arrays=True))
    assert decomposition(BY, *arrays, labels=labels) == found
