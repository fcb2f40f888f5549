"""Compiled passes over the lines that entered: numpy would take several for each of these.

Lines are as in `Entrants`: a column that holds only lines of a certain reach has a value for each
of those, in the order of the lines.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from funnelkit.engine.kernel import compiled

in_ticks = compiled("entering", "in_ticks")


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def times_of(us: Any, rows: Any, reach: Any, steps: int, tick: int) -> Any:
    """Return when lines entered, the times between steps, one column after the other, and totals.

    The times from step k + 1 to k + 2 end where the second array returned says; `rows` are
    positions, `steps` of each line. Times are taken in the order of the steps.
    """
    lines = len(reach)
    ends = np.zeros(steps, np.int64)
    for line in range(lines):
        for k in range(1, reach[line]):
            ends[k] += 1
    finished = lines if steps == 1 else ends[steps - 1]
    for k in range(1, steps):
        ends[k] += ends[k - 1]
    entered = np.empty(lines, np.int64)
    between = np.empty(ends[steps - 1], np.int64)
    totals = np.empty(finished, np.int64)
    to = ends.copy()
    for k in range(1, steps):
        to[k] = ends[k - 1]
    done = 0
    for line in range(lines):
        first = in_ticks(us[rows[line * steps]], tick)
        entered[line] = first
        before = first
        for k in range(1, reach[line]):
            now = in_ticks(us[rows[line * steps + k]], tick)
            between[to[k]] = now - before
            to[k] += 1
            before = now
        if reach[line] == steps:
            totals[done] = before - first
            done += 1
    return entered, between, ends, totals


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def labels_of(label: Any, rows: Any, reach: Any, steps: int, at: int, missing: int) -> Any:
    """Return the label of the row that filled step `at` of each line; `missing` past its reach."""
    found = np.empty(len(reach), np.int32)
    for line in range(len(reach)):
        found[line] = label[rows[line * steps + at]] if reach[line] > at else missing
    return found


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def tally(by: Any, least: int, values: int, reach: Any, steps: int) -> Any:
    """Return how many lines of each value reach at least each step, and whether `by` ascends.

    The values are `least` and those after it. Column 0 is the number of lines.
    """
    found = np.zeros((values, steps + 1), np.int64)
    ascends = True
    for line in range(len(by)):
        if line and by[line] < by[line - 1]:
            ascends = False
        found[by[line] - least, reach[line]] += 1
    for value in range(values):
        for step in range(steps - 1, -1, -1):
            found[value, step] += found[value, step + 1]
    return found, ascends


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def placed(column: Any, by: Any, least: int, starts: Any, reach: Any, step: int) -> Any:
    """Return a column of the lines that reach `step`, by value; `starts` says where each begins."""
    to = starts.copy()
    found = np.empty_like(column)
    place = 0
    for line in range(len(by)):
        if reach[line] >= step:
            value = by[line] - least
            found[to[value]] = column[place]
            to[value] += 1
            place += 1
    return found


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def kept(column: Any, keep: Any, reach: Any, step: int) -> Any:
    """Return a column of the lines that reach `step`, without those that are not to be kept."""
    found = np.empty_like(column)
    place = 0
    size = 0
    for line in range(len(keep)):
        if reach[line] >= step:
            found[size] = column[place]
            size += keep[line]
            place += 1
    return found[:size]


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def best_lines(unit: Any, reach: Any, entries: Any) -> Any:
    """Return which line of each unit is the longest, the first of equals, and sums of `entries`.

    The lines of a unit follow each other. There is a sum per unit.
    """
    keep = np.zeros(len(unit), np.bool_)
    sums = np.empty(len(unit), entries.dtype)
    units = 0
    first = 0
    while first < len(unit):
        best = first
        total = 0
        line = first
        while line < len(unit) and unit[line] == unit[first]:
            total += entries[line]
            if reach[line] > reach[best]:
                best = line
            line += 1
        keep[best] = True
        sums[units] = total
        units += 1
        first = line
    return keep, sums[:units]
