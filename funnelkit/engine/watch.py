"""Whom one watches after a step, from when to when, and how much time that is at risk (A11j)."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from funnelkit.engine.entrants import Entrants

BANDS = 20
"""Times since the step are compared in so many bands, in each of which equally many convert."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """The units that did a step, one line each; columns of lists or of numpy arrays.

    `converted` is 1 for those who did the later step, too. A unit is watched from `start` on, the
    first instant of the tick after its step, up to but not including `stop`, in microseconds:
    converters to the tick of the later step, others through the last tick of the window, or to the
    end of the data. `cut` counts those whose window ends after the data.
    """

    unit: Any
    converted: Any
    start: Any
    stop: Any
    cut: int

    def __len__(self) -> int:
        return len(self.unit)


@dataclass(frozen=True, slots=True)
class Bands:
    """Times since the step, parted at `edges`, in microseconds; the last one has no upper end."""

    edges: Sequence[int]

    @property
    def lower(self) -> list[int]:
        """Where each band begins."""
        return [0, *self.edges]

    @property
    def widths(self) -> list[int]:
        """The length of each band; 0 of the last one, in which nothing is compared."""
        return [b - a for a, b in zip(self.lower, self.edges, strict=False)] + [0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """The time at risk of one side, in microseconds.

    Of `units`, `ended[k]` were watched until some time in band k, and `part[k]` is the sum of the
    times that they were watched inside it, `squares[k]` that of their squares.
    """

    units: int
    total: float
    ended: Sequence[int]
    part: Sequence[float]
    squares: Sequence[float]

    def in_bands(self, bands: Bands) -> list[float]:
        """Return the time at risk in each band: whoever was watched past it gave all of it."""
        past = [self.units - ended for ended in accumulate(self.ended)]
        return [
            width * units + part
            for width, units, part in zip(bands.widths, past, self.part, strict=True)
        ]


def watch(
    entrants: Entrants, between: tuple[int, int], *, window: int, tick: int, data_end: int
) -> Watch:
    """Return who did step `between[0]`, and from when to when each is watched.

    `window` is in whole ticks. The data end before the instant `data_end`.
    """
    earlier, later = between
    make = _of_lists if isinstance(entrants.reach, list) else _of_arrays
    return make(entrants, earlier, later, window, tick, data_end)


def _of_lists(
    entrants: Entrants, earlier: int, later: int, window: int, tick: int, data_end: int
) -> Watch:
    durations = [iter(column) for column in entrants.durations]
    lines: list[tuple[Any, ...]] = []
    cut = 0
    for unit, reach, entered in zip(entrants.unit, entrants.reach, entrants.entered, strict=True):
        to_next = [next(durations[k]) for k in range(reach - 1)]
        times = list(accumulate(to_next, initial=entered))
        if reach < earlier:
            continue
        start = times[earlier - 1] + tick
        converted = reach >= later
        stop = times[later - 1] if converted else entered + window + tick
        cut += not converted and stop > data_end
        lines.append((unit, int(converted), start, max(start, min(stop, data_end))))
    columns = [list(column) for column in zip(*lines, strict=True)] or [[], [], [], []]
    return Watch(unit=columns[0], converted=columns[1], start=columns[2], stop=columns[3], cut=cut)


def _of_arrays(
    entrants: Entrants, earlier: int, later: int, window: int, tick: int, data_end: int
) -> Watch:
    import numpy as np

    reach: Any = entrants.reach
    entered: Any = entrants.entered
    at = entered.copy()
    for k in range(earlier - 1):
        at[reach > k + 1] += entrants.durations[k]
    start = at + tick
    for k in range(earlier - 1, later - 1):
        at[reach > k + 1] += entrants.durations[k]
    keep, converted = reach >= earlier, reach >= later
    stop = np.where(converted, at, entered + window + tick)
    cut = int((keep & ~converted & (stop > data_end)).sum())
    stop = np.maximum(start, np.minimum(stop, data_end))
    unit: Any = entrants.unit
    return Watch(
        unit=unit[keep],
        converted=converted[keep].astype(np.int8),
        start=start[keep],
        stop=stop[keep],
        cut=cut,
    )


def bands_of(watched: Watch) -> Bands:
    """Return bands whose edges are quantiles of the times for which converters were watched."""
    ages: Any
    if isinstance(watched.start, list):
        ages = [
            stop - start
            for start, stop, converted in zip(
                watched.start, watched.stop, watched.converted, strict=True
            )
            if converted and stop > start
        ]
        ages.sort()
    else:
        import numpy as np

        ages = np.sort((watched.stop - watched.start)[watched.converted > 0])
        ages = ages[ages > 0]
    if not len(ages):
        return Bands(())
    ranks = (-(-k * len(ages) // BANDS) for k in range(1, BANDS + 1))
    return Bands(tuple(sorted({int(ages[rank - 1]) for rank in ranks})))


def placed(watched: Watch, bands: Bands) -> tuple[Any, Any]:
    """Return for each unit the band in which watching ended, and its time inside that band.

    In the last band, where nothing is compared, that time counts as 0.
    """
    lower, last = bands.lower, len(bands.edges)
    if isinstance(watched.start, list):
        ages = [b - a for a, b in zip(watched.start, watched.stop, strict=True)]
        band = [bisect_right(bands.edges, age) for age in ages]
        part = [age - lower[k] if k < last else 0 for age, k in zip(ages, band, strict=True)]
        return band, part
    import numpy as np

    ages = watched.stop - watched.start
    band = np.searchsorted(np.array(bands.edges, np.int64), ages, side="right")
    return band, np.where(band < last, ages - np.array(lower, np.int64)[band], 0)


def exposure(
    watched: Watch, bands: Bands, placed_in: tuple[Any, Any], *, converted: int
) -> Exposure:
    """Return the time at risk of the converters, or of the drop-offs."""
    band, part = placed_in
    size = len(bands.edges) + 1
    if isinstance(watched.start, list):
        ended, parts, squares = [0] * size, [0] * size, [0] * size
        units = total = 0
        for start, stop, side, k, inside in zip(
            watched.start, watched.stop, watched.converted, band, part, strict=True
        ):
            if side == converted:
                units += 1
                total += stop - start
                ended[k] += 1
                parts[k] += inside
                squares[k] += inside * inside
        return Exposure(units=units, total=total, ended=ended, part=parts, squares=squares)
    import numpy as np

    of_side = watched.converted == converted
    band, inside = band[of_side], part[of_side].astype(np.float64)
    return Exposure(
        units=int(of_side.sum()),
        total=float((watched.stop - watched.start)[of_side].sum(dtype=np.float64)),
        ended=np.bincount(band, minlength=size).tolist(),
        part=np.bincount(band, weights=inside, minlength=size).tolist(),
        squares=np.bincount(band, weights=inside * inside, minlength=size).tolist(),
    )
