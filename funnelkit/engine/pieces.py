"""Lines that entered, taken apart by a column, or chosen among."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from funnelkit.engine.bucket import frozen

if TYPE_CHECKING:
    from collections.abc import Callable

    from funnelkit.engine.entrants import Entrants

WHOLE = ("unit", "interval", "reach", "entries", "entered", "label", "excluded")
"""The columns that have a value for every line."""

UNNEEDED = ("unit", "interval", "entries", "entered", "label", "repeats", "amount")
"""The columns that counts, conversions and times do not need."""

SPARSE = 2**16


def apart(entrants: Entrants, by: Any) -> dict[int, Entrants]:
    """Return the lines of each value of `by`, whole numbers, one for each line.

    The pieces keep the order of their lines.
    """
    if isinstance(by, list):
        return {
            value: only(entrants, [each == value for each in by]) for value in dict.fromkeys(by)
        }
    return _apart_arrays(entrants, by) if len(by) else {}


def apart_twice(entrants: Entrants, by: Any, then: Any) -> dict[int, dict[int, Entrants]]:
    """Return the lines of each value of `by`, and of those of each value of `then`, from 0 on."""
    width = max(then, default=0) + 1 if isinstance(then, list) else int(then.max(initial=0)) + 1
    if isinstance(then, list):
        both: Any = [one * width + other for one, other in zip(by, then, strict=True)]
    else:
        import numpy as np

        wide = (int(by.max(initial=0)) + 2) * width > np.iinfo(np.int32).max
        both = (by.astype(np.int64) if wide else by) * width + then
    found: dict[int, dict[int, Entrants]] = {}
    for value, piece in apart(entrants, both).items():
        one, other = divmod(value, width)
        found.setdefault(one, {})[other] = piece
    return found


def _apart_arrays(entrants: Entrants, by: Any) -> dict[int, Entrants]:
    import numpy as np

    from funnelkit.engine.lines import placed, tally

    steps = entrants.steps
    reach: Any = frozen(np.asarray(entrants.reach))
    named = range(int(by.min()), int(by.max()) + 1)
    values: Any = named
    if len(named) > max(SPARSE, len(by)):
        values, by = np.unique(by, return_inverse=True)
        named = range(len(values))
    by, least = frozen(by), named[0]
    counts, ascends = tally(by, least, len(named), reach, steps)
    ends = np.cumsum(counts, axis=0)
    starts = ends - counts
    columns: dict[int, Any] = {}

    def piece(number: int) -> Entrants:
        def pick(column: Any, step: int) -> Any:
            if ascends:
                whole = column
            elif id(column) in columns:
                whole = columns[id(column)]
            else:
                places = np.ascontiguousarray(starts[:, step])
                whole = placed(frozen(column), by, least, places, reach, step)
                columns[id(column)] = whole
            return whole[starts[number, step] : ends[number, step]]

        return _rebuilt(entrants, pick)

    return {int(value): piece(number) for number, value in enumerate(values) if counts[number, 0]}


def only(entrants: Entrants, keep: Any) -> Entrants:
    """Return the lines where `keep`, a list or array of booleans, holds."""
    reach: Any = entrants.reach
    if isinstance(reach, list):

        def pick(column: Any, least: int) -> Any:
            kept = (k for k, r in zip(keep, reach, strict=True) if r >= least)
            return [value for value, is_kept in zip(column, kept, strict=True) if is_kept]

        return _rebuilt(entrants, pick)
    from funnelkit.engine.lines import kept

    keep, reach = frozen(keep), frozen(reach)
    return _rebuilt(entrants, lambda column, least: kept(frozen(column), keep, reach, least))


def for_series(entrants: Entrants, *also: str) -> Entrants:
    """Return the lines without the columns that no series needs, but for `also`: a third of them.

    What is taken apart many times is carried in and out of memory many times.
    """
    dropped: dict[str, Any] = dict.fromkeys(name for name in UNNEEDED if name not in also)
    return replace(entrants, rows=None, **dropped)


def nobody_of(entrants: Entrants) -> Entrants:
    """Return the same columns without a line."""
    return _rebuilt(entrants, lambda column, _least: column[:0])


def best_of_units(entrants: Entrants) -> Entrants:
    """Return of each unit's lines, which follow each other by interval, the longest, then first.

    This is the conversion that the unit has if all intervals are one (specification A2): the best
    of all entries is the best of the best of each interval.
    """
    unit, reach, entries = entrants.unit, entrants.reach, entrants.entries
    if isinstance(reach, list):
        best: dict[Any, int] = {}
        times: dict[Any, int] = {}
        for line, one in enumerate(unit):
            times[one] = times.get(one, 0) + entries[line]
            if one not in best or reach[line] > reach[best[one]]:
                best[one] = line
        lines = set(best.values())
        found = only(entrants, [line in lines for line in range(len(unit))])
        return replace(found, interval=[0] * len(found), entries=[times[one] for one in found.unit])
    import numpy as np

    from funnelkit.engine.lines import best_lines

    columns: tuple[Any, ...] = (unit, reach, entries)
    keep, sums = best_lines(*map(frozen, columns))
    found = only(entrants, keep)
    zeros: Any = np.zeros(len(found), np.int32)
    return replace(found, interval=zeros, entries=sums)


def _rebuilt(entrants: Entrants, pick: Callable[[Any, int], Any]) -> Entrants:
    """Return the entrants with every column picked; `pick` is told from which reach on it holds."""
    changes: dict[str, Any] = {
        name: None if getattr(entrants, name) is None else pick(getattr(entrants, name), 0)
        for name in WHOLE
    }
    pairs = range(entrants.steps - 1)
    changes["durations"] = tuple(pick(entrants.durations[k], k + 2) for k in pairs)
    changes["totals"] = pick(entrants.totals, entrants.steps)
    if entrants.repeats is not None:
        changes["repeats"] = tuple(pick(entrants.repeats[k], k + 2) for k in pairs)
    if entrants.amount is not None:
        changes["amount"] = pick(entrants.amount, entrants.steps)
    return replace(entrants, rows=None, **changes)
