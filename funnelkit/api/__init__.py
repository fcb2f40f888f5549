"""The Python API: what the command line does, as functions. The only orchestration."""

from funnelkit.api.amplitude_numbers import amplitude_numbers
from funnelkit.api.compare import compare
from funnelkit.api.drivers import drivers
from funnelkit.api.fixture import fixture
from funnelkit.api.importing import import_events
from funnelkit.api.lock import LockChange, lock
from funnelkit.api.pull import pull
from funnelkit.api.report import report
from funnelkit.api.shrink import shrink
from funnelkit.api.sources import resolve
from funnelkit.api.sql import sql, sql_warnings
from funnelkit.api.store import (
    store,
    store_compact,
    store_forget,
    store_info,
    store_vacuum,
    store_versions,
)
from funnelkit.api.trace import trace
from funnelkit.api.users import users
from funnelkit.api.verify import verify
from funnelkit.api.verify_files import verify_files
from funnelkit.api.why import why

__all__ = [
    "LockChange",
    "amplitude_numbers",
    "compare",
    "drivers",
    "fixture",
    "import_events",
    "lock",
    "pull",
    "report",
    "resolve",
    "shrink",
    "sql",
    "sql_warnings",
    "store",
    "store_compact",
    "store_forget",
    "store_info",
    "store_vacuum",
    "store_versions",
    "trace",
    "users",
    "verify",
    "verify_files",
    "why",
]
