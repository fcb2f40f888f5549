"""One question, put to the kernel that knows its rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from funnelkit.engine import kernel, match
from funnelkit.engine.bucket import Bucket, frozen
from funnelkit.engine.entrants import (
    Entrants,
    Matched,
    best_matched,
    from_arrays,
    from_lists,
)
from funnelkit.engine.entry import LAST

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from funnelkit.engine.entry import Entry
    from funnelkit.engine.rules import Rules


def answer(bucket: Bucket, entry: Entry, rules: Rules, *, who: bool = True) -> Entrants:
    """Return the units of one bucket that entered; without `who`, arrays do not say which."""
    found = matched(bucket, entry, rules)
    if bucket.is_small:
        return from_lists(bucket, found, rules)
    return from_arrays(bucket, found, rules, who=who)


def answer_with_best(
    bucket: Bucket, entry: Entry, rules: Rules, *, who: bool
) -> tuple[Entrants, Entrants]:
    """Return the units of one bucket, of arrays, by interval, and the best conversion of each.

    Only the latter tell who they are, and only with `who`. How often steps were done is told of
    the best alone, where anybody asks for it.
    """
    call = _Call(bucket, entry, rules)
    found = call.run(strict=rules.is_strict)
    best = best_matched(found, rules.steps)
    if rules.frequency:
        best = best.repeated(call.repeats(best))
    return from_arrays(bucket, found, rules, who=False), from_arrays(bucket, best, rules, who=who)


def matched(bucket: Bucket, entry: Entry, rules: Rules) -> Matched:
    """Return what the kernel found: positions in the rows of the bucket."""
    call = _Call(bucket, entry, rules)
    found = call.run(strict=rules.is_strict)
    if rules.tells_excluded:
        found = found.without_exclusions(call.run(strict=rules.order == "exact"))
    if rules.frequency:
        found = found.repeated(call.repeats(found))
    return found


@dataclass(frozen=True, slots=True)
class _Call:
    """A bucket and a question as arguments of the kernels."""

    bucket: Bucket
    entry: Entry
    rules: Rules

    def run(self, *, strict: bool) -> Matched:
        rules, entry = self.rules, self.entry
        steps, longest = rules.steps, self.bucket.longest if self._needs_longest(strict) else 0
        settings = rules.settings
        segment = 0 if entry.segment is None else 1 << entry.segment
        until = LAST if entry.until is None else entry.until
        window = entry.window // rules.tick * rules.tick
        question = [steps, rules.tick, window, segment, self._column(entry.edges), until]
        every = int(rules.every)
        if rules.count_by == "totals":
            from funnelkit.engine.totals import scratch_sizes

            scratch = [self._slots(size) for size in scratch_sizes(steps, longest)]
            oldest = int(settings.totals_pairing == "oldest")
            more = [rules.shift, int(strict), every, rules.kind_shift, oldest]
            return self._lines("totals", "pair_paths", [*question, *more, *scratch])
        question.append(int(entry.first_only))
        if rules.order == "any":
            from funnelkit.engine.any_order import scratch_bytes, scratch_sizes

            scratch = [self._slots(size) for size in scratch_sizes(steps, longest)]
            scratch += [self._bytes(size) for size in scratch_bytes(steps, longest)]
            prefix = int(settings.any_order_steps == "listed")
            around = int(settings.any_order_window == "around step 1")
            more = [rules.shift, int(strict), prefix, around]
            return self._lines("any_order", "match_any_order", [*question, *more, *scratch])
        if strict:
            sizes = (steps * steps, steps * steps, longest, longest, longest)
            scratch = [self._slots(size) for size in sizes]
            more = [rules.shift, every]
            return self._lines("strict", "match_strictly", [*question, *more, *scratch])
        scratch = [self._slots(size) for size in match.scratch_sizes(steps)]
        return self._lines("match", "match_units", [*question, *scratch])

    def repeats(self, found: Matched) -> Any:
        """Return how often each step was done before the next, `steps` slots a line."""
        counts = self._out(len(found.rows))
        columns = [self.bucket.us, self.bucket.mask]
        self._kernel("repeats", "count_repeats")(
            *(columns if self.bucket.is_small else map(frozen, columns)),
            self.rules.steps,
            self.rules.tick,
            found.reach,
            found.rows,
            counts,
        )
        return counts

    def _needs_longest(self, strict: bool) -> bool:  # noqa: FBT001 - a word of its caller
        return strict or self.rules.order == "any" or self.rules.count_by == "totals"

    def _lines(self, module: str, name: str, question: list[Any]) -> Matched:
        bucket = self.bucket
        many = bool(self.entry.inner) or self.rules.count_by == "totals"
        most = bucket.step_one_rows if many else len(bucket.starts) - 1
        columns: Sequence[Any] = [bucket.starts, bucket.us, bucket.mask, bucket.flags]
        if not bucket.is_small:
            columns = [frozen(column) for column in columns]
        sizes = (most, most, most, most, most * self.rules.steps)
        out = [self._out(size) for size in sizes]
        lines = self._kernel(module, name)(*columns, *question, *out)
        unit, interval, reach, entries, rows = out
        return Matched(
            unit=unit[:lines],
            interval=interval[:lines],
            reach=reach[:lines],
            entries=entries[:lines],
            rows=rows[: lines * self.rules.steps],
        )

    def _kernel(self, module: str, name: str) -> Callable[..., int]:
        return (kernel.plain if self.bucket.is_small else kernel.compiled)(module, name)

    def _slots(self, size: int) -> Any:
        if self.bucket.is_small:
            return [0] * size
        import numpy as np

        return np.zeros(size, np.int64)

    def _bytes(self, size: int) -> Any:
        if self.bucket.is_small:
            return bytearray(size)
        import numpy as np

        return np.zeros(size, np.uint8)

    def _out(self, size: int) -> Any:
        if self.bucket.is_small:
            return [-1] * size
        import numpy as np

        return np.empty(size, np.int32)

    def _column(self, values: tuple[int, ...]) -> Any:
        if self.bucket.is_small:
            return values
        import numpy as np

        return frozen(np.array(values, np.int64))
