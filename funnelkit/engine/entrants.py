"""The units that entered, and how far each of them got."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrants:
    """One line per unit that entered, in no particular order; columns are lists or numpy arrays.

    `unit` is a key that is equal for the same unit in every answer on the same events. `reach` is
    the number of steps of the chosen conversion, 1 to `steps`; `entries` the number of entries that
    the unit made (several in one tick are one); `entered` the tick of the chosen one, microseconds.
    `durations[k]` are the microseconds between steps k + 1 and k + 2 over the units that got there,
    in the order of the lines; `totals` those of the whole funnel over those that finished it.
    `label` is the code of the value of the chosen step-1 event, where the funnel groups by one.
    """

    steps: int
    unit: Sequence[int | str]
    reach: Sequence[int]
    entries: Sequence[int]
    entered: Sequence[int]
    durations: tuple[Sequence[int], ...]
    totals: Sequence[int]
    label: Sequence[int] | None = None

    def __len__(self) -> int:
        return len(self.unit)

    def counts(self) -> tuple[int, ...]:
        """Return the number of units that reached each step."""
        return reached(self.reach, self.steps)


def reached(reach: Any, steps: int) -> tuple[int, ...]:
    """Return how many of the reaches (list or array) are at least 1, 2, … `steps`."""
    if isinstance(reach, list):
        exactly = [0] * (steps + 1)
        for steps_done in reach:
            exactly[steps_done] += 1
    else:
        import numpy as np

        exactly = np.bincount(reach, minlength=steps + 1).tolist()
    return tuple(sum(exactly[step:]) for step in range(1, steps + 1))


def from_lists(
    units: Sequence[str], us: Sequence[int], label: Sequence[int] | None, *,
    steps: int, tick: int, matched: tuple[list[int], list[int], list[int], list[int]],
) -> Entrants:  # fmt: skip
    """Make lines of what the plain kernel found: unit index, reach, entries and rows."""
    unit, reach, entries, rows = matched
    times = [us[row] // tick * tick if row >= 0 else 0 for row in rows]
    lines = range(len(unit))
    return Entrants(
        steps=steps,
        unit=[units[index] for index in unit],
        reach=reach,
        entries=entries,
        entered=times[::steps],
        durations=tuple(
            [times[i * steps + k] - times[i * steps + k - 1] for i in lines if reach[i] > k]
            for k in range(1, steps)
        ),
        totals=[times[(i + 1) * steps - 1] - times[i * steps] for i in lines if reach[i] == steps],
        label=None if label is None else [label[rows[i * steps]] for i in lines],
    )


def from_arrays(
    units: Any, us: Any, label: Any, *, steps: int, tick: int, matched: tuple[Any, Any, Any, Any]
) -> Entrants:
    """Make lines of what the compiled kernel found: unit index, reach, entries and rows."""
    unit, reach, entries, rows = matched
    rows = rows.reshape(-1, steps)
    done = [slice(None), *(reach > k for k in range(1, steps))]
    times = [us[rows[done[k], k]] // tick * tick for k in range(steps)]
    # The time of step k over those who went on to step k + 1.
    before = [us[rows[done[k], k - 1]] // tick * tick for k in range(1, steps)]
    finished = done[steps - 1]
    return Entrants(
        steps=steps,
        unit=units[unit],
        reach=reach,
        entries=entries,
        entered=times[0],
        durations=tuple(after - start for after, start in zip(times[1:], before, strict=True)),
        totals=times[-1] - times[0][finished],
        label=None if label is None else label[rows[:, 0]],
    )


def join(parts: Sequence[Entrants]) -> Entrants:
    """Return the lines of several answers over different units as one; arrays only."""
    import numpy as np

    if len(parts) == 1:
        return parts[0]
    first = parts[0]

    def column(name: str) -> Any:
        return np.concatenate([getattr(part, name) for part in parts])

    def duration(k: int) -> Any:
        return np.concatenate([part.durations[k] for part in parts])

    return Entrants(
        steps=first.steps,
        unit=column("unit"),
        reach=column("reach"),
        entries=column("entries"),
        entered=column("entered"),
        durations=tuple(map(duration, range(first.steps - 1))),
        totals=column("totals"),
        label=None if first.label is None else column("label"),
    )
