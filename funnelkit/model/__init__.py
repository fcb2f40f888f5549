"""The definition of a funnel: frozen records, in Amplitude's words.

A record checks itself when it is made and raises `DefinitionError`. It knows nothing of text,
files or engines: `specs` writes and reads these records, `engine` computes them.
"""

from funnelkit.model.events import (
    ACTIVE_EVENT,
    ANY_EVENT,
    CUSTOM,
    IDENTIFY_CALLS,
    NEW_USER_EVENT,
    PSEUDO_EVENTS,
    CustomEvent,
    EventSelector,
    HistoricalCount,
    Step,
)
from funnelkit.model.filters import NONE, SESSION_ID, Filter, Operator, Property, Scope
from funnelkit.model.funnel import (
    DEFAULT_WINDOW,
    MOST_ANY_ORDER_STEPS,
    MOST_FLAGS,
    MOST_SEGMENTS,
    MOST_STEPS,
    ComparedEvent,
    CountBy,
    Exclusion,
    Funnel,
    GroupBy,
    Order,
    Resolution,
    Unit,
    Users,
)
from funnelkit.model.measures import Bins, Interval, Measures
from funnelkit.model.period import Period, Weekday
from funnelkit.model.segments import Cohort, Performed, Segment
from funnelkit.model.settings import Settings

__all__ = [
    "ACTIVE_EVENT",
    "ANY_EVENT",
    "CUSTOM",
    "DEFAULT_WINDOW",
    "IDENTIFY_CALLS",
    "MOST_ANY_ORDER_STEPS",
    "MOST_FLAGS",
    "MOST_SEGMENTS",
    "MOST_STEPS",
    "NEW_USER_EVENT",
    "NONE",
    "PSEUDO_EVENTS",
    "SESSION_ID",
    "Bins",
    "Cohort",
    "ComparedEvent",
    "CountBy",
    "CustomEvent",
    "EventSelector",
    "Exclusion",
    "Filter",
    "Funnel",
    "GroupBy",
    "HistoricalCount",
    "Interval",
    "Measures",
    "Operator",
    "Order",
    "Performed",
    "Period",
    "Property",
    "Resolution",
    "Scope",
    "Segment",
    "Settings",
    "Step",
    "Unit",
    "Users",
    "Weekday",
]
