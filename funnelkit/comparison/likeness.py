"""One comparison asked three times: as Amplitude counts it, and in two ways that are more alike.

A conversion takes time and tries. A side whose entrants were watched for longer, or came more
often, converts more although nothing is better. So each comparison is also made

* at a *common follow-up*: both sides watched for equally long;
* with *first entries*: each unit's first entry only, and equally long for everybody.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from funnelkit.comparison.cohorts import DAY, HOUR, enter
from funnelkit.comparison.estimate import estimate

if TYPE_CHECKING:
    from funnelkit.comparison.cohorts import Pair
    from funnelkit.comparison.estimate import Estimate
    from funnelkit.engine.entrants import Entrants
    from funnelkit.engine.rows import StepRows

ROUND_WINDOWS = tuple(HOUR * hours for hours in (1, 6, 24, 72, 168, 336, 720, 1440, 2160))
LEAST_DAYS = 4
"""Below so many days in a period even one day is too long a window to wait for."""
KEPT = 0.9
"""The share of the conversions that a shorter window must keep."""
SAME_LENGTH = 0.1
"""Periods whose lengths differ by less than this share count as equally long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """The three answers; None where a side has no entrants in that form.

    `window` is the conversion window that was asked for and `short_window` the one of the first
    entries, in microseconds. `complete` tells that every entrant had the whole window anyway, and
    `own_end` that the common follow-up is the time to the own period's end (and equally long
    after it) instead of the short window. `groups` are the entrants behind each answer.
    """

    counted: Estimate | None
    common: Estimate | None
    first: Estimate | None
    window: int
    short_window: int
    complete: bool
    own_end: bool
    counted_entrants: tuple[Entrants, Entrants]
    first_entrants: tuple[Entrants, Entrants]

    @property
    def answers(self) -> tuple[Estimate | None, Estimate | None, Estimate | None]:
        """The three estimates, from Amplitude's to the one most alike."""
        return self.counted, self.common, self.first


def likeness(rows: StepRows, pair: Pair, *, window: int) -> Likeness:
    """Return the three answers for a pair of cohorts; `window` in microseconds."""
    after = min(window, pair.time_after)
    complete = after == window
    counted = entrants_of(rows, pair, window=window)
    if complete:
        watched = counted
    else:
        watched = (
            enter(rows, pair.baseline, window=window, until=pair.baseline.end + after),
            enter(rows, pair.against, window=window, until=pair.against.end + after),
        )
    short = _short_window(rows, pair, window=window, after=after, kept=watched[0])
    ripe = _ripe(pair, short)
    lengths = [side.length for side in pair.sides]
    own_end = complete or max(lengths) - min(lengths) <= SAME_LENGTH * max(lengths)
    if not own_end:
        watched = entrants_of(rows, ripe, window=short)
    first = entrants_of(rows, ripe, window=short, first_only=True)
    return Likeness(
        counted=estimate(*counted),
        common=estimate(*watched),
        first=estimate(*first),
        window=window,
        short_window=short,
        complete=complete,
        own_end=own_end,
        counted_entrants=counted,
        first_entrants=first,
    )


def entrants_of(
    rows: StepRows, pair: Pair, *, window: int, first_only: bool = False
) -> tuple[Entrants, Entrants]:
    """Return the entrants of both sides, who see nothing after the end of the data."""
    end = pair.data_end
    return (
        enter(rows, pair.baseline, window=window, until=end, first_only=first_only),
        enter(rows, pair.against, window=window, until=end, first_only=first_only),
    )


def _ripe(pair: Pair, window: int) -> Pair:
    """Return the pair without the entries that had not the whole window before the data end."""
    last = pair.data_end - window
    baseline, against = (
        replace(side, end=max(side.start, min(side.end, last))) for side in pair.sides
    )
    return replace(pair, baseline=baseline, against=against)


def _short_window(rows: StepRows, pair: Pair, *, window: int, after: int, kept: Entrants) -> int:
    """Return the shortest round window that keeps nine in ten of the baseline's conversions.

    One day at least, unless a period is shorter than four. Where the data ends too early for the
    whole window, at most a quarter of the shorter period: a longer one would leave too few entries
    that had it. Short, because a second attempt fits into a long one.
    """
    least = DAY if pair.shorter >= LEAST_DAYS * DAY else HOUR
    most = max(after, pair.shorter // 4)
    candidates = [size for size in ROUND_WINDOWS if least <= size < window and size <= most]
    if after == window:
        candidates.append(window)
    if not candidates:
        return min(window, most)
    needed = KEPT * kept.counts()[-1]
    until = min(pair.data_end, pair.baseline.end + after)
    for size in candidates[:-1]:
        if enter(rows, pair.baseline, window=size, until=until).counts()[-1] >= needed:
            return size
    return candidates[-1]
