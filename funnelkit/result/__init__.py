"""The answer to a funnel: frozen records with raw counts and full-precision fractions."""

from funnelkit.result.counterparts import Counterpart, IntervalDifference, StepDifference
from funnelkit.result.drivers import DRIVERS_SCHEMA, DriverRow, DriverSide, DriversResult
from funnelkit.result.report import REPORT_SCHEMA, EventsRead, FunnelResult
from funnelkit.result.series import Series, StepResult
from funnelkit.result.views import (
    PERCENTILES,
    AgePoint,
    Bin,
    Frequency,
    IntervalResult,
    TimeToConvert,
)

__all__ = [
    "DRIVERS_SCHEMA",
    "PERCENTILES",
    "REPORT_SCHEMA",
    "AgePoint",
    "Bin",
    "Counterpart",
    "DriverRow",
    "DriverSide",
    "DriversResult",
    "EventsRead",
    "Frequency",
    "FunnelResult",
    "IntervalDifference",
    "IntervalResult",
    "Series",
    "StepDifference",
    "StepResult",
    "TimeToConvert",
]
