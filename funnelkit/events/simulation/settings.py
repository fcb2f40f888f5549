"""Settings of a scenario, from what stands in a file or in a call."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from fractions import Fraction
from typing import Any

from funnelkit.errors import DefinitionError


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
        case "timezone" | "platform":
            expected: type = str
        case "identify" | "insert_id" | "session_id":
            expected = bool
        case _:
            expected = int
    if not isinstance(raw, expected) or (expected is int and isinstance(raw, bool)):
        words = {str: "a text", bool: "true or false", int: "a whole number"}
        raise DefinitionError(f"{key!r} is {words[expected]}; got {raw!r}")
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
