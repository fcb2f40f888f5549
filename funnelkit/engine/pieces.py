"""Lines that entered, taken apart by a column: by group, or by interval."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from funnelkit.engine.entrants import Entrants

WHOLE = ("unit", "interval", "reach", "entries", "entered", "label", "excluded")


def apart(entrants: Entrants, by: Any) -> dict[int, Entrants]:
    """Return the lines of each value of `by`, a column of as many values as there are lines.

    The pieces keep the order of their lines.
    """
    if isinstance(by, list):
        return {value: _picked(entrants, by, value) for value in dict.fromkeys(by)}
    return _arrays_apart(entrants, by)


def only(entrants: Entrants, keep: list[bool] | Any) -> Entrants:
    """Return the lines where `keep` holds."""
    return apart(entrants, keep).get(True) or _nobody(entrants)


def _nobody(entrants: Entrants) -> Entrants:
    empty: Any = [] if isinstance(entrants.reach, list) else entrants.reach[:0]
    return _rebuilt(entrants, lambda _column, _reach: empty)


def _picked(entrants: Entrants, by: list[Any], wanted: Any) -> Entrants:
    def pick(column: Any, reach: int) -> Any:
        values = [v for v, r in zip(by, entrants.reach, strict=True) if r >= reach]
        return [value for value, of in zip(column, values, strict=True) if of == wanted]

    return _rebuilt(entrants, pick)


def _arrays_apart(entrants: Entrants, by: Any) -> dict[int, Entrants]:
    """Return the same by one sort for each column: then each piece is a slice of it."""
    import numpy as np

    reach: Any = entrants.reach
    sorted_by: dict[int, tuple[Any, Any]] = {}
    for least in range(entrants.steps + 1):
        values = by[reach >= least] if least > 1 else by
        order = np.argsort(values, kind="stable")
        sorted_by[least] = order, values[order]
    found: dict[int, Entrants] = {}
    sorted_columns: dict[int, Any] = {}
    for value in np.unique(by).tolist():

        def pick(column: Any, least: int, value: Any = value) -> Any:
            order, values = sorted_by[least]
            if id(column) not in sorted_columns:
                sorted_columns[id(column)] = np.asarray(column)[order]
            first, last = np.searchsorted(values, [value, value + 1])
            return sorted_columns[id(column)][first:last]

        found[value] = _rebuilt(entrants, pick)
    return found


def _rebuilt(entrants: Entrants, pick: Any) -> Entrants:
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
