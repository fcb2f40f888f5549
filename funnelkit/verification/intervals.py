"""By which interval a series of expected numbers goes."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from funnelkit.errors import DefinitionError

if TYPE_CHECKING:
    from funnelkit.model import Funnel, Interval
    from funnelkit.verification.expected import Expectation

_DAY = timedelta(days=1)


def interval_of(expectation: Expectation, funnel: Funnel) -> Interval:
    """Return the interval of the series: as it says, or the funnel, or as the dates are.

    Weeks begin on Mondays and months on their first (specification A11c). Dates that somebody typed
    need not be all there are, so that a single one is a day.

    Raises:
        DefinitionError: a name is no date.
    """
    said = expectation.interval or funnel.measures.interval
    if said is not None:
        return said
    names = expectation.interval_names
    try:
        starts = [datetime.fromisoformat(name) for name in names]
    except ValueError:
        raise DefinitionError(f"{expectation.source}: {names[0]!r} is no date") from None
    apart = min((later - one for one, later in pairwise(starts)), default=None)
    if any(start.hour or start.minute for start in starts):
        return "5min" if apart is not None and apart < timedelta(hours=1) else "hour"
    if apart is None and (expectation.origin == "typed" or _is_one_day(funnel)):
        return "day"
    if apart is None or apart > _DAY:
        if all(start.weekday() == 0 for start in starts) and (
            apart is None or apart < timedelta(days=28)
        ):
            return "week"
        if all(start.day == 1 for start in starts):
            return "month"
    return "day"


def _is_one_day(funnel: Funnel) -> bool:
    if funnel.period.is_relative:
        return False
    start, end = funnel.period.bounds(funnel.timezone)
    return start is not None and end is not None and timedelta(microseconds=end - start) <= _DAY
