"""The page of the Python library: what `funnelkit` exports, from the docstrings themselves."""

from __future__ import annotations

import dataclasses
import inspect
from typing import TYPE_CHECKING, Any

import funnelkit

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD = """\
# The Python library

<!-- Written by `make docs` from the docstrings: do not edit. -->

`import funnelkit as fk`. Options have the same names as on [the command line](cli.md).
"""


def python_page() -> str:
    """Return the page: functions, then the records of a definition, then errors."""
    exported = {
        name: getattr(funnelkit, name)
        for name in sorted(funnelkit.__all__, key=str.lower)
        if not name.startswith("_")
    }
    errors = {k: v for k, v in exported.items() if inspect.isclass(v) and issubclass(v, Exception)}
    records = {k: v for k, v in exported.items() if dataclasses.is_dataclass(v)}
    functions = {k: v for k, v in exported.items() if inspect.isfunction(v)}
    left = exported.keys() - errors.keys() - records.keys() - functions.keys()
    if left:
        raise SystemExit(f"no place on the page for {', '.join(sorted(left))}")
    parts = [HEAD, "## Functions\n", *_sections(functions)]
    parts += ["## Records of a definition\n", *_sections(records)]
    parts += ["## Errors\n", "| error | exit code | |\n| --- | --- | --- |"]
    parts += [
        f"| `{name}` | {error.exit_code} | {_first_line(error)} |" for name, error in errors.items()
    ]
    return "\n".join(parts) + "\n"


def _sections(exported: dict[str, Any]) -> Iterator[str]:
    for name, value in exported.items():
        text = f"{name}{_arguments(value)}\n\n{inspect.getdoc(value)}"
        yield f"### fk.{name}\n\n```text\n{text}\n```\n"


def _arguments(value: Any) -> str:
    """Return the arguments with their defaults; their types stand in the text below."""
    signature = inspect.signature(value)
    plain = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in signature.parameters.values()
    ]
    shown = [
        parameter if _is_plain(parameter.default) else parameter.replace(default=Ellipsis)
        for parameter in plain
    ]
    return str(inspect.Signature(shown))


def _is_plain(default: object) -> bool:
    return default is inspect.Parameter.empty or isinstance(
        default, (str, int, float, bool, tuple, type(None))
    )


def _first_line(value: Any) -> str:
    return (inspect.getdoc(value) or "").splitlines()[0]
