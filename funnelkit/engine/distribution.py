"""How long conversions took, as a histogram with its median and percentiles (specification A11d).

Documented: the widths of automatic bins, chosen "by window and range"; given bins take the units
between their ends, while the median is over all (Amplitude docs: funnel-analysis-interpret). Seen
in answers: 90 bins of 10 s, or hours up to ten days, then one bin for all the rest; empty bins
inside are listed. The exact choice is unknown, so the rule is this project's own (specification
G9): the narrowest of the documented widths that holds the largest time in 90 bins; hours go on to
ten days, and what took longer shares a last bin without an end. With the setting `bins = "window"`
the conversion window takes the place of the largest time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from funnelkit.engine.tally import Tally
from funnelkit.result import PERCENTILES, Bin, TimeToConvert

if TYPE_CHECKING:
    from funnelkit.model import Bins

SECOND = 1_000_000
WIDTHS = tuple(seconds * SECOND for seconds in (1, 10, 60, 600, 3_600))
MOST_BINS = 90
MOST_HOURS = 240


def time_to_convert(
    durations: Any,
    *,
    from_step: int,
    to_step: int,
    bins: Bins | None,
    window_seconds: float,
    by: Literal["largest time", "window"],
) -> TimeToConvert:
    """Return the distribution of `durations`, microseconds in a list or an int64 array, all >= 0.

    Given `bins` are half-open, the last one ends at `bins.most` even if it is cut short, and
    `units` counts those between both ends. Automatic bins hold every unit.

    Percentiles interpolate between the two nearest ranks (type 7 of Hyndman and Fan 1996, The
    American Statistician 50, 361-365; the default of numpy and Excel), because the one at 50 is
    then the median as everybody computes it: of two times, their mean.
    """
    smallest, largest = _ends(durations)
    if smallest < 0:
        raise ValueError(f"a conversion takes no time or more; got {smallest} microseconds")
    if bins is not None:
        end: int | None = round(bins.most * SECOND)
        width = max(1, round(bins.size * SECOND))
        starts = list(range(round(bins.least * SECOND), end or 0, width))
    else:
        reach = largest if len(durations) else None
        if by == "window":
            reach = max(largest, round(window_seconds * SECOND))
        width, starts, end = _automatic(reach)
    counts = _counts(durations, starts, width=width, end=end)
    average, median, *percentiles = _summary(durations)
    stops = [*starts[1:], end]  # one too many where there is no bin
    return TimeToConvert(
        from_step=from_step,
        to_step=to_step,
        units=sum(counts),
        bins=tuple(
            Bin(start=start / SECOND, end=None if stop is None else stop / SECOND, count=count)
            for start, stop, count in zip(starts, stops, counts, strict=False)
        ),
        average_seconds=average,
        median_seconds=median,
        percentile_seconds=tuple(percentiles),
    )


def _automatic(reach: int | None) -> tuple[int, list[int], int | None]:
    """Return the width, the starts and the end of the bins that hold a time of `reach`."""
    if reach is None:
        return WIDTHS[0], [], None
    width = next((width for width in WIDTHS if reach < MOST_BINS * width), WIDTHS[-1])
    bins = reach // width + 1
    if bins <= MOST_HOURS:
        return width, [width * k for k in range(bins)], width * bins
    return width, [width * k for k in range(MOST_HOURS + 1)], None


def _ends(durations: Any) -> tuple[int, int]:
    if not len(durations):
        return 0, 0
    if isinstance(durations, list):
        return min(durations), max(durations)
    if isinstance(durations, Tally):
        return durations[0], durations[len(durations) - 1]
    return int(durations.min()), int(durations.max())


def _counts(durations: Any, starts: list[int], *, width: int, end: int | None) -> list[int]:
    """Count the times in each bin; all are `width` wide but the last one, which ends at `end`."""
    if not starts:
        return []
    first, last = starts[0], len(starts) - 1
    if isinstance(durations, list):
        counts = [0] * len(starts)
        for time in durations:
            if first <= time and (end is None or time < end):
                counts[min((time - first) // width, last)] += 1
        return counts
    import numpy as np

    weights = None
    if isinstance(durations, Tally):
        durations, weights = durations.values, durations.counts
    inside = durations >= first
    if end is not None:
        inside &= durations < end
    if not inside.all():
        durations = durations[inside]
        weights = None if weights is None else weights[inside]
    places = np.minimum((durations - first) // width, last)
    return [int(count) for count in np.bincount(places, weights, minlength=len(starts))]


def _summary(durations: Any) -> list[float] | list[None]:
    """Return average, median and percentiles in seconds."""
    wanted = (50, *PERCENTILES)
    n = len(durations)
    if not n:
        return [None] * (1 + len(wanted))
    # The time at p percent lies at rank (n - 1) p / 100, counted from 0.
    places = [divmod((n - 1) * p, 100) for p in wanted]
    if isinstance(durations, list):
        total = sum(durations)
        ordered: Any = sorted(durations)
    elif isinstance(durations, Tally):
        total, ordered = durations.total(), durations
    else:
        import numpy as np

        total = int(durations.sum())
        ordered = np.sort(durations)  # a third of the time of np.partition for several ranks
    found = [total / n / SECOND]
    for rank, hundredths in places:
        below, above = int(ordered[rank]), int(ordered[min(rank + 1, n - 1)])
        found.append((below + (above - below) * hundredths / 100) / SECOND)
    return found
