"""Streams of rows grouped by unit: cut where they are in order, partitioned where they are not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelkit.engine.partition import NotClusteredError, Rows, cut, grouped, partition


def batches(rows, size):
    """Rows (unit, us) as batches of at most `size`, the mask numbering the rows of the stream."""
    for first in range(0, len(rows), size):
        part = rows[first : first + size]
        yield Rows(
            np.array([unit for unit, _ in part], np.int64),
            np.array([us for _, us in part], np.int64),
            np.arange(first, first + len(part)).astype(np.uint8),
        )


def content(buckets):
    """{unit: [(us, mask), …]} of the buckets; a unit that comes twice fails."""
    found = {}
    for bucket in buckets:
        assert len(bucket.starts) == len(bucket.units) + 1
        for u, unit in enumerate(bucket.units.tolist()):
            assert unit not in found
            rows = slice(bucket.starts[u], bucket.starts[u + 1])
            found[unit] = list(
                zip(bucket.us[rows].tolist(), bucket.mask[rows].tolist(), strict=True)
            )
    return found


def expected(rows):
    found = {}
    for number, (unit, us) in enumerate(rows):
        found.setdefault(unit, []).append((us, number))
    return {unit: sorted(lines, key=lambda line: line[0]) for unit, lines in found.items()}


ROWS = st.lists(st.tuples(st.integers(-4, 4), st.integers(-9, 9)), min_size=1, max_size=60)


@settings(deadline=None)
@given(rows=ROWS, size=st.integers(1, 20))
def test_rows_in_the_order_of_units_are_cut_into_whole_units(rows, size):
    rows = sorted(rows)
    assert content(cut(batches(rows, size))) == expected(rows)


@settings(deadline=None)
@given(rows=ROWS, size=st.integers(1, 20))
def test_rows_in_any_order_come_out_by_unit_and_time(rows, size):
    assert content(map(grouped, partition(batches(rows, size)))) == expected(rows)


@settings(deadline=None)
@given(rows=ROWS, size=st.integers(1, 20))
def test_rows_out_of_order_are_never_cut(rows, size):
    if rows == sorted(rows):
        return
    with pytest.raises(NotClusteredError):
        list(cut(batches(rows, size)))


def test_a_unit_longer_than_many_batches_stays_whole():
    rows = [(1, 0), *((7, us) for us in range(100)), (9, 0)]
    assert content(cut(batches(rows, 8))) == expected(rows)


def test_hashes_beyond_63_bits_are_units_too():
    rows = Rows(
        np.array([2**64 - 1, 0, 2**64 - 1], np.uint64),
        np.array([1, 2, 3], np.int64),
        np.array([1, 1, 2], np.uint8),
    )
    assert content(map(grouped, partition([rows]))) == {2**64 - 1: [(1, 1), (3, 2)], 0: [(2, 1)]}
