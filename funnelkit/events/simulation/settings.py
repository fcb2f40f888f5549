"""Settings of a scenario, from what stands in a file or in a call."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from fractions import Fraction
from numbers import Integral
from pathlib import Path
from typing import Any, Final

from funnelkit.errors import DefinitionError

TEXT: Final = (str, "a text")
FLAG: Final = (bool, "true or false")
WHOLE_NUMBER: Final = (Integral, "a whole number")
KINDS: Final[dict[str, tuple[type, str]]] = {
    "timezone": TEXT,
    "platform": TEXT,
    "identify": FLAG,
    "insert_id": FLAG,
    "session_id": FLAG,
    "reproduce_original_bugs": FLAG,
}
"""The types of plain settings; those that are not named are whole numbers."""


def setting_of(key: str, raw: Any) -> Any:
    """Return the value of a setting in the type that `Scenario` wants.

    Raises:
        DefinitionError: the value is of another kind.
    """
    match key:
        case "returning":
            return fraction_of(raw, key)
        case "hours" | "go_on" if isinstance(raw, (list, tuple)):
            return tuple(fraction_of(item, key) for item in raw)
        case "gap_seconds" if isinstance(raw, (list, tuple)) and len(raw) == 2:  # noqa: PLR2004
            return (
                setting_of("gap_seconds, shortest", raw[0]),
                setting_of("gap_seconds, longest", raw[1]),
            )
        case "hours" | "go_on" | "gap_seconds":
            raise DefinitionError(f"{key!r} is a list of numbers; got {raw!r}")
        case "clock":
            return clock_of(raw)
    expected, words = KINDS.get(key, WHOLE_NUMBER)
    if not isinstance(raw, expected) or (expected is Integral and isinstance(raw, bool)):
        raise DefinitionError(f"{key!r} is {words}; got {raw!r}")
    number: Any = raw
    return int(number) if expected is Integral else raw


def path_of(raw: Any, what: str) -> Path:
    """Return a path.

    Raises:
        DefinitionError: it is none, or empty, which would mean the current folder.
    """
    text = os.fspath(raw) if isinstance(raw, (str, os.PathLike)) else None
    if not isinstance(text, str) or not text or "\0" in text:
        raise DefinitionError(f"{what} is a path; got {raw!r}")
    return Path(text)


def mapping_of(raw: Any, where: str) -> Mapping[str, Any]:
    """Return a mapping whose keys are texts.

    Raises:
        DefinitionError: it is something else.
    """
    if not isinstance(raw, Mapping) or not all(isinstance(name, str) for name in raw):
        raise DefinitionError(f"{where} is a mapping with names as keys; got {raw!r}")
    return raw


def clock_of(raw: Any) -> datetime:
    """Return the clock: a datetime, a date (its first moment), ISO 8601 text, or `now`.

    `now` is the hour that has just begun, so that a repeated call makes the same events.

    Raises:
        DefinitionError: it is none of these.
    """
    if isinstance(raw, datetime):
        return raw
    if isinstance(raw, date):
        return datetime.combine(raw, time())
    if raw == "now":
        return datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    try:
        return datetime.fromisoformat(raw)
    except (TypeError, ValueError):
        raise DefinitionError(
            f"'clock' is a date, a time like 2026-05-31T09:30, or now; got {raw!r}"
        ) from None


def fraction_of(raw: Any, where: str) -> Fraction:
    """Return a number exactly as it is written: 0.1 is one tenth.

    Raises:
        DefinitionError: it is not a finite number.
    """
    if isinstance(raw, (int, float, Fraction)) and not isinstance(raw, bool):
        try:
            return Fraction(str(raw))
        except ValueError:
            pass
    raise DefinitionError(f"{where!r} is a number; got {raw!r}")
