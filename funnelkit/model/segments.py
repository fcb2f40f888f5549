"""Who is looked at: series of users, told apart when they enter (specification A7, A9)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from funnelkit.errors import DefinitionError
from funnelkit.model.choices import check_choice

if TYPE_CHECKING:
    from datetime import timedelta

    from funnelkit.model.events import EventSelector
    from funnelkit.model.filters import Filter

Comparison = Literal[">=", ">", "=", "!=", "<", "<="]


@dataclass(frozen=True, slots=True)
class Performed:
    """Users who did an event `op` `count` times.

    Without `within` the events of the whole date range count; with it those of so much time up to
    and including the step-1 event; with `ever` all there are up to it.
    """

    events: tuple[EventSelector, ...]
    op: Comparison = ">="
    count: int = 1
    within: timedelta | None = None
    ever: bool = False

    def __post_init__(self) -> None:
        check_choice("the comparison of a number of events", self.op, get_args(Comparison))
        if not self.events:
            raise DefinitionError("a condition on performed events has no event")
        if self.count < 0:
            raise DefinitionError(f"an event is done 0 times or more; got {self.count}")
        if self.ever and self.within is not None:
            raise DefinitionError("events count within some time, or ever; not both")


@dataclass(frozen=True, slots=True)
class Cohort:
    """Users whose id stands in a text file, one per line; `inside` false: whose id does not."""

    path: str
    inside: bool = True


@dataclass(frozen=True, slots=True)
class Segment:
    """A named series: users whose step-1 event passes every condition."""

    name: str
    filters: tuple[Filter, ...] = ()
    performed: tuple[Performed, ...] = ()
    cohorts: tuple[Cohort, ...] = ()
