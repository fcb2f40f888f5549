"""Conversion by the time since entry, where not everybody was watched equally long.

The share of entrants that converted by some age is too low while the windows of the last ones are
open. Kaplan and Meier count each entrant as long as he was watched: at every age, those who convert
are set against those who had not yet and are still being watched.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from itertools import accumulate
from math import exp, log, sqrt
from operator import mul
from typing import TYPE_CHECKING, Any

from funnelkit.engine.tally import Tally
from funnelkit.result import AgePoint
from funnelkit.stats.proportion import Proportion, wilson, z_value

if TYPE_CHECKING:
    from collections.abc import Sequence

SECOND = 1_000_000
MOST_POINTS = 200


def conversion_by_age(converted_after: Any, watched: Any, *, window: int) -> tuple[AgePoint, ...]:
    """Return the Kaplan–Meier curve of conversion; it rises at each point and is flat in between.

    All times are microseconds since entry, in lists, int64 arrays or tallies (both of one kind):
    `converted_after` has one for each converter, `watched` one for each other entrant, until his
    window or the events end. Whoever converts at an age counts before those who are no longer
    watched from it on, so a conversion at exactly `window` is one among all watched for the whole
    of it. Who converted later than `window` was watched for all of it.

    There is a point for every age at which somebody converts, and a last one, where nobody does, at
    which watching ends. Of more than 200 the first to reach each of 199 even steps of conversion
    are kept, and the last; `converted` is then still the number at that very age.

    Kaplan and Meier (1958), Journal of the American Statistical Association 53, 457-481; the
    interval is Greenwood's on the log(-log) scale (Kalbfleisch and Prentice 2002, section 1.4.1).
    Where that scale has no value it is Wilson's, of those at risk: above, while nobody has
    converted; below, if all do at the first age. If all do at a later one, the last lower bound
    holds on.
    """
    if not len(converted_after) and not len(watched):
        return ()
    if isinstance(converted_after, list):
        curve = _of_lists(converted_after, watched, window)
    elif isinstance(converted_after, Tally):
        curve = _of_tallies(converted_after, watched, window)
    else:
        curve = _of_arrays(converted_after, watched, window)
    return tuple(curve.points())


@dataclass(frozen=True, slots=True)
class _Curve:
    """The whole curve, in columns (lists or arrays), one line per age.

    `left` is the share that has not converted by then, `greenwood` the sum of d / (n (n - d)) up to
    there, without a meaning once d = n. Only the last age may have d = 0.
    """

    ages: Any
    at_risk: Any
    converted: Any
    left: Any
    greenwood: Any

    def points(self) -> list[AgePoint]:
        found: list[AgePoint] = []
        for k in self._kept():
            n, d = int(self.at_risk[k]), int(self.converted[k])
            low, high = _interval(float(self.left[k]), float(self.greenwood[k]), at_risk=n)
            if n == d and found:
                low = found[-1].low
            found.append(
                AgePoint(
                    seconds=int(self.ages[k]) / SECOND,
                    at_risk=n,
                    converted=d,
                    conversion=1 - float(self.left[k]),
                    low=low,
                    high=high,
                )
            )
        return found

    def _kept(self) -> Sequence[int]:
        last = len(self.ages) - 1
        if last < MOST_POINTS:
            return range(last + 1)
        steps = MOST_POINTS - 1
        end = float(self.left[last])
        levels = [*(1 - (1 - end) * k / steps for k in range(1, steps)), end]
        first_at = (bisect_left(self.left, -level, key=lambda left: -left) for level in levels)
        return sorted({*first_at, last})


def _of_lists(converted_after: list[int], watched: list[int], window: int) -> _Curve:
    late = sum(age > window for age in converted_after)
    done = sorted(age for age in converted_after if age <= window)
    others = sorted([*(min(age, window) for age in watched), *[window] * late])
    ages = sorted({*done, max(done[-1:] + others[-1:])})
    before = [bisect_left(done, age) for age in ages]
    at_risk = [
        len(done) - k + len(others) - bisect_left(others, age)
        for k, age in zip(before, ages, strict=True)
    ]
    converted = [after - k for k, after in zip(before, [*before[1:], len(done)], strict=True)]
    pairs = list(zip(at_risk, converted, strict=True))
    return _Curve(
        ages=ages,
        at_risk=at_risk,
        converted=converted,
        left=list(accumulate(((n - d) / n for n, d in pairs), mul)),
        greenwood=list(accumulate(d / (n * max(n - d, 1)) for n, d in pairs)),
    )


def _of_arrays(converted_after: Any, watched: Any, window: int) -> _Curve:
    import numpy as np

    in_time = converted_after <= window
    done = np.sort(converted_after[in_time])
    others = np.sort(np.append(watched, converted_after[~in_time]).clip(max=window))
    ages = np.unique(np.concatenate([done, done[-1:], others[-1:].clip(min=done.max(initial=0))]))
    before = np.searchsorted(done, ages)
    at_risk = len(done) - before + len(others) - np.searchsorted(others, ages)
    return _curve(ages, at_risk=at_risk, converted=np.diff(before, append=len(done)))


def _of_tallies(converted_after: Tally, watched: Tally, window: int) -> _Curve:
    import numpy as np

    in_time = converted_after.values <= window
    done = Tally(converted_after.values[in_time], converted_after.counts[in_time])
    late = converted_after.counts[~in_time].sum()
    ends = np.append(watched.values.clip(max=window), window)  # ascending, the last may repeat
    ending = np.append(watched.counts, late)
    last = ends[ending > 0].max(initial=0)
    ages = np.union1d(done.values, [max(done.values.max(initial=0), last)])

    def before(values: Any, counts: Any) -> Any:
        return np.append(0, counts.cumsum())[np.searchsorted(values, ages)]

    gone = before(done.values, done.counts)
    at_risk = len(done) - gone + ending.sum() - before(ends, ending)
    return _curve(ages, at_risk=at_risk, converted=np.diff(gone, append=len(done)))


def _curve(ages: Any, *, at_risk: Any, converted: Any) -> _Curve:
    import numpy as np

    return _Curve(
        ages=ages,
        at_risk=at_risk,
        converted=converted,
        left=np.cumprod((at_risk - converted) / at_risk),
        greenwood=np.cumsum(converted / (at_risk * np.maximum(at_risk - converted, 1.0))),
    )


def _interval(left: float, greenwood: float, *, at_risk: int) -> tuple[float, float]:
    """Return the bounds of the conversion 1 - `left`."""
    if left == 1:
        return wilson(Proportion(0, at_risk))
    if left == 0:
        return wilson(Proportion(at_risk, at_risk))
    stretch = exp(z_value(0.95) * sqrt(greenwood) / -log(left))
    return 1 - left ** (1 / stretch), 1 - left**stretch
