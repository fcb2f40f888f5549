"""What a server answers to some events, in the terms of Amplitude's HTTP API (specification D1)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from funnelkit.amplitude_api.credentials import printable

if TYPE_CHECKING:
    from email.message import Message

    from funnelkit.events.simulation.credentials import ApiKey

OK: Final = 200
READ: Final = 10_000  # bytes; Amplitude's answers to accepted events have about a hundred
SHOWN: Final = 500  # characters
LONGEST_WAIT: Final = 60.0


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer: its status, its text, and how many seconds the server asks to wait."""

    status: int
    text: str
    wait: float = 0.0

    @classmethod
    def read(cls, status: int, headers: Message, body: Any) -> Answer:
        """Read an answer, or the beginning of a long one."""
        return cls(status, body.read(READ).decode("utf-8", "replace"), _seconds(headers))

    @property
    def ingested(self) -> int | None:
        """How many events the server says that it took; None where it does not say so.

        A proxy, a login page or a server of another kind may answer 200 to anything. What counts
        is the status 200 and `{"code":200,"events_ingested":50,…}` (specification D1, D2).
        """
        if self.status != OK:
            return None
        try:
            told = json.loads(self.text)
        except (ValueError, RecursionError):
            return None
        match told:
            case {"code": int(code), "events_ingested": int(count)} if code == OK:
                return None if isinstance(count, bool) else count
        return None

    def shown(self, key: ApiKey) -> str:
        """Return status and text on one line, fit for a terminal, without the key."""
        return f"{self.status} {printable(self.text, key)[:SHOWN]}".rstrip()


def _seconds(headers: Message) -> float:
    """Return a Retry-After of seconds, at most a minute; a date is not worth the trouble."""
    text = headers.get("Retry-After")
    return min(float(text), LONGEST_WAIT) if text is not None and text.isdecimal() else 0.0
