from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelkit.events.simulation.draws import CERTAIN, Draws, Stream, threshold

PLACES = np.arange(100_000, dtype=np.int64)


def test_bits_are_the_published_ones_of_splitmix64():
    published = [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]
    assert Stream(1234567).bits(np.arange(5)).tolist() == published


def test_a_number_depends_on_its_place_only():
    stream = Draws(7).stream("anything")
    backwards = stream.bits(PLACES[::-1].copy())[::-1]
    assert (stream.bits(PLACES) == backwards).all()
    assert stream.bits(np.array([99_999])).tolist() == backwards[-1:].tolist()


@pytest.mark.parametrize("other", [Draws(8).stream("coin"), Draws(7).stream("coins")])
def test_another_seed_or_purpose_gives_other_numbers(other):
    same = Draws(7).stream("coin").bits(PLACES) == other.bits(PLACES)
    assert not same.any()


def test_the_numbers_of_a_purpose_never_change():
    coin = Draws(42).stream("coin")
    assert coin.bits(np.arange(2)).tolist() == GOLDEN_BITS
    assert coin.below(np.arange(12), 10).tolist() == GOLDEN_DIGITS


GOLDEN_BITS = [1217182650224607699, 1166301027550618219]
GOLDEN_DIGITS = [0, 0, 6, 3, 6, 1, 5, 5, 6, 4, 6, 7]


@given(st.integers(1, 2**32), st.integers(0, 2**62))
def test_integers_stay_below_their_limit(limit, place):
    drawn = Stream(3).below(np.array([place]), limit)
    assert 0 <= drawn[0] < limit


def test_integers_are_uniform_whatever_their_limit():
    for limit in (2, 3, 10, 571):
        counts = np.bincount(Draws(1).stream("fair").below(PLACES, limit), minlength=limit)
        expected = len(PLACES) / limit
        chi_squared = ((counts - expected) ** 2 / expected).sum()
        assert chi_squared < limit - 1 + 5 * (2 * (limit - 1)) ** 0.5


def test_each_place_may_have_its_own_limit():
    limits = np.array([1, 2, 3] * 1000)
    drawn = Draws(1).stream("own limits").below(np.arange(3000), limits)
    assert [set(drawn[limits == limit].tolist()) for limit in (1, 2, 3)] == [{0}, {0, 1}, {0, 1, 2}]


@pytest.mark.parametrize("probability", [Fraction(1, 100), Fraction(3, 10), Fraction(9, 10)])
def test_what_has_a_probability_happens_that_often(probability):
    happened = Draws(2).stream("luck").happens(PLACES, threshold(probability)).mean()
    error = float(probability * (1 - probability) / len(PLACES)) ** 0.5
    assert abs(happened - probability) < 4 * error


def test_the_impossible_never_happens_and_the_certain_always():
    stream = Draws(2).stream("luck")
    assert not stream.happens(PLACES, threshold(0)).any()
    assert stream.happens(PLACES, threshold(1)).all()
    assert threshold(1) == CERTAIN


def test_thresholds_are_exact_to_the_53rd_bit():
    assert abs(Fraction(threshold(Fraction(1, 3)), CERTAIN) - Fraction(1, 3)) <= Fraction(
        1, CERTAIN
    )


def test_choices_follow_their_weights_and_weight_zero_is_never_chosen():
    weights = [Fraction(1), Fraction(0), Fraction(3)]
    chosen = np.bincount(Draws(5).stream("choice").choice(PLACES, weights), minlength=3)
    assert chosen[1] == 0
    assert abs(chosen[0] / len(PLACES) - 0.25) < 4 * (0.25 * 0.75 / len(PLACES)) ** 0.5


def test_streams_are_not_correlated():
    draws = Draws(11)
    one, two = (draws.stream(name).happens(PLACES, threshold(0.5)) for name in ("one", "two"))
    assert abs(np.corrcoef(one, two)[0, 1]) < 4 / len(PLACES) ** 0.5
    assert abs(np.corrcoef(one[:-1], one[1:])[0, 1]) < 4 / len(PLACES) ** 0.5
