"""Follow-up: had every entrant the whole window before the data ended?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from funnelkit.comparison.cohorts import SECOND
from funnelkit.comparison.matters import changes_the_picture

if TYPE_CHECKING:
    from funnelkit.comparison.cohorts import Pair
    from funnelkit.comparison.estimate import Estimate
    from funnelkit.comparison.likeness import Likeness
    from funnelkit.engine.entrants import Entrants

LEAST_SHARE = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """The share of each side's entrants who had not the whole window before the data end.

    `common` is the comparison at a common follow-up: each side watched to the end of its own period
    and `seconds_after` longer (`own_period`), or with a window of `window_seconds` on both sides
    over the entries that had it.
    """

    name: ClassVar[str] = "follow-up"

    incomplete: tuple[float, float]
    asked_seconds: float
    own_period: bool
    window_seconds: float
    seconds_after: float
    common: Estimate

    def to_dict(self) -> dict[str, Any]:
        """Return the line as plain JSON values."""
        return {
            "incomplete_window": {"baseline": self.incomplete[0], "against": self.incomplete[1]},
            "watched": "to the end of the own period"
            if self.own_period
            else "for a shorter window",
            "window_seconds": self.window_seconds,
            "seconds_after_the_period": self.seconds_after if self.own_period else None,
            "common_follow_up": self.common.to_dict(),
        }


def follow_up(pair: Pair, alike: Likeness) -> FollowUp | None:
    """Return the line where the follow-up differs and that changes the picture."""
    if alike.complete or alike.counted is None or alike.common is None:
        return None
    last = pair.data_end - 1
    incomplete = (
        _share_after(alike.counted_entrants[0], last - alike.window),
        _share_after(alike.counted_entrants[1], last - alike.window),
    )
    if max(incomplete) < LEAST_SHARE or not changes_the_picture(alike.counted, alike.common):
        return None
    return FollowUp(
        incomplete=incomplete,
        asked_seconds=alike.window / SECOND,
        own_period=alike.own_end,
        window_seconds=(alike.window if alike.own_end else alike.short_window) / SECOND,
        seconds_after=min(alike.window, pair.time_after) / SECOND,
        common=alike.common,
    )


def _share_after(entrants: Entrants, instant: int) -> float:
    """Return the share of the entrants whose chosen entry lies after an instant."""
    entered: Any = entrants.entered
    if isinstance(entered, list):
        return float(sum(time > instant for time in entered) / len(entered))
    import numpy as np

    return float(np.mean(entered > instant))
