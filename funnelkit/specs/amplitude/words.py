"""The words of Amplitude's definitions, each with what a funnel calls it."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from funnelkit.errors import DefinitionError
from funnelkit.model import ANY_EVENT, EventSelector, Funnel, Step
from funnelkit.model.funnel import LONGEST_WINDOW
from funnelkit.specs.amplitude.objects import compact, whole
from funnelkit.specs.problems import text

MODES: Final = {"ordered": "this", "unordered": "any", "sequential": "exact"}
USERS: Final = {"active": "active", "new": "new"}
INTERVALS: Final = {-300_000: "5min", -3_600_000: "hour", 1: "day", 7: "week", 30: "month"}

WORD_OF_ORDER: Final = {order: word for word, order in MODES.items()}
NUMBER_OF_INTERVAL: Final = {interval: number for number, interval in INTERVALS.items()}


def read_timezone(value: object) -> str:
    """Return the IANA name of a time zone."""
    anything = Step((EventSelector(ANY_EVENT),))
    return Funnel(steps=(anything,), timezone=text(value)).timezone


def read_window(value: object) -> timedelta:
    """Return a conversion window of so many seconds."""
    seconds = whole(value)
    if not 1 <= seconds <= LONGEST_WINDOW // timedelta(seconds=1):
        raise DefinitionError(
            f"a conversion window lies between 1 second and 366 days; got {compact(value)} seconds"
        )
    return timedelta(seconds=seconds)
