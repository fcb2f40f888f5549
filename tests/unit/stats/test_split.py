import pytest

from funnelkit.stats.split import ALARM, split_p_value


def test_an_even_split_is_no_alarm():
    assert split_p_value(500, 500) == pytest.approx(1)
    assert split_p_value(480, 520) > ALARM


def test_a_split_that_chance_does_not_make_is_an_alarm():
    assert split_p_value(1000, 1200) < ALARM


def test_a_planned_split_of_one_to_nine_is_judged_by_its_plan():
    assert split_p_value(900, 100, share=0.1) == pytest.approx(1)
    assert split_p_value(900, 100) < ALARM


def test_it_is_the_chi_square_test():
    stats = pytest.importorskip("scipy.stats", reason="scipy (group `oracles`) is not installed")
    assert split_p_value(480, 530) == pytest.approx(stats.chisquare([480, 530]).pvalue)


def test_nobody_at_all_is_no_alarm():
    assert split_p_value(0, 0) == 1
