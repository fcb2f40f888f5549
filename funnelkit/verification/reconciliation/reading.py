"""One thing read otherwise than the definition says, and what it makes of the definition."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from funnelkit.errors import DefinitionError
from funnelkit.events.view import EventView

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from funnelkit.model import Funnel

Family = Literal[
    "window", "time zone", "dates", "upload time", "resolution", "counting", "identity",
    "duplicates", "cut at the end", "filters", "order", "exclusions", "new users", "holding",
    "groups", "setting", "steps",
]  # fmt: skip
"""What kind of reading it is; two readings of a kind are never combined."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A definition, and how the events are read."""

    funnel: Funnel
    view: EventView = field(default_factory=EventView)

    def with_funnel(self, **changes: Any) -> Subject:
        """Return the subject with fields of its funnel changed."""
        return replace(self, funnel=replace(self.funnel, **changes))

    def with_view(self, **changes: Any) -> Subject:
        """Return the subject with the events read otherwise."""
        return replace(self, view=replace(self.view, **changes))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reading:
    """Something that may be read otherwise.

    `words` say what it is, "window 30d instead of 1d"; `change` makes it so. The smaller `likely`,
    the more often it is the cause. `needs_every_event`: events of other types may matter to it.
    `fitted`: how many numbers were chosen so that the expected ones come out.
    """

    family: Family
    words: str
    change: Callable[[Subject], Subject]
    likely: int = 1
    needs_every_event: bool = False
    fitted: int = 0


def applied(readings: Sequence[Reading], subject: Subject) -> Subject | None:
    """Return the subject with all readings; None where they do not fit, or change nothing."""
    found = subject
    for reading in readings:
        try:
            changed = reading.change(found)
        except DefinitionError:
            return None
        if changed == found:
            return None
        found = changed
    return found
