"""The kernel, plain or compiled: one source, `match.py`.

The compiled form is a second copy of that module whose functions numba has compiled: numba cannot
call plain Python, and the plain copy must stay plain. It is cached on disk, next to the source.
"""

from __future__ import annotations

import functools
import importlib.util
import sys
from typing import TYPE_CHECKING, Any

from funnelkit.engine import match

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

_COPY = "funnelkit.engine._match_compiled"
_FUNCTIONS = ("may_enter", "reach_in_tick", "settle_rows", "match_units")  # callees first


def plain() -> Callable[..., int]:
    """Return the kernel as plain Python, for lists."""
    return match.match_units


@functools.cache
def compiled() -> Callable[..., int]:
    """Return the kernel compiled by numba, for numpy arrays; it releases the GIL."""
    import numba

    module = _copy_of_match()
    for name in _FUNCTIONS:
        setattr(module, name, numba.njit(cache=True, nogil=True)(getattr(module, name)))
    return module.match_units  # type: ignore[no-any-return]


def _copy_of_match() -> Any | ModuleType:
    spec = importlib.util.spec_from_file_location(_COPY, match.__file__)
    if spec is None or spec.loader is None:
        raise ImportError(f"cannot load {match.__file__} a second time")
    module = importlib.util.module_from_spec(spec)
    sys.modules[_COPY] = module  # numba's cache looks the functions' module up by name
    spec.loader.exec_module(module)
    return module
