"""Units that entered, as the numbers of a chart: counts, conversion, times, groups."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Any

from funnelkit.engine.entrants import reached
from funnelkit.result import Series, StepResult

if TYPE_CHECKING:
    from collections.abc import Sequence

    from funnelkit.engine.entrants import Entrants

MICROSECONDS = 1_000_000
MOST_GROUPS = 100
"""Amplitude shows at most 100 values of one property (specification A9)."""


def series(entrants: Entrants, *, name: str, events: Sequence[str]) -> Series:
    """Return the series of all entrants; `events` are the labels of the steps."""
    return _series(
        name, events, reached(entrants.reach, entrants.steps), entrants.durations, entrants.totals
    )


def groups(
    entrants: Entrants, *, labels: Sequence[str], events: Sequence[str]
) -> tuple[tuple[Series, ...], int]:
    """Return one series per value of the chosen step-1 event, and how many values there are.

    The most frequent values come first, equal ones by name; at most 100 are returned
    (specification A9, G13).
    """
    if entrants.label is None:
        return (), 0
    split = _split_lists if isinstance(entrants.reach, list) else _split_arrays
    pieces = split(entrants)
    order = sorted(pieces, key=lambda code: (-len(pieces[code][0]), labels[code]))
    found = tuple(
        _series(labels[code], events, reached(reach, entrants.steps), durations, totals)
        for code in order[:MOST_GROUPS]
        for reach, durations, totals in [pieces[code]]
    )
    return found, len(order)


Piece = tuple[Any, tuple[Any, ...], Any]  # reach, durations, totals of one group


def _split_lists(entrants: Entrants) -> dict[int, Piece]:
    codes = entrants.label or []
    pieces: dict[int, Piece] = {
        code: ([], tuple([] for _ in entrants.durations), []) for code in set(codes)
    }
    next_duration = [iter(column) for column in entrants.durations]
    next_total = iter(entrants.totals)
    for code, reach in zip(codes, entrants.reach, strict=True):
        reaches, durations, totals = pieces[code]
        reaches.append(reach)
        for k in range(reach - 1):
            durations[k].append(next(next_duration[k]))
        if reach == entrants.steps:
            totals.append(next(next_total))
    return pieces


def _split_arrays(entrants: Entrants) -> dict[int, Piece]:
    import numpy as np

    code: Any = entrants.label
    reach: Any = entrants.reach
    # One sort by code, then each group is a slice of every column.
    order = np.argsort(code, kind="stable")
    values, first = np.unique(code[order], return_index=True)
    by_step = []
    for k, column in enumerate([*entrants.durations, entrants.totals]):
        needed = min(k + 2, entrants.steps)
        codes = code[reach >= needed]
        step_order = np.argsort(codes, kind="stable")
        by_step.append((np.asarray(column)[step_order], np.searchsorted(codes[step_order], values)))
    bounds = [*first.tolist(), len(code)]
    pieces: dict[int, Piece] = {}
    for number, value in enumerate(values.tolist()):
        columns = tuple(
            column[starts[number] : starts[number + 1] if number + 1 < len(starts) else None]
            for column, starts in by_step
        )
        reaches = reach[order[bounds[number] : bounds[number + 1]]]
        pieces[value] = (reaches, columns[:-1], columns[-1])
    return pieces


def _series(
    name: str,
    events: Sequence[str],
    counts: tuple[int, ...],
    durations: tuple[Any, ...],
    totals: Any,
) -> Series:
    steps = []
    for k, (event, count) in enumerate(zip(events, counts, strict=True)):
        previous = counts[k - 1] if k else count
        average, median = times(durations[k - 1]) if k else (None, None)
        steps.append(
            StepResult(
                step=k + 1,
                event=event,
                count=count,
                conversion_from_start=fraction(count, counts[0]),
                conversion_from_previous=fraction(count, previous),
                drop_off=previous - count,
                average_seconds=average,
                median_seconds=median,
            )
        )
    average, median = times(totals) if len(counts) > 1 else (None, None)
    return Series(
        name=name,
        steps=tuple(steps),
        conversion=fraction(counts[-1], counts[0]),
        average_seconds=average,
        median_seconds=median,
    )


def fraction(part: int, whole: int) -> float | None:
    """Return part / whole, or None where there is no whole."""
    return part / whole if whole else None


def times(durations: Any) -> tuple[float | None, float | None]:
    """Return the average and the exact median of durations in microseconds, both in seconds."""
    if len(durations) == 0:
        return None, None
    if isinstance(durations, list):
        middle = statistics.median(durations)
        total = sum(durations)
    else:
        import numpy as np

        half = len(durations) // 2
        around = [half] if len(durations) % 2 else [half - 1, half]
        middle = float(np.partition(durations, around)[around].mean())
        total = int(durations.sum())
    return total / len(durations) / MICROSECONDS, float(middle) / MICROSECONDS
