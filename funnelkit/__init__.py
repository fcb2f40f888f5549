"""Amplitude funnels, offline.

>>> import funnelkit as fk
>>> fk.report("events.parquet", steps="ProductViewed > ProductAdded")  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from funnelkit.api import (
        compare,
        drivers,
        fixture,
        lock,
        pull,
        report,
        shrink,
        sql,
        store,
        trace,
        users,
        verify,
        verify_files,
        why,
    )
    from funnelkit.api.importing import import_events
    from funnelkit.errors import (
        CheckFailed,
        ColumnError,
        CouldNotCheck,
        DataError,
        DefinitionError,
        FunnelkitError,
        UnsupportedError,
    )
    from funnelkit.events.profile import describe
    from funnelkit.events.simulation import simulate
    from funnelkit.model import (
        Bins,
        Cohort,
        ComparedEvent,
        CustomEvent,
        EventSelector,
        Exclusion,
        Filter,
        Funnel,
        GroupBy,
        HistoricalCount,
        Measures,
        Performed,
        Period,
        Property,
        Segment,
        Settings,
        Step,
    )
    from funnelkit.specs.files import load_funnel

__version__ = "0.1.0"

__all__ = [
    "Bins",
    "CheckFailed",
    "Cohort",
    "ColumnError",
    "ComparedEvent",
    "CouldNotCheck",
    "CustomEvent",
    "DataError",
    "DefinitionError",
    "EventSelector",
    "Exclusion",
    "Filter",
    "Funnel",
    "FunnelkitError",
    "GroupBy",
    "HistoricalCount",
    "Measures",
    "Performed",
    "Period",
    "Property",
    "Segment",
    "Settings",
    "Step",
    "UnsupportedError",
    "__version__",
    "compare",
    "describe",
    "drivers",
    "fixture",
    "import_events",
    "load_funnel",
    "lock",
    "pull",
    "report",
    "shrink",
    "simulate",
    "sql",
    "store",
    "trace",
    "users",
    "verify",
    "verify_files",
    "why",
]

_HOMES = {
    "funnelkit.api": (
        "compare",
        "drivers",
        "fixture",
        "lock",
        "pull",
        "report",
        "shrink",
        "sql",
        "store",
        "trace",
        "users",
        "verify",
        "verify_files",
        "why",
    ),
    "funnelkit.api.importing": ("import_events",),
    "funnelkit.errors": (
        "CheckFailed",
        "ColumnError",
        "CouldNotCheck",
        "DataError",
        "DefinitionError",
        "FunnelkitError",
        "UnsupportedError",
    ),
    "funnelkit.events.profile": ("describe",),
    "funnelkit.events.simulation": ("simulate",),
    "funnelkit.model": (
        "Bins",
        "Cohort",
        "ComparedEvent",
        "CustomEvent",
        "EventSelector",
        "Exclusion",
        "Filter",
        "Funnel",
        "GroupBy",
        "HistoricalCount",
        "Measures",
        "Performed",
        "Period",
        "Property",
        "Segment",
        "Settings",
        "Step",
    ),
    "funnelkit.specs.files": ("load_funnel",),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Import a public name from its home when it is first asked for: start-up time is a feature."""
    from importlib import import_module

    if name not in _HOME:
        raise AttributeError(f"module 'funnelkit' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    """Return the public names, those not yet imported included."""
    return sorted({*globals(), *__all__})
