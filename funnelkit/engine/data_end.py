"""Up to when there would be events if there were any, where that is stated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelkit.engine.intervals import moment
from funnelkit.errors import DefinitionError
from funnelkit.model import Period

if TYPE_CHECKING:
    from datetime import date, datetime


def stated_end(stated: date | datetime | None, *, timezone: str, last: int) -> int | None:
    """Return the stated end as an instant, exclusive; None where none is stated.

    A day is stated whole, in `timezone`. `last` is the last event; both are in microseconds since
    1970 UTC.

    Raises:
        DefinitionError: there are events after it.
    """
    if stated is None:
        return None
    end = Period(end=stated).bounds(timezone)[1]
    if end is None or end <= last:
        found = moment(last).replace(microsecond=0, tzinfo=None).isoformat()
        raise DefinitionError(
            f"the data goes on after its stated end {stated.isoformat()}: its last event is of "
            f"{found} UTC"
        )
    return end
