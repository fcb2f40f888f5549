"""Some units with all their rows: what a kernel is run on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Some units with all their rows: lists of a small input, or numpy arrays.

    `starts[u]` to `starts[u + 1]` are the rows of unit `units[u]`; `us`, `mask` and `flags` are as
    in `match.py`, one value per row. `flags` is `mask` where nothing asks for flags. `label` is the
    code of the group on rows of the grouped step, else -1; `amount` the number to be summed on rows
    of the last step. Both are None where nothing asks for them.
    """

    units: Any
    starts: Any
    us: Any
    mask: Any
    flags: Any
    label: Any = None
    amount: Any = None

    @property
    def is_small(self) -> bool:
        """Whether the columns are lists."""
        return isinstance(self.us, list)

    @property
    def longest(self) -> int:
        """The number of rows of the unit that has most."""
        if self.is_small:
            starts = self.starts
            return max((starts[u + 1] - starts[u] for u in range(len(starts) - 1)), default=0)
        import numpy as np

        return int(np.diff(self.starts).max(initial=0))

    @property
    def step_one_rows(self) -> int:
        """The number of rows that fit step 1."""
        if self.is_small:
            return sum(bits & 1 for bits in self.mask)
        import numpy as np

        return int(np.count_nonzero(self.mask & 1))  # a tenth of what a sum of bytes takes

    def copy(self) -> Bucket:
        """Return the same rows, arrays, in memory of their own."""
        us, mask = self.us.copy(), self.mask.copy()
        return Bucket(
            units=self.units,
            starts=self.starts,
            us=us,
            mask=mask,
            flags=mask if self.flags is self.mask else self.flags.copy(),
            label=None if self.label is None else self.label.copy(),
            amount=None if self.amount is None else self.amount.copy(),
        )


def together(buckets: Sequence[Bucket]) -> Bucket:
    """Return buckets of different units as one; arrays only."""
    import numpy as np

    if len(buckets) == 1:
        return buckets[0]
    lengths = np.concatenate([np.diff(one.starts) for one in buckets])

    def joined(name: str) -> Any:
        columns = [getattr(one, name) for one in buckets]
        return None if columns[0] is None else np.concatenate(columns)

    mask = joined("mask")
    return Bucket(
        units=joined("units"),
        starts=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        us=joined("us"),
        mask=mask,
        flags=mask if buckets[0].flags is buckets[0].mask else joined("flags"),
        label=joined("label"),
        amount=joined("amount"),
    )


NO_ROWS = Bucket(units=[], starts=[0], us=[], mask=[], flags=[], label=[], amount=[])


def frozen(array: Any) -> Any:
    """Return a read-only view: numba compiles for read-only arrays once, Arrow's and ours alike."""
    view = array.view()
    view.flags.writeable = False
    return view
