"""The rows of a funnel in memory, grouped by unit and in time order, and the kernel over them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from os import cpu_count
from typing import TYPE_CHECKING, Any

from funnelkit.engine import kernel
from funnelkit.engine.entrants import Entrants, from_arrays, from_lists, join

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from funnelkit.engine.entry import Entry

FIRST = -(2**63)
LAST = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Some units with all their rows: lists of a small input, or numpy arrays.

    `starts[u]` to `starts[u + 1]` are the rows of unit `units[u]`; `us`, `mask`, `flags` and
    `label` are as in `match.py`, one value per row. `flags` is `mask` where nothing asks for flags.
    """

    units: Any
    starts: Any
    us: Any
    mask: Any
    flags: Any
    label: Any = None

    def copy(self) -> Bucket:
        """Return the same rows, arrays, in memory of their own."""
        us, mask = self.us.copy(), self.mask.copy()
        flags = mask if self.flags is self.mask else self.flags.copy()
        label = None if self.label is None else self.label.copy()
        return Bucket(
            units=self.units, starts=self.starts, us=us, mask=mask, flags=flags, label=label
        )


NO_ROWS = Bucket(units=[], starts=[0], us=[], mask=[], flags=[], label=[])


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRows:
    """Every event that fits a step. The events were read once; each `match` is one pass in memory.

    Where it was said which questions would be asked, their `answers` are here and the rows are not.
    `tick` is the resolution in microseconds. `labels` are the texts of the codes in the buckets'
    `label`. `seen[k]` tells whether any event fits step k + 1 at all. `step_one` and
    `step_one_without_user_id` count events. `unit_name` says in words what is counted.
    """

    steps: int
    tick: int
    buckets: Sequence[Bucket]
    labels: Sequence[str] = ()
    seen: tuple[bool, ...] = ()
    step_one: int = 0
    step_one_without_user_id: int = 0
    unit_name: str = ""
    answers: Mapping[Entry, Entrants] = field(default_factory=dict)

    def match(self, entry: Entry) -> Entrants:
        """Return the units that entered, each with the conversion that Amplitude would choose."""
        if entry in self.answers:
            return self.answers[entry]

        def answer_from(bucket: Bucket) -> Entrants:
            return answer(bucket, entry, steps=self.steps, tick=self.tick)

        if len(self.buckets) == 1:
            return answer_from(self.buckets[0])
        with ThreadPoolExecutor(cpu_count()) as pool:
            return join(list(pool.map(answer_from, self.buckets)))


def answer(bucket: Bucket, entry: Entry, *, steps: int, tick: int) -> Entrants:
    """Return the units of one bucket that entered."""
    small = isinstance(bucket.us, list)
    found = _run(bucket, entry, steps=steps, tick=tick, small=small)
    make = from_lists if small else from_arrays
    return make(bucket.units, bucket.us, bucket.label, steps=steps, tick=tick, matched=found)


def frozen(array: Any) -> Any:
    """Return a read-only view: numba compiles for read-only arrays once, Arrow's and ours alike."""
    view = array.view()
    view.flags.writeable = False
    return view


def _run(
    bucket: Bucket, entry: Entry, *, steps: int, tick: int, small: bool
) -> tuple[Any, Any, Any, Any]:
    most = len(bucket.starts) - 1
    rows: list[Any] = [bucket.starts, bucket.us, bucket.mask, bucket.flags]
    scratch: list[Any]
    out: list[Any]
    if small:
        match_units = kernel.plain()
        scratch = [[0] * steps for _ in range(5)]
        out = [[0] * most, [0] * most, [0] * most, [-1] * (most * steps)]
    else:
        import numpy as np

        match_units = kernel.compiled()
        rows = [frozen(column) for column in rows]
        scratch = [np.zeros(steps, np.int64) for _ in range(5)]
        out = [np.empty(size, np.int32) for size in (most, most, most, most * steps)]
    lines = match_units(
        *rows,
        steps,
        tick,
        entry.window,
        0 if entry.segment is None else 1 << entry.segment,
        FIRST if entry.start is None else entry.start,
        LAST if entry.end is None else entry.end,
        LAST if entry.until is None else entry.until,
        int(entry.first_only),
        *scratch,
        *out,
    )
    unit, reach, entries, rows = out
    return unit[:lines], reach[:lines], entries[:lines], rows[: lines * steps]
