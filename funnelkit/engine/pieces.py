"""Lines that entered, taken apart by a column, or chosen among."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from funnelkit.engine.entrants import Entrants

WHOLE = ("unit", "interval", "reach", "entries", "entered", "label", "excluded")
"""The columns that have a value for every line."""

UNNEEDED = ("unit", "interval", "entries", "entered", "label", "repeats", "amount")
"""The columns that counts, conversions and times do not need."""

SHORT = 2**15


def apart(entrants: Entrants, by: Any) -> dict[int, Entrants]:
    """Return the lines of each value of `by`, whole numbers, one for each line.

    The pieces keep the order of their lines.
    """
    if isinstance(by, list):
        return {
            value: only(entrants, [each == value for each in by]) for value in dict.fromkeys(by)
        }
    import numpy as np

    reach: Any = entrants.reach
    if len(by) and by.min() >= -SHORT and by.max() < SHORT:
        by = by.astype(np.int16)  # numpy sorts these in linear time
    found = np.unique(by)
    parts: dict[int, tuple[Any, Any]] = {}  # by least reach: the order, and where each piece ends
    columns: dict[int, Any] = {}

    def piece(number: int) -> Entrants:
        def pick(column: Any, least: int) -> Any:
            if least not in parts:
                values = by[reach >= least] if least > 1 else by
                order = np.argsort(values, kind="stable")
                ends = np.searchsorted(values[order], found, "right")
                parts[least] = order, np.concatenate([[0], ends])
            order, ends = parts[least]
            if id(column) not in columns:
                columns[id(column)] = column[order]
            return columns[id(column)][ends[number] : ends[number + 1]]

        return _rebuilt(entrants, pick)

    return {value: piece(number) for number, value in enumerate(found.tolist())}


def only(entrants: Entrants, keep: Any) -> Entrants:
    """Return the lines where `keep`, a list or array of booleans, holds."""
    reach: Any = entrants.reach
    if isinstance(reach, list):

        def pick(column: Any, least: int) -> Any:
            kept = (k for k, r in zip(keep, reach, strict=True) if r >= least)
            return [value for value, is_kept in zip(column, kept, strict=True) if is_kept]

        return _rebuilt(entrants, pick)
    return _rebuilt(
        entrants, lambda column, least: column[keep[reach >= least] if least > 1 else keep]
    )


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

    if not len(unit):
        return entrants
    keys: Any = unit
    starts = np.concatenate([[0], np.flatnonzero(keys[1:] != keys[:-1]) + 1])
    rank = np.asarray(reach, np.int64) * len(unit) - np.arange(len(unit))
    chosen = -(np.maximum.reduceat(rank, starts) % -len(unit))
    keep = np.zeros(len(unit), bool)
    keep[chosen] = True
    found = only(entrants, keep)
    columns: dict[str, Any] = {
        "interval": np.zeros(len(found), np.int32),
        "entries": np.add.reduceat(np.asarray(entries), starts),
    }
    return replace(found, **columns)


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
