"""What Amplitude says when it does not give what was asked for (specification B1)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

from funnelkit.amplitude_api.credentials import printable

if TYPE_CHECKING:
    from email.message import Message

    from funnelkit.amplitude_api.credentials import Hides

SHOWN: Final = 300  # characters

UNSPECIFIED: Final = "Unspecified Error"  # what Amplitude writes where the details say it all


def error_text(body: bytes, secret: Hides) -> str:
    """Return what an answer says went wrong, on one line, without keys; perhaps nothing.

    Amplitude's own errors are `{"error": {"message": …, "metadata": {"details": …}}}`; anything
    else, such as the page of a proxy, is quoted from its beginning.
    """
    text = body.decode("utf-8", "replace")
    try:
        told: Any = json.loads(text)
    except (ValueError, RecursionError):
        told = None
    match told:
        case {"error": {"metadata": {"details": str(details)}, "message": str(message)}}:
            text = details if message == UNSPECIFIED else f"{message}: {details}"
        case {"error": {"message": str(text)}} | {"error": str(text)} | {"message": str(text)}:
            pass
    return printable(text, secret)[:SHOWN]


def seconds_to_wait(headers: Message) -> float | None:
    """Return how long `Retry-After` asks to wait, as seconds or up to a date; None without it."""
    text = (headers.get("Retry-After") or "").strip()
    if text.isdecimal():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
