"""Lines taken apart, and the best of a unit's intervals, from lists and from arrays."""

import dataclasses

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelkit.engine.entrants import Entrants
from funnelkit.engine.entry import Entry
from funnelkit.engine.pieces import apart, best_of_units, only
from funnelkit.engine.select import select
from funnelkit.events.sources import open_events
from funnelkit.specs.define import define

SECOND = 1_000_000


def lines(of, *, arrays):
    """Make entrants of (unit, interval, entries, reach, label) with 10 seconds between steps."""

    def column(values, kind=np.int64):
        return np.array(values, kind) if arrays else list(values)

    return Entrants(
        steps=3,
        unit=column([unit for unit, *_ in of]),
        interval=column([interval for _, interval, *_ in of]),
        reach=column([reach for *_, reach, _ in of]),
        entries=column([entries for _, _, entries, *_ in of]),
        entered=column(range(len(of))),
        durations=tuple(
            column([10 * number + k for number, (*_, reach, _) in enumerate(of) if reach > k + 1])
            for k in range(2)
        ),
        totals=column([number for number, (*_, reach, _) in enumerate(of) if reach == 3]),
        label=column([label for *_, label in of]),
    )


def plain(entrants):
    """The columns as plain lists, for a comparison."""

    def listed(value):
        if isinstance(value, tuple):
            return [listed(one) for one in value]
        return value.tolist() if isinstance(value, np.ndarray) else value

    return {name: listed(value) for name, value in dataclasses.asdict(entrants).items()}


OF = [(7, 0, 1, 2, 5), (7, 3, 2, 3, -1), (7, 4, 1, 3, 5), (9, 1, 1, 1, 6)]


@pytest.mark.parametrize("arrays", [False, True], ids=["lists", "arrays"])
def test_lines_come_apart_by_a_column(arrays):
    entrants = lines(OF, arrays=arrays)
    pieces = apart(entrants, entrants.label)
    assert {label: plain(piece)["unit"] for label, piece in pieces.items()} == {
        5: [7, 7],
        -1: [7],
        6: [9],
    }
    assert plain(pieces[5])["durations"] == [[0, 20], [21]]
    assert plain(pieces[5])["totals"] == [2]
    assert plain(pieces[6])["durations"] == [[], []]


@pytest.mark.parametrize("arrays", [False, True], ids=["lists", "arrays"])
def test_only_some_lines_are_kept_with_their_times(arrays):
    keep = [False, True, False, True]
    kept = plain(only(lines(OF, arrays=arrays), np.array(keep) if arrays else keep))
    assert (kept["unit"], kept["durations"], kept["totals"]) == ([7, 9], [[10], [11]], [1])


@pytest.mark.parametrize("arrays", [False, True], ids=["lists", "arrays"])
def test_the_longest_line_of_a_unit_is_its_best_and_the_first_of_equals(arrays):
    best = plain(best_of_units(lines(OF, arrays=arrays)))
    assert (best["unit"], best["reach"], best["entered"]) == ([7, 9], [3, 1], [1, 3])
    assert best["entries"] == [4, 1]
    assert best["interval"] == [0, 0]


@pytest.mark.parametrize("arrays", [False, True], ids=["lists", "arrays"])
def test_nobody_has_no_best_line(arrays):
    assert len(best_of_units(lines([], arrays=arrays))) == 0


@pytest.mark.parametrize("small", [False, True], ids=["arrays", "lists"])
@pytest.mark.parametrize("order", ["this", "exact"])
@settings(max_examples=10)
@given(seed=st.integers(0, 1000))
def test_the_best_of_the_intervals_is_the_best_of_all(tmp_path_factory, small, order, seed):
    chance = np.random.default_rng(seed)
    path = tmp_path_factory.mktemp("events") / "events.parquet"
    pl.DataFrame(
        {
            "amplitude_id": chance.integers(0, 60, 600),
            "event_type": chance.choice(list("ABCX"), 600),
            "event_time": np.sort(chance.integers(0, 100, 600)) * SECOND // 2,
        }
    ).with_columns(pl.col("event_time").cast(pl.Datetime("us"))).write_parquet(path)
    funnel = dataclasses.replace(define(steps="A > B > C"), order=order)
    whole = Entry(window=9 * SECOND, start=5 * SECOND, end=40 * SECOND)
    parted = dataclasses.replace(whole, inner=tuple(s * SECOND for s in (10, 15, 16, 30)))
    with open_events(path) as table:
        rows = select(funnel, table, small=small)
        best, wanted = plain(best_of_units(rows.match(parted))), plain(rows.match(whole))
    for name in ("unit", "reach", "entries", "entered", "durations", "totals"):
        assert best[name] == wanted[name]


def test_lines_come_apart_by_numbers_that_are_far_from_each_other():
    entrants = lines([(1, 0, 1, 2, 10**9), (2, 0, 1, 3, -1), (3, 0, 1, 3, 10**9)], arrays=True)
    pieces = apart(entrants, entrants.label)
    assert {code: plain(piece)["unit"] for code, piece in pieces.items()} == {
        -1: [2],
        10**9: [1, 3],
    }
    assert plain(pieces[10**9])["durations"] == [[0, 20], [21]]


def test_nothing_comes_apart_into_nothing():
    entrants = lines([], arrays=True)
    assert apart(entrants, entrants.label) == {}


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 3), st.integers(0, 4), st.integers(1, 3), st.integers(1, 3),
            st.integers(-1, 3),
        )
    )
)  # fmt: skip
def test_lists_and_arrays_come_apart_alike(of):
    ordered = sorted(of)
    some, same = lines(ordered, arrays=False), lines(ordered, arrays=True)
    for name in ("interval", "label"):
        left, right = apart(some, getattr(some, name)), apart(same, getattr(same, name))
        assert {k: plain(piece) for k, piece in left.items()} == {
            k: plain(piece) for k, piece in right.items()
        }
    assert plain(best_of_units(some)) == plain(best_of_units(same))
