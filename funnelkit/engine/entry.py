"""Who may enter a funnel, and how far the search looks."""

from __future__ import annotations

from dataclasses import dataclass

FIRST = -(2**62)
LAST = 2**62


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One question to the rows of a funnel. All times are microseconds, instants since 1970 UTC.

    `window` is the conversion window. `segment` is an index into the funnel's segments; None lets
    everybody in. Entries lie in [`start`, `end`); None is open. `inner` instants part that range
    into intervals, in each of which a unit counts once (specification A11c). Events at or after
    `until` are not seen, as if the data ended there. With `first_only`, only each unit's first
    entry may start a conversion (Amplitude takes the best of all: specification A2).
    """

    window: int
    segment: int | None = None
    start: int | None = None
    end: int | None = None
    inner: tuple[int, ...] = ()
    until: int | None = None
    first_only: bool = False

    @property
    def edges(self) -> tuple[int, ...]:
        """The instants at which intervals begin, and the end of the last one."""
        start = FIRST if self.start is None else self.start
        return (start, *self.inner, LAST if self.end is None else self.end)


@dataclass(frozen=True, slots=True)
class Asked:
    """Two questions of one segment: of all its units, and of them in each interval.

    The answer to the first follows from that to the second where a unit's best conversion is the
    best of its intervals (`whole_follows`). Without `who` the answers say no more than a chart
    shows: neither which units they are, nor how often each entered, and when only with `when`.
    Those by interval never do.
    """

    whole: Entry
    by_interval: Entry | None = None
    whole_follows: bool = False
    who: bool = False
    when: bool = False
