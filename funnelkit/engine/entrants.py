"""The units that entered, and how far each of them got."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from funnelkit.engine.bucket import frozen
from funnelkit.engine.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Sequence

    from funnelkit.engine.bucket import Bucket
    from funnelkit.engine.rules import Rules

NOT_REACHED = -1
"""The label of units that did not reach the step whose event supplies the group."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """What a kernel found: one line per unit and interval, columns of lists or numpy arrays.

    `unit` is an index into the bucket's units. `rows[line * steps + k]` is the row that filled step
    k, -1 past `reach`. `free_reach` is the reach if nothing were excluded; `repeats`, of the shape
    of `rows`, how often each step was done before the next one. Both are None if nobody asked.
    """

    unit: Any
    interval: Any
    reach: Any
    entries: Any
    rows: Any
    free_reach: Any = None
    repeats: Any = None

    def without_exclusions(self, free: Matched) -> Matched:
        """Return this with the reach of the same lines where nothing is excluded."""
        return replace(self, free_reach=free.reach)

    def repeated(self, repeats: Any) -> Matched:
        """Return this with how often each step was done."""
        return replace(self, repeats=repeats)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrants:
    """One line per unit and interval, or per path; columns are lists or numpy arrays.

    The lines are in no particular order. `unit` is a key that is equal for the same unit in every
    answer on the same events; `interval` the index of the interval of entry. `reach` is the number
    of steps of the chosen conversion, 1 to `steps`; `entries` the number of entries that the unit
    made (several in one tick are one); `entered` the tick of the chosen one, microseconds.
    `durations[k]` are the microseconds between steps k + 1 and k + 2 over the units that got there,
    in the order of the lines; `totals` those of the whole funnel over those that finished it. In
    any order they are between events in the order of time. `label` is the code of the group, or
    `NOT_REACHED`. `excluded` is 1 where the unit would have gone on but for an excluded event.
    `repeats[k]` says how often step k + 1 was done before the next, over the units that got there.
    `amount` is what is to be summed of the last step's events, over those that finished. `rows` are
    the positions of `Matched`, of a small input only.
    """

    steps: int
    unit: Sequence[int | str]
    interval: Sequence[int]
    reach: Sequence[int]
    entries: Sequence[int]
    entered: Sequence[int]
    durations: tuple[Sequence[int], ...]
    totals: Sequence[int]
    label: Sequence[int] | None = None
    excluded: Sequence[int] | None = None
    repeats: tuple[Sequence[int], ...] | None = None
    amount: Sequence[float] | None = None
    rows: Sequence[int] | None = None

    def __len__(self) -> int:
        return len(self.reach)

    def counts(self) -> tuple[int, ...]:
        """Return the number of units that reached each step."""
        return reached(self.reach, self.steps)


def reached(reach: Any, steps: int) -> tuple[int, ...]:
    """Return how many of the reaches (list, array, tally) are at least 1, 2, … `steps`."""
    if isinstance(reach, list):
        exactly = [0] * (steps + 1)
        for steps_done in reach:
            exactly[steps_done] += 1
    elif isinstance(reach, Tally):
        exactly = [reach.count_of(step) for step in range(steps + 1)]
    else:
        import numpy as np

        exactly = np.bincount(reach, minlength=steps + 1).tolist()
    return tuple(sum(exactly[step:]) for step in range(1, steps + 1))


def from_lists(bucket: Bucket, matched: Matched, rules: Rules) -> Entrants:
    """Make lines of what the plain kernel found."""
    steps, tick = rules.steps, rules.tick
    reach, rows, us = matched.reach, matched.rows, bucket.us
    lines = range(len(reach))
    ticks = [[us[row] // tick * tick for row in _filled(rows, reach, i, steps)] for i in lines]
    entered = [found[0] for found in ticks]
    if rules.order == "any":
        ticks = [sorted(found) for found in ticks]
    at = rules.grouped_at
    label = None
    if at is not None:
        label = [
            bucket.label[rows[i * steps + at]] if reach[i] > at else NOT_REACHED for i in lines
        ]
    excluded = None
    if matched.free_reach is not None:
        excluded = [
            int(free > got and _covers(rules, got))
            for got, free in zip(reach, matched.free_reach, strict=True)
        ]
    repeats = None
    if matched.repeats is not None:
        repeats = tuple(
            [matched.repeats[i * steps + k] for i in lines if reach[i] > k + 1]
            for k in range(steps - 1)
        )
    return Entrants(
        steps=steps,
        unit=[bucket.units[index] for index in matched.unit],
        interval=matched.interval,
        reach=reach,
        entries=matched.entries,
        entered=entered,
        durations=tuple(
            [found[k] - found[k - 1] for found in ticks if len(found) > k] for k in range(1, steps)
        ),
        totals=[found[-1] - found[0] for found in ticks if len(found) == steps],
        label=label,
        excluded=excluded,
        repeats=repeats,
        amount=(
            [bucket.amount[rows[(i + 1) * steps - 1]] for i in lines if reach[i] == steps]
            if rules.summed
            else None
        ),
        rows=rows,
    )


def _filled(rows: list[int], reach: list[int], line: int, steps: int) -> list[int]:
    return rows[line * steps : line * steps + reach[line]]


def _covers(rules: Rules, reach: int) -> bool:
    if rules.settings.excluded_drop_off == "any pair":
        return True
    return bool(rules.covered >> (reach - 1) & 1)


def from_arrays(bucket: Bucket, matched: Matched, rules: Rules, *, who: bool = True) -> Entrants:
    """Make lines of what the compiled kernel found; without `who`, with indices for the units."""
    import numpy as np

    steps = rules.steps
    reach = matched.reach
    rows = matched.rows.reshape(-1, steps)
    entered, durations, totals = _times(bucket.us, matched, rules)
    label: Any = None
    if rules.grouped_at is not None:
        from funnelkit.engine.lines import labels_of

        at = rules.grouped_at
        one, rows_of = frozen(bucket.label), frozen(matched.rows)
        label = labels_of(one, rows_of, frozen(reach), steps, at, NOT_REACHED)
    excluded = None
    if matched.free_reach is not None:
        covers = np.array([0, *(_covers(rules, got) for got in range(1, steps + 1))], np.int8)
        excluded = (matched.free_reach > reach) * covers[reach]
    repeats: Any = None
    if matched.repeats is not None:
        counts = matched.repeats.reshape(-1, steps)
        repeats = tuple(np.compress(reach > k + 1, counts[:, k]) for k in range(steps - 1))
    return Entrants(
        steps=steps,
        unit=bucket.units[matched.unit] if who else matched.unit,
        interval=matched.interval,
        reach=reach,
        entries=matched.entries,
        entered=entered,
        durations=durations,
        totals=totals,
        label=label,
        excluded=excluded,
        repeats=repeats,
        amount=bucket.amount[rows[reach == steps, -1]] if rules.summed else None,
    )


def _times(us: Any, matched: Matched, rules: Rules) -> tuple[Any, tuple[Any, ...], Any]:
    """Return when each line entered, the times between steps, and those of the whole funnel."""
    steps, tick = rules.steps, rules.tick
    if rules.order != "any":
        from funnelkit.engine.lines import times_of

        rows, reach = frozen(matched.rows), frozen(matched.reach)
        entered, between, ends, totals = times_of(frozen(us), rows, reach, steps, tick)
        return entered, tuple(between[ends[k - 1] : ends[k]] for k in range(1, steps)), totals
    import numpy as np

    rows = matched.rows.reshape(-1, steps)
    done = [matched.reach > k for k in range(steps)]
    ticks = np.where(rows >= 0, us[rows] // tick * tick, np.iinfo(np.int64).max)
    ticks.sort(axis=1)
    durations = tuple(ticks[done[k], k] - ticks[done[k], k - 1] for k in range(1, steps))
    finished = done[-1]
    return ticks[:, 0], durations, ticks[finished, -1] - ticks[finished, 0]


def best_matched(matched: Matched, steps: int) -> Matched:
    """Return of each unit's lines, which follow each other by interval, the best (see `pieces`)."""
    import numpy as np

    from funnelkit.engine.lines import best_lines

    columns = (matched.unit, matched.reach, matched.entries)
    keep, sums = best_lines(*map(frozen, columns))
    return Matched(
        unit=np.compress(keep, matched.unit),  # an index of booleans takes five times as long
        interval=np.zeros(len(sums), np.int32),
        reach=np.compress(keep, matched.reach),
        entries=sums,
        rows=np.compress(keep, matched.rows.reshape(-1, steps), axis=0).ravel(),
    )


def join(parts: Sequence[Entrants]) -> Entrants:
    """Return the lines of several answers over different units as one; arrays only."""
    from concurrent.futures import ThreadPoolExecutor

    import numpy as np

    from funnelkit.events.processors import processors

    if len(parts) == 1:
        return parts[0]

    def joined(columns: tuple[Any, ...]) -> Any:
        if columns[0] is None:
            return None
        if isinstance(columns[0], tuple):
            return tuple(map(joined, zip(*columns, strict=True)))
        return np.concatenate(columns)

    names = [field.name for field in fields(Entrants) if field.name not in ("steps", "rows")]
    with ThreadPoolExecutor(processors()) as pool:  # copying is all there is to do, for each alone
        columns = pool.map(joined, (tuple(getattr(part, name) for part in parts) for name in names))
        return Entrants(steps=parts[0].steps, **dict(zip(names, columns, strict=True)))
