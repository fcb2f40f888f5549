"""The rules of a funnel as numbers, as the kernels take them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from funnelkit.model import CountBy, Exclusion, Funnel, Order, Settings

TICKS = {"second": 1_000_000, "millisecond": 1_000}
"""Microseconds of a tick, by resolution (specification A10)."""

MOST_BITS = 62  # of a signed 64-bit integer, with one to spare
KIND_BITS = 30
"""Bits of the flags that tell one event type from another within a tick, for totals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the kernels need to know of a funnel.

    `tick` is the resolution in microseconds. The flags of a row hold a bit per segment, then one
    for "no user_id"; from bit `shift` on a bit per pair of steps that the event bars; and for
    totals from bit `kind_shift` on a hash of its event type. `covered` are the pairs of steps that
    any exclusion covers, as bits; 0 where nothing is excluded. `grouped_at` is the step whose event
    supplies the group, from 0; None without groups.
    """

    steps: int
    tick: int
    order: Order
    count_by: CountBy
    shift: int
    kind_shift: int
    covered: int
    grouped_at: int | None
    summed: bool
    frequency: bool
    settings: Settings

    @property
    def is_strict(self) -> bool:
        """Whether something must not happen between steps."""
        return self.order == "exact" or self.covered != 0

    @property
    def tells_excluded(self) -> bool:
        """Whether drop-offs that are due to excluded events are told apart (A6)."""
        return self.covered != 0 and self.count_by == "uniques"

    @property
    def every(self) -> bool:
        """Whether every row bars every pair of steps (exact order)."""
        return self.order == "exact" and self.settings.exact_order_interrupted_by == "every event"

    @property
    def added(self) -> int:
        """Microseconds added to each time, so that cutting it to ticks rounds it (A10, G1)."""
        return 0 if self.settings.seconds == "floor" else self.tick // 2

    @property
    def flag_bits(self) -> int:
        """How many bits of the flags may be in use."""
        if self.count_by == "totals":
            return self.kind_shift + self.kind_bits
        return self.kind_shift

    @property
    def kind_bits(self) -> int:
        """How many bits of the flags tell event types apart, for totals."""
        return min(KIND_BITS, MOST_BITS - self.kind_shift)

    @property
    def must_settle(self) -> bool:
        """Whether it matters which of several events at one microsecond comes first."""
        return self.grouped_at is not None or self.summed or self.count_by == "totals"


def rules_of(funnel: Funnel) -> Rules:
    """Return the rules of a funnel without variants."""
    shift = max(1, len(funnel.segments)) + 1
    pairs = len(funnel.steps) - 1
    covered = 0
    for exclusion in funnel.exclusions:
        covered |= pairs_of(exclusion, funnel)
    return Rules(
        steps=len(funnel.steps),
        tick=TICKS[funnel.resolution],
        order=funnel.order,
        count_by=funnel.count_by,
        shift=shift,
        kind_shift=shift + (pairs if funnel.order == "exact" or covered else 0),
        covered=covered,
        grouped_at=None if funnel.group_by is None else funnel.group_by.step - 1,
        summed=funnel.measures.sum_of is not None,
        frequency=funnel.measures.frequency,
        settings=funnel.settings,
    )


def pairs_of(exclusion: Exclusion, funnel: Funnel) -> int:
    """Return the pairs of steps that an exclusion covers, as bits; in any order all (A1, A6)."""
    pairs = len(funnel.steps) - 1
    if exclusion.between is None or funnel.order == "any":
        return (1 << pairs) - 1
    first, last = exclusion.between
    return (1 << (last - 1)) - (1 << (first - 1))
