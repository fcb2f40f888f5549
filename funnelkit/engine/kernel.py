"""The kernels, plain or compiled: one source each.

The compiled form is a second copy of a module whose functions numba has compiled: numba cannot call
plain Python, and the plain copy must stay plain. It is cached on disk, next to the source. numba
looks for changes in that source alone, so a digest of all that a module takes from others of these
is in the names of its functions, and with them in the names of the files of the cache.
"""

from __future__ import annotations

import functools
import importlib.util
import sys
from hashlib import sha256
from importlib import import_module
from inspect import getsource
from types import FunctionType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType


def plain(module: str, name: str) -> Callable[..., int]:
    """Return a kernel of a module of this package as plain Python, for lists."""
    return getattr(import_module(f"funnelkit.engine.{module}"), name)  # type: ignore[no-any-return]


def compiled(module: str, name: str) -> Callable[..., int]:
    """Return a kernel compiled by numba, for numpy arrays; it releases the GIL."""
    return getattr(_compiled(f"funnelkit.engine.{module}"), name)  # type: ignore[no-any-return]


@functools.cache
def _compiled(name: str) -> ModuleType:
    """Return a copy of a module with all its functions compiled, and those it imports too."""
    import numba

    module = _copy(name)
    digest = _digest(name)
    for function, value in list(vars(module).items()):
        if not isinstance(value, FunctionType):
            continue
        if value.__module__ == module.__name__:
            value.__qualname__ += f"_{digest}"
            value = numba.njit(cache=True, nogil=True)(value)  # noqa: PLW2901 - the copy's own
        else:
            value = getattr(_compiled(value.__module__), function)  # noqa: PLW2901 - a kernel's
        setattr(module, function, value)
    return module


@functools.cache
def _digest(name: str) -> str:
    """Return a text that changes with the source of a module or of one whose functions it uses."""
    module = import_module(name)
    used = {
        value.__module__ for value in vars(module).values() if isinstance(value, FunctionType)
    } - {name}
    parts = [getsource(module), *(_digest(other) for other in sorted(used))]
    return sha256("\0".join(parts).encode()).hexdigest()[:12]


def _copy(name: str) -> Any | ModuleType:
    original = import_module(name)
    home, _, last = name.rpartition(".")
    copy = f"{home}._{last}_compiled"
    spec = importlib.util.spec_from_file_location(copy, original.__file__)
    if spec is None or spec.loader is None:
        raise ImportError(f"cannot load {original.__file__} a second time")
    module = importlib.util.module_from_spec(spec)
    sys.modules[copy] = module  # numba's cache looks the functions' module up by name
    spec.loader.exec_module(module)
    return module
