"""The fewest items that still make a difference."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from funnelkit.verification.shrinking.delta import fewest


def test_a_single_culprit_is_found_with_few_questions():
    asked = []

    def differs(items):
        asked.append(len(items))
        return 700 in items

    assert fewest(range(1000), differs) == [700]
    assert len(asked) < 40


def test_culprits_that_only_work_together_stay_together():
    assert fewest(range(100), lambda items: {3, 50, 99} <= {*items}) == [3, 50, 99]


def test_what_keeps_others_from_making_a_difference_is_no_trouble():
    # An odd number of items differs: single items do, pairs do not.
    assert len(fewest(range(51), lambda items: len(items) % 2 == 1)) == 1


@given(st.lists(st.sets(st.integers(0, 20), min_size=1, max_size=4), min_size=1, max_size=3))
def test_no_item_of_the_answer_can_be_left_out(culprits):
    def differs(items):
        return any(some <= {*items} for some in culprits)

    found = fewest(range(21), differs)
    assert differs(found)
    assert not any(differs([one for one in found if one != item]) for item in found)
    assert found == fewest(range(21), differs)
