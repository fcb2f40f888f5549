"""Amplitude funnels, offline.

>>> import funnelkit as fk
>>> fk.report("events.parquet", steps="ProductViewed > ProductAdded")  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from funnelkit.api import compare, report, verify
    from funnelkit.model import Funnel

__version__ = "0.1.0"

__all__ = ["Funnel", "__version__", "compare", "report", "verify"]

_HOMES = {
    "Funnel": "funnelkit.model",
    "compare": "funnelkit.api",
    "report": "funnelkit.api",
    "verify": "funnelkit.api",
}


def __getattr__(name: str) -> Any:
    """Import a public name from its home when it is first asked for: start-up time is a feature."""
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module 'funnelkit' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
