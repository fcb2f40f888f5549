"""What a funnel is expected to have: counts, times, intervals and groups, of each segment.

The shape is that of a result (`funnelkit.result.Series`), so that one can be laid over the other;
what nobody expects anything of is empty. Readers make these records from a funnel file, a saved
answer of Amplitude's API, a chart's CSV or a lock file; `compare` holds a result to them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Final, Literal

from funnelkit.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from funnelkit.model import Interval

Origin = Literal["typed", "amplitude", "events"]
"""Who counted: somebody who wrote the numbers down, Amplitude, or funnelkit itself."""

MILLISECOND: Final = 0.001
MEDIAN_TOLERANCE: Final = 0.05
"""Amplitude's medians come from an approximate histogram (specification A11b)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedTime:
    """The time from the step before to `step`, in seconds; of the whole funnel if `step` is None.

    `cut_to`: an average was cut to whole units of so many seconds, Amplitude's to milliseconds.
    `median_within`: the median may be off by this fraction of itself.
    """

    step: int | None
    average_seconds: float | None = None
    median_seconds: float | None = None
    cut_to: float = MILLISECOND
    median_within: float = MEDIAN_TOLERANCE


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedInterval:
    """One interval of entry: its local day (and time), as `IntervalResult.name`, and its numbers.

    `counts` has one number per step, `conversion` is n_last / n_1 in full precision. One of the two
    may be missing, as counts are in a chart's CSV. `complete` is what Amplitude said of it.
    """

    name: str
    counts: tuple[int, ...] = ()
    conversion: float | None = None
    times: tuple[ExpectedTime, ...] = ()
    complete: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedSeries:
    """What one segment, or one group of it, is expected to have.

    `name` is that of the segment or group; None: the segment in the same place. With
    `all_groups` (or `all_intervals`) there are no others than those that are listed. `previous`:
    the numbers are those of the period of equal length before (a chart's `[Previous]` rows, A11g).
    """

    name: str | None = None
    counts: tuple[int, ...] = ()
    conversion: float | None = None
    times: tuple[ExpectedTime, ...] = ()
    intervals: tuple[ExpectedInterval, ...] = ()
    groups: tuple[ExpectedSeries, ...] = ()
    all_intervals: bool = False
    all_groups: bool = False
    previous: bool = False

    def __post_init__(self) -> None:
        for counts in (self.counts, *(interval.counts for interval in self.intervals)):
            _check_counts(counts)


@dataclass(frozen=True, slots=True, kw_only=True)
class AmplitudeAnswer:
    """What Amplitude said of its own numbers (specification B2), and of which chart they are.

    `sample_rate` below 1, `pruned` and `group_limit_hit` make them no basis for a check: see
    `doubts`. `fetched_at` is the instant at which they were computed, in UTC.
    """

    fetched_at: datetime | None = None
    chart_id: str | None = None
    sample_rate: float | None = None
    pruned: bool | None = None
    group_limit_hit: bool | None = None
    freshness: str | None = None
    realtime_missing: bool | None = None

    def doubts(self) -> Iterator[tuple[str, str]]:
        """Yield (name, words) of everything that keeps the numbers from being exact."""
        if self.sample_rate is not None and self.sample_rate < 1:
            yield "sampled", f"Amplitude looked at a sample (minSampleRate {self.sample_rate:g})"
        if self.pruned:
            yield "pruned", "Amplitude pruned the answer (prunedResult)"
        if self.group_limit_hit:
            yield "group-limit", "Amplitude cut the groups (hitChunkGroupByLimit)"
        if self.realtime_missing:
            yield "realtime-missing", "Amplitude had not all recent events (realtimeDataMissing)"


DOUBTS: Final = ("sampled", "pruned", "group-limit", "realtime-missing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """The expected numbers of a funnel: a series per segment, and where they come from.

    `source` is the file, or `--expect`. `interval` is that of the series, where it is known.
    `labels` are the names of the steps, where they stand beside the numbers.
    """

    segments: tuple[ExpectedSeries, ...]
    source: str
    origin: Origin = "typed"
    interval: Interval | None = None
    labels: tuple[str, ...] = ()
    answer: AmplitudeAnswer = field(default_factory=AmplitudeAnswer)

    @property
    def counts(self) -> tuple[int, ...]:
        """Units per step of the first segment, as `FunnelResult.counts`; empty if unknown."""
        return self.segments[0].counts if self.segments else ()

    @property
    def has_intervals(self) -> bool:
        """Whether conversion over time is expected."""
        return any(series.intervals for series in self._every_series())

    @property
    def has_groups(self) -> bool:
        """Whether groups are expected."""
        return any(series.groups for series in self.segments)

    @property
    def has_previous(self) -> bool:
        """Whether the period before is expected to have numbers, too."""
        return any(series.previous for series in self.segments)

    @property
    def interval_names(self) -> tuple[str, ...]:
        """The names of all intervals, in order, each once."""
        names = {one.name for series in self._every_series() for one in series.intervals}
        return tuple(sorted(names))

    def _every_series(self) -> Iterator[ExpectedSeries]:
        for series in self.segments:
            yield series
            yield from series.groups


def _check_counts(counts: tuple[int, ...]) -> None:
    for number, (before, after) in enumerate(pairwise(counts), 2):
        if after > before:
            raise DefinitionError(
                f"no funnel can have these counts: step {number} with {after} follows {before}"
            )
    if counts and counts[-1] < 0:
        raise DefinitionError(f"a count is not negative; got {counts[-1]}")
