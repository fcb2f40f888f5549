"""Who may enter a funnel, and how far the search looks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One question to the rows of a funnel. All times are microseconds, instants since 1970 UTC.

    `window` is the conversion window. `segment` is an index into the funnel's segments; None lets
    everybody in. Entries lie in [`start`, `end`); None is open. Events at or after `until` are not
    seen, as if the data ended there. With `first_only`, only each unit's first entry may start a
    conversion (Amplitude takes the best of all: specification A2).
    """

    window: int
    segment: int | None = None
    start: int | None = None
    end: int | None = None
    until: int | None = None
    first_only: bool = False
