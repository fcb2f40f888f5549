"""What decides the counts of a funnel, as plain values and as a hash."""

from __future__ import annotations

import hashlib
import json
import os.path
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from funnelkit.model import Funnel
from funnelkit.specs.tables import funnel_from_dict, funnel_to_dict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_NO_PART: Final = (
    "name", "window_is_default", "interval", "time_to_convert", "bins", "frequency", "sum",
    "by_age", "settings",
)  # fmt: skip
"""What changes no count, or is treated apart."""


def definition_of(funnel: Funnel, folder: Path | None = None) -> dict[str, Any]:
    """Return what decides the counts, as keys of a funnel file; defaults are left out.

    The files of cohorts are named relative to `folder`.
    """
    if folder is not None:
        funnel = _with_cohorts(funnel, lambda path: os.path.relpath(path, folder))
    default = funnel_to_dict(Funnel(steps=funnel.steps, custom_events=funnel.custom_events))
    full = funnel_to_dict(funnel)
    found = {
        key: value
        for key, value in full.items()
        if key not in _NO_PART and (key in {"steps", "window"} or value != default[key])
    }
    if funnel.custom_events:
        found["custom_events"] = full["custom_events"]
    if changed := funnel.settings.changed():
        found["settings"] = changed
    return found


def funnel_of(definition: Mapping[str, Any], *, folder: Path, source: str) -> Funnel:
    """Return the funnel of a definition whose cohorts are files relative to `folder`.

    Raises:
        DefinitionError: with a line for everything that is wrong.
    """
    funnel = funnel_from_dict(definition, source=source)
    return _with_cohorts(funnel, lambda path: os.path.join(folder, path))  # noqa: PTH118 - as it is


def digest(funnel: Funnel, folder: Path | None = None) -> str:
    """Return the hash of a definition, and of the text of its cohorts' files."""
    cohorts = {}
    for segment in funnel.segments:
        for cohort in segment.cohorts:
            path = Path(cohort.path)
            content = path.read_bytes() if path.is_file() else b""
            cohorts[path.name] = hashlib.sha256(content).hexdigest()
    text = json.dumps([definition_of(funnel, folder), cohorts], sort_keys=True, ensure_ascii=False)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _with_cohorts(funnel: Funnel, moved: Callable[[str], str]) -> Funnel:
    return replace(
        funnel,
        segments=tuple(
            replace(
                segment,
                cohorts=tuple(
                    replace(cohort, path=moved(cohort.path)) for cohort in segment.cohorts
                ),
            )
            for segment in funnel.segments
        ),
    )
