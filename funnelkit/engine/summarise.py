"""Units that entered, as the numbers of a chart: counts, conversion, times, groups."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Any

from funnelkit.engine.entrants import NOT_REACHED, reached
from funnelkit.engine.labels import SEPARATOR
from funnelkit.engine.pieces import apart
from funnelkit.engine.tally import Tally
from funnelkit.result import Series, StepResult

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from funnelkit.engine.entrants import Entrants
    from funnelkit.engine.tally import Tallied
    from funnelkit.model import Funnel

MICROSECONDS = 1_000_000
DID_NOT_REACH = "Did not reach step"
"""The group of units that did not get to the grouped step, as the chart calls it (A9)."""


def series(entrants: Entrants | Tallied, *, name: str, events: Sequence[str]) -> Series:
    """Return the series of all entrants; `events` are the labels of the steps."""
    counts = reached(entrants.reach, entrants.steps)
    excluded = _excluded(entrants)
    steps = []
    for k, (event, count) in enumerate(zip(events, counts, strict=True)):
        previous = counts[k - 1] if k else count
        average, median = times(entrants.durations[k - 1]) if k else (None, None)
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
                excluded_drop_off=None if excluded is None else excluded[k],
            )
        )
    average, median = times(entrants.totals) if len(counts) > 1 else (None, None)
    return Series(
        name=name,
        steps=tuple(steps),
        conversion=fraction(counts[-1], counts[0]),
        average_seconds=average,
        median_seconds=median,
    )


def _excluded(entrants: Entrants | Tallied) -> list[int] | None:
    """Return for each step the units that an excluded event kept from it (specification A6)."""
    if entrants.excluded is None:
        return None
    found = [0] * (entrants.steps + 1)
    if isinstance(entrants.excluded, Tally):
        found = [entrants.excluded.count_of(reach) for reach in range(entrants.steps + 1)]
    elif isinstance(entrants.excluded, list):
        for reach, is_excluded in zip(entrants.reach, entrants.excluded, strict=True):
            found[reach] += is_excluded
    else:
        import numpy as np

        excluded: Any = entrants.excluded
        found = np.bincount(
            entrants.reach, weights=excluded, minlength=entrants.steps + 1
        ).astype(int).tolist()  # fmt: skip
    return found[: entrants.steps]  # those that ended at step k were lost at step k + 1


def groups(
    entrants: Entrants,
    funnel: Funnel,
    *,
    labels: Sequence[str],
    summarised: Callable[[Entrants, str], Series],
) -> tuple[tuple[Series, ...], int]:
    """Return one series per group, and how many groups there are.

    The most frequent values come first, equal ones by name, and last those who did not reach the
    grouped step; at most so many as the funnel allows are returned (specification A9, G13).
    """
    from dataclasses import replace

    if entrants.label is None or funnel.group_by is None:
        return (), 0
    pieces = apart(entrants, entrants.label)
    at = ranked_at(funnel)
    sizes = {
        labels[code]: (reached(piece.reach, entrants.steps)[at - 1], code)
        for code, piece in pieces.items()
        if code != NOT_REACHED
    }
    found = []
    for label in largest({label: size for label, (size, _) in sizes.items()}, funnel):
        code = sizes[label][1]
        values = tuple(labels[code].split(SEPARATOR))
        one = summarised(pieces[code], "; ".join(values))
        found.append(replace(one, values=values))
    if NOT_REACHED in pieces:
        found.append(summarised(pieces[NOT_REACHED], DID_NOT_REACH))
    return tuple(found), len(pieces)


def ranked_at(funnel: Funnel) -> int:
    """Return the step by whose count groups are ranked (G13)."""
    return len(funnel.steps) if funnel.settings.group_ranking == "last step" else 1


def largest(sizes: Mapping[str, int], funnel: Funnel) -> list[str]:
    """Return the labels with the largest sizes, equal ones by name: as many as are shown (A9)."""
    assert funnel.group_by is not None  # noqa: S101 - there are labels
    order = sorted(sizes, key=lambda label: (-sizes[label], label))
    return order[: funnel.group_by.most]


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
    elif isinstance(durations, Tally):
        n = len(durations)
        middle = (durations[(n - 1) // 2] + durations[n // 2]) / 2
        total = durations.total()
    else:
        import numpy as np

        half = len(durations) // 2
        parted = np.partition(
            durations, half
        )  # for two ranks at once numpy takes ten times as long
        middle = int(parted[half])
        if len(durations) % 2 == 0:
            middle = (middle + int(parted[:half].max())) / 2
        total = int(durations.sum())
    return total / len(durations) / MICROSECONDS, float(middle) / MICROSECONDS
