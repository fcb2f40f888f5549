"""Times to convert (specification A11d): how they lie, and the histogram of the whole funnel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelkit.result.percent import percent
from funnelkit.result.tables.text_table import TextTable
from funnelkit.result.views import PERCENTILES
from funnelkit.result.words import bar, count, duration, short_duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from funnelkit.model import Funnel
    from funnelkit.result.series import Series
    from funnelkit.result.views import Bin, TimeToConvert

BAR = 30
MOST_BINS = 20
MEDIAN = 50
ONLY = "converters only"


def time_tables(segment: Series, funnel: Funnel) -> Iterator[TextTable]:
    """Yield the percentiles of every pair of steps, those of groups, and one histogram."""
    if not segment.time_to_convert:
        return
    pairs = [(f"step {t.from_step} to {t.to_step}", t) for t in segment.time_to_convert]
    yield _percentiles(f"time to convert ({ONLY})", "", pairs)
    whole = segment.time_to_convert[-1]
    name = f"step {whole.from_step} to {whole.to_step}"
    groups = [(g.name, g.time_to_convert[-1]) for g in segment.groups if g.values]
    if groups:
        yield _percentiles(f"time from {name} of each group ({ONLY})", "group", groups)
    if whole.bins:
        yield _histogram(f"time from {name} ({ONLY})", whole, funnel)


def _percentiles(title: str, head: str, rows: Sequence[tuple[str, TimeToConvert]]) -> TextTable:
    ranks = [*sorted({MEDIAN, *PERCENTILES})]
    place = ranks.index(MEDIAN)
    heads = [f"{rank} %" for rank in ranks]
    heads[place] = "median"
    found = []
    for name, times in rows:
        cells = list(times.percentile_seconds)
        cells.insert(place, times.median_seconds)
        found.append((name, duration(times.average_seconds), *map(duration, cells)))
    return TextTable(title=title, heads=(head, "average", *heads), rows=tuple(found))


def _histogram(title: str, times: TimeToConvert, funnel: Funnel) -> TextTable:
    bins = merged(times.bins)
    most = max(b.count for b in bins)
    given = funnel.measures.bins is not None
    notes = []
    if len(bins) < len(times.bins):
        notes.append(f"{len(times.bins)} bins, some put together; csv and json have all")
    if given:
        notes.append("shares are of those in the bins; the median is over all")
    return TextTable(
        title=title,
        heads=("", f"{funnel.noun}s", "share", ""),
        rows=tuple(
            (
                range_of(b),
                count(b.count),
                percent(b.count / times.units if times.units else None),
                bar(b.count / most if most else 0, BAR),
            )
            for b in bins
        ),
        bars=True,
        notes=tuple(notes),
    )


def merged(bins: Sequence[Bin]) -> list[Bin]:
    """Return at most 20 bins and perhaps one without an end, neighbours put together."""
    from funnelkit.result.views import Bin

    closed = [b for b in bins if b.end is not None]
    size = -(-len(closed) // MOST_BINS)
    found = []
    for first in range(0, len(closed), max(size, 1)):
        some = closed[first : first + size]
        found.append(Bin(start=some[0].start, end=some[-1].end, count=sum(b.count for b in some)))
    return [*found, *bins[len(closed) :]]


def range_of(b: Bin) -> str:
    """Return in words from when to when a bin is."""
    if b.end is None:
        return f"{short_duration(b.start)} or more"
    return f"{short_duration(b.start)} to {short_duration(b.end)}"
