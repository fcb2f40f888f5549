"""The A/B view: improvement, and significance of the best variant."""

import numpy as np
import pytest

from funnelkit.stats.ab import ab_test

THREE = (("old", 1000, 200), ("new", 1000, 250), ("newer", 900, 180))


def test_improvement_is_the_ratio_of_conversions_less_one():
    test = ab_test(THREE)
    assert [row.conversion for row in test.rows] == [0.2, 0.25, 0.2]
    assert [row.improvement for row in test.rows] == [None, pytest.approx(0.25), pytest.approx(0)]


def test_only_the_best_variant_is_judged():
    old, new, newer = ab_test(THREE).rows
    assert (old.significance, old.not_judged) == (None, ("it is the baseline",))
    assert (newer.significance, newer.not_judged) == (None, ("only the best variant is judged",))
    assert new.significance == pytest.approx(0.9926, abs=1e-4)
    assert (new.significant, newer.significant, new.not_judged) == (True, None, ())


def test_another_baseline_can_be_chosen_and_the_best_variant_may_be_worse():
    old, new, newer = ab_test(THREE, baseline=1).rows
    assert new.not_judged == ("it is the baseline",)
    assert old.improvement == pytest.approx(-0.2)
    # old and newer convert alike, and the first of equals is the best.
    assert old.significance == pytest.approx(0.9926, abs=1e-4)
    assert newer.not_judged == ("only the best variant is judged",)


@pytest.mark.parametrize("t_test", ["welch", "pooled"])
@pytest.mark.parametrize("variance", ["n", "n - 1"])
def test_it_is_the_t_test_of_scipy(t_test, variance):
    stats = pytest.importorskip("scipy.stats", reason="scipy (group `oracles`) is not installed")
    (n1, x1), (n2, x2) = (40, 12), (93, 47)
    (_, row) = ab_test([("a", n1, x1), ("b", n2, x2)], t_test=t_test, variance=variance).rows
    one, two = (np.repeat([1, 0], [x, n - x]) for n, x in ((n1, x1), (n2, x2)))
    ddof = 0 if variance == "n" else 1
    found = stats.ttest_ind_from_stats(
        one.mean(), one.std(ddof=ddof), n1, two.mean(), two.std(ddof=ddof), n2,
        equal_var=t_test == "pooled",
    )  # fmt: skip
    assert row.significance == pytest.approx(1 - found.pvalue, rel=1e-9)
    if variance == "n - 1":
        plain = stats.ttest_ind(one, two, equal_var=t_test == "pooled")
        assert row.significance == pytest.approx(1 - plain.pvalue, rel=1e-9)


@pytest.mark.parametrize(
    ("variant", "reason"),
    [
        (("b", 29, 12), "b has 29 samples, fewer than 30"),
        (("b", 30, 4), "b has 4 conversions, fewer than 5"),
        (("b", 30, 26), "b has 4 non-conversions, fewer than 5"),
    ],
)
def test_a_variant_with_too_little_of_something_is_not_judged(variant, reason):
    base = ("a", 100, 30)
    for variants, baseline in (([base, variant], 0), ([variant, base], 0)):
        row = ab_test(variants, baseline=baseline).rows[1]
        assert (row.significance, row.significant, row.not_judged) == (None, None, (reason,))


def test_the_best_variant_is_the_best_however_small_it_is():
    _, big, small = ab_test([("a", 100, 10), ("b", 100, 40), ("c", 1, 1)]).rows
    assert big.not_judged == ("only the best variant is judged",)
    assert small.not_judged[0] == "c has 1 sample, fewer than 30"


def test_variants_that_nobody_saw_are_listed():
    a, b = ab_test([("a", 0, 0), ("b", 0, 0)]).rows
    assert (a.conversion, b.conversion, b.improvement, b.significance) == (None,) * 4
    assert b.not_judged[0] == "a has 0 samples, fewer than 30"
    assert len(b.not_judged) == 6


def test_a_baseline_that_never_converts_leaves_no_improvement():
    assert ab_test([("a", 50, 0), ("b", 50, 20)]).rows[1].improvement is None


def test_one_variant_alone_is_the_baseline():
    (row,) = ab_test([("a", 50, 10)]).rows
    assert row.not_judged == ("it is the baseline",)


@pytest.mark.parametrize(
    ("variants", "baseline", "text"),
    [
        (THREE, 3, "one of 3 variants; got 3"),
        ((), 0, "one of 0 variants"),
        ((("a", 5, 6),), 0, "6 of 5"),
        ((("a", 0, 1),), 0, "1 of 0"),
    ],
)
def test_what_is_no_test_is_refused(variants, baseline, text):
    with pytest.raises(ValueError, match=text):
        ab_test(variants, baseline=baseline)


def test_plain_values_for_json():
    content = ab_test(THREE[:2]).to_dict()
    assert content["baseline"] == "old"
    assert list(content["rows"][1]) == [
        "name", "count", "converted", "conversion", "improvement", "significance", "not_judged",
        "significant",
    ]  # fmt: skip
