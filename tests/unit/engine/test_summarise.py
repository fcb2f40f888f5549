"""Units to numbers, and the same numbers from lists and from arrays."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelkit.engine.entrants import Entrants
from funnelkit.engine.summarise import fraction, groups, series, times
from funnelkit.model import EventSelector, Funnel, GroupBy, Property, Step

SECOND = 1_000_000


def entrants(units, *, steps, arrays=False):
    """Make the columns of units, each given as (label, times between its steps in microseconds)."""

    def column(values, kind):
        return np.array(values, kind) if arrays else values

    waits = [waited for _, waited in units]
    return Entrants(
        steps=steps,
        unit=column(list(range(len(units))), np.int64),
        interval=column([0] * len(units), np.int32),
        reach=column([1 + len(waited) for waited in waits], np.int32),
        entries=column([1] * len(units), np.int32),
        entered=column([0] * len(units), np.int64),
        durations=tuple(
            column([waited[k] for waited in waits if len(waited) > k], np.int64)
            for k in range(steps - 1)
        ),
        totals=column([sum(waited) for waited in waits if len(waited) == steps - 1], np.int64),
        label=column([label for label, _ in units], np.int32),
    )


MOST_GROUPS = 100
FUNNEL = Funnel(steps=(Step((EventSelector("A"),)),), group_by=GroupBy((Property("page"),)))


def grouped(columns, *, labels, events):
    return groups(
        columns,
        FUNNEL,
        labels=labels,
        summarised=lambda piece, name: series(piece, name=name, events=events),
    )


@st.composite
def some_units(draw):
    steps = draw(st.integers(1, 4))
    waits = st.lists(st.integers(0, 366 * 86_400 * SECOND), max_size=steps - 1)
    return steps, draw(st.lists(st.tuples(st.integers(0, 5), waits), max_size=30))


@given(some_units())
def test_lists_and_arrays_agree(drawn):
    steps, units = drawn
    names = [f"step {k}" for k in range(steps)]
    labels = ["c", "b", "a", "(none)", "", "é"]
    found = []
    for arrays in (False, True):
        columns = entrants(units, steps=steps, arrays=arrays)
        found.append(
            (
                columns.counts(),
                series(columns, name="all", events=names),
                grouped(columns, labels=labels, events=names),
            )
        )
    assert found[0] == found[1]


@given(some_units())
def test_groups_are_parts_of_the_whole(drawn):
    steps, units = drawn
    names = [f"step {k}" for k in range(steps)]
    columns = entrants(units, steps=steps)
    whole = series(columns, name="all", events=names)
    parts, values = grouped(columns, labels=list("abcdef"), events=names)
    assert values == len(parts) == len({label for label, _ in units})
    assert whole.counts == tuple(sum(part.counts[k] for part in parts) for k in range(steps))


@pytest.mark.parametrize("arrays", [False, True], ids=["lists", "arrays"])
def test_a_series_counts_converts_and_times(arrays):
    units = [
        (0, []),
        (0, [10 * SECOND]),
        (0, [20 * SECOND, 5 * SECOND]),
        (0, [60 * SECOND, 7 * SECOND]),
    ]
    found = series(
        entrants(units, steps=3, arrays=arrays), name="everybody", events=["A", "B", "C"]
    )
    assert found.name == "everybody"
    assert [(step.step, step.event, step.count, step.drop_off) for step in found.steps] == [
        (1, "A", 4, 0),
        (2, "B", 3, 1),
        (3, "C", 2, 1),
    ]
    assert [step.conversion_from_start for step in found.steps] == [1, 3 / 4, 2 / 4]
    assert [step.conversion_from_previous for step in found.steps] == [1, 3 / 4, 2 / 3]
    assert [step.average_seconds for step in found.steps] == [None, 30, 6]
    assert [step.median_seconds for step in found.steps] == [None, 20, 6]
    assert (found.conversion, found.average_seconds, found.median_seconds) == (0.5, 46, 46)


@pytest.mark.parametrize("arrays", [False, True], ids=["lists", "arrays"])
def test_nobody_has_no_conversion_and_no_time(arrays):
    found = series(entrants([], steps=2, arrays=arrays), name="nobody", events=["A", "B"])
    assert found.counts == (0, 0)
    assert (found.conversion, found.average_seconds, found.median_seconds) == (None, None, None)
    assert found.steps[1].conversion_from_previous is None
    assert found.steps[1].average_seconds is None


@pytest.mark.parametrize("arrays", [False, True], ids=["lists", "arrays"])
def test_one_step_has_nothing_to_time(arrays):
    found = series(entrants([(0, [])], steps=1, arrays=arrays), name="all", events=["A"])
    assert (found.counts, found.conversion, found.average_seconds) == ((1,), 1.0, None)


@pytest.mark.parametrize("arrays", [False, True], ids=["lists", "arrays"])
def test_the_largest_groups_come_first_and_equal_ones_by_name(arrays):
    units = [(0, []), (1, []), (1, [SECOND]), (2, [3 * SECOND])]
    found, values = grouped(
        entrants(units, steps=2, arrays=arrays), labels=["z", "m", "a"], events=["A", "B"]
    )
    assert [(group.name, group.counts, group.average_seconds) for group in found] == [
        ("m", (2, 1), 1.0),
        ("a", (1, 1), 3.0),
        ("z", (1, 0), None),
    ]
    assert values == 3


@pytest.mark.parametrize("arrays", [False, True], ids=["lists", "arrays"])
def test_at_most_100_groups_are_kept_and_the_others_are_counted(arrays):
    units = [(code, []) for code in range(103)] + [(102, [])]
    labels = [f"{code:03}" for code in range(103)]
    found, values = grouped(entrants(units, steps=2, arrays=arrays), labels=labels, events="AB")
    assert (len(found), values) == (MOST_GROUPS, 103)
    assert [group.name for group in found[:3]] == ["102", "000", "001"]


def test_a_funnel_that_is_not_grouped_has_no_groups():
    one = replace(entrants([(0, [])], steps=1), label=None)
    assert grouped(one, labels=[], events=["A"]) == ((), 0)


def test_the_median_of_an_even_number_is_halfway():
    assert times([4 * SECOND, 1 * SECOND]) == (2.5, 2.5)
    assert times(np.array([9, 1, 4, 2]) * SECOND) == (4.0, 3.0)
    assert times([1]) == (1e-06, 1e-06)


def test_a_fraction_of_nothing_is_nothing():
    assert (fraction(0, 0), fraction(0, 2), fraction(1, 2)) == (None, 0.0, 0.5)
